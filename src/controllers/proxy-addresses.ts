// Where the proxies of a mesh with redirect capture call from, as an expression for Envoy: by it gateways tell what the
// mesh sent from what came from elsewhere. Made from the plan of addresses, so that it holds for pods that come later and
// for those that are gone; the host's own ends of links, and load balancers, lie between and above.
import { maxSandboxes, sandboxAt } from '../runtime/network/addresses.ts';

/** Of `address:port`, by the address of any pod of the mesh. RE2, without quotes and backslashes. */
export function proxyAddresses(podIP: string): string {
  const [first, second] = podIP.split('.');
  const octetsOf = (index: number) => sandboxAt('', `${first}.${second}.0.0/16`, index).proxyIP.split('.');
  const last = new Set<string>();
  for (let index = 0; octetsOf(index)[2] === '0'; index += 1) last.add(octetsOf(index)[3] ?? '');
  const [, , highest = ''] = octetsOf(maxSandboxes - 1);
  return `^${first}[.]${second}[.](${numbersUpTo(highest)})[.](${[...last].join('|')}):`;
}

/** Of a number from 200 to 255, digit by digit. */
function numbersUpTo(highest: string): string {
  const [hundreds = '', tens = '', ones = ''] = highest;
  const below = (digit: string) => `[0-${Number(digit) - 1}]`;
  return `[0-9]{1,2}|1[0-9]{2}|${hundreds}${below(tens)}[0-9]|${hundreds}${tens}[0-${ones}]`;
}
