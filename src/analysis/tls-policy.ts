// What a DestinationRule says of TLS on one port.
import { type DestinationRule, effectivePolicy, type Subset } from '../mesh/destination-rule.ts';
import type { ClientTls } from '../mesh/traffic-policy.ts';

/** Whether the rule, or a subset of it, says anything of TLS on the port. */
export function saysTls(rule: DestinationRule, port: number): boolean {
  return [undefined, ...rule.subsets].some((subset) => tlsOf(rule, port, subset) !== undefined);
}

export function tlsOf(rule: DestinationRule, port: number, subset?: Subset): ClientTls | undefined {
  return effectivePolicy(rule, port, subset).tls;
}

/** Whether the proxy begins TLS itself. ISTIO_MUTUAL is spoken between proxies. */
export function begins(tls: ClientTls | undefined): boolean {
  return tls?.mode === 'SIMPLE' || tls?.mode === 'MUTUAL';
}
