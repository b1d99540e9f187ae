// Which AuthorizationPolicies are for the workloads of a scope (Istio: model/authorization.go ListAuthorizationPolicies): those of
// the root namespace and of their own; with a selector those that choose their labels. Istio's order among them is none: all
// count.
import { rootNamespace } from '../api/root-namespace.ts';
import type { AuthorizationPolicy } from './authorization-policy.ts';
import type { HostIndex } from './host-index.ts';
import type { RuleClient } from './select-destination-rule.ts';

/** `policies`: by namespace. */
export function selectAuthorizationPolicies(
  policies: HostIndex<AuthorizationPolicy>,
  { namespace, matches }: RuleClient,
): readonly AuthorizationPolicy[] {
  return [...new Set([rootNamespace, namespace])]
    .flatMap((own) => policies.get(own))
    .filter(({ workloadSelector }) => workloadSelector === undefined || matches(workloadSelector));
}
