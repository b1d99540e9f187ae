// What proxies refused, as a table: the object at fault first, since that is what can be mended. Proxies that refused the
// same for the same reason are one line. Envoy's words are cut to what they say of the mistake.
import { someOf } from '../../platform/some-of.ts';
import { type ProxyBody, type XdsName, xdsNames } from '../../server/wire.ts';
import { formatAge } from './age.ts';

export const refusalHeader = ['REFUSED OBJECT', 'TYPE', 'RESOURCE', 'PROXIES', 'SINCE', 'REASON'];

interface Refusal {
  readonly type: XdsName;
  readonly name: string;
  readonly origins: readonly string[];
  readonly error: string;
  since: string;
  readonly proxies: string[];
}

export function refusalRows(
  proxies: readonly ProxyBody[],
  now: number,
  { whole }: { readonly whole: boolean },
): readonly (readonly string[])[] {
  const refusals = new Map<string, Refusal>();
  for (const proxy of proxies) {
    for (const type of xdsNames) {
      for (const { name, origins, error, since } of proxy.types[type].refused ?? []) {
        const key = [type, name, error].join('\0');
        const refusal = refusals.get(key) ?? { type, name, origins, error, since, proxies: [] };
        if (since < refusal.since) refusal.since = since;
        refusal.proxies.push(`${proxy.name}.${proxy.namespace}`);
        refusals.set(key, refusal);
      }
    }
  }
  return [...refusals.values()].map(({ type, name, origins, error, since, proxies: refusers }) => [
    origins.join(', ') || '-',
    type,
    name,
    whole ? refusers.join(', ') : someOf(refusers, 1),
    formatAge(since, now),
    whole ? error : shortReason(error),
  ]);
}

const mostShown = 160;

/** Without the message that Envoy quotes, and of nested causes the innermost. */
export function shortReason(error: string): string {
  const line = error.replaceAll(/\s+/g, ' ').trim();
  const bounds = /Proto constraint validation failed \((.*)\)$/.exec(line)?.[1];
  const cause = bounds?.split(' | caused by ').at(-1);
  const said = cause ?? line.replace(/: goo\.gle\/debugonly .*$/, '');
  return said.length <= mostShown ? said : `${said.slice(0, mostShown - 1)}…`;
}
