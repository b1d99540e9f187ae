// Hosts that somebody routes with a VirtualService: the policy is not applied to them.
import { problem } from '../../api/finding.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import { takersOf } from '../../mesh/egress-policy/taken-hosts.ts';
import { virtualServiceOrigin } from '../../mesh/virtual-service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hostsOf } from './policy-hosts.ts';

export function* findTakenPolicyHosts(object: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  for (const { host, index } of hostsOf(object, around)) {
    const [taker] = takersOf(around.virtualServices(host), object.metadata.namespace ?? '');
    if (taker === undefined) continue;
    const name = virtualServiceOrigin(taker);
    const message = `is not applied to ${host}, which ${name} routes: nobody is let out or kept from it by this policy`;
    const hint = 'remove the host here or there; AuthorizationPolicies can judge what VirtualServices route';
    yield about(problem('SP1571', ['spec', 'hosts', index], message, hint), name);
  }
}
