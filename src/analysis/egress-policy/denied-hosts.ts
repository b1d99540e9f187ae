// Hosts that a DENY policy for what workloads send names as well: it counts before all that is allowed.
import { warning } from '../../api/finding.ts';
import { isUnder } from '../../api/host-name.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { type AuthorizationRule, authorizationPolicyOrigin } from '../../mesh/authorization-policy.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hostsOf } from './policy-hosts.ts';

export function* findDeniedHosts(object: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = object.metadata;
  const denying = [...new Set([rootNamespace, namespace])]
    .flatMap((one) => around.authorizationPolicies(one))
    .filter(({ action, boundTo }) => action === 'DENY' && boundTo === 'outbound');
  for (const { host, index, policy } of hostsOf(object, around)) {
    if (policy === undefined) continue;
    for (const denial of denying) {
      if (!denial.rules.some((rule) => names(rule, host))) continue;
      const name = authorizationPolicyOrigin(denial);
      const message = `${name} denies ${host} to some, whatever this policy allows: deny counts first`;
      const hint = 'narrow that policy if it is not meant for those whom this one lets out';
      const finding = warning('SP1577', ['spec', 'hosts', index], message, hint);
      yield about({ ...finding, severity: 'info' }, name);
    }
  }
}

function names({ operations, conditions }: AuthorizationRule, host: string): boolean {
  return [...operations.flat(), ...conditions].some(
    ({ attribute, values }) =>
      (attribute === 'request.host' || attribute === 'connection.sni') && values.some((value) => isUnder(host, value)),
  );
}
