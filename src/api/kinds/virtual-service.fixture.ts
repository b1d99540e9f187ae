// Good VirtualServices of each sort, which the tests change in one place.
import { findingsOf, type Spec } from './networking.fixture.ts';

export const to = (host: string, more: Spec = {}) => ({ destination: { host }, ...more });
export const rule: Spec = { route: [to('a.example')] };
export const http = (...rules: readonly Spec[]): Spec => ({ hosts: ['a.example'], http: rules });
/** One rule with one match. */
export const matching = (match: Spec): Spec => http({ match: [match], ...rule });
export const tls = (match: Spec, more: Spec = {}): Spec => ({
  hosts: ['a.example', '*.b.example'],
  tls: [{ match: [match], route: [to('a.example')], ...more }],
});
export const tcp = (more: Spec): Spec => ({ hosts: ['a.example'], tcp: [{ route: [to('a.example')], ...more }] });

export function findings(spec: Spec): readonly string[] {
  return findingsOf('VirtualService', spec);
}
