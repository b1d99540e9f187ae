// A rule for AuthorizationPolicies of which none allows what is asked. One that denies is not argued with.
import { authorizationPolicyKind } from '../../api/kinds/authorization-policy.ts';
import type { AuthorizationRule } from '../../api/kinds/authorization-policy-schema.ts';
import { parseObject } from '../../api/parse-object.ts';
import { type Candidate, nameOf, type Stopped, withSpec } from './candidate.ts';

export function* ruleCandidates({ world, caller, attempt, end, object }: Stopped): Iterable<Candidate> {
  const names = end.object.split(',').filter((name) => name.startsWith('AuthorizationPolicy/'));
  const { trustDomain } = world.mesh.config;
  const principal = `${trustDomain}/ns/${caller.namespace}/sa/${caller.serviceAccount}`;
  const { host, port } = attempt;
  const operations = [{ hosts: [host], ports: [String(port)] }, { hosts: [host] }, { ports: [String(port)] }];
  for (const name of names) {
    const stored = object(name);
    const policy = stored && parseObject(authorizationPolicyKind.schema, stored);
    if (stored === undefined || policy === undefined || policy.spec?.action === 'DENY') continue;
    const rules = policy.spec?.rules ?? [];
    for (const operation of operations) {
      const rule: AuthorizationRule = { from: [{ source: { principals: [principal] } }], to: [{ operation }] };
      const what = Object.values(operation).flat().join(':');
      const summary = `add a rule for ${caller.namespace}/${caller.serviceAccount} to ${what} to ${nameOf(stored)}`;
      yield { summary, object: withSpec(stored, { ...policy.spec, rules: [...rules, rule] }) };
    }
  }
}
