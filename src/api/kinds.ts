// Every kind that is served, and the ways to find one: by what an object says, and by what a person types.
import { closestWord } from './closest-word.ts';
import type { Kind } from './kind.ts';
import { authorizationPolicyKind } from './kinds/authorization-policy.ts';
import { configMapKind } from './kinds/config-map.ts';
import { deploymentKind } from './kinds/deployment.ts';
import { destinationRuleKind } from './kinds/destination-rule.ts';
import { egressPolicyKind } from './kinds/egress-policy.ts';
import { egressTestKind } from './kinds/egress-test.ts';
import { endpointSliceKind } from './kinds/endpoint-slice.ts';
import { endpointsKind } from './kinds/endpoints.ts';
import { gatewayKind } from './kinds/gateway.ts';
import { horizontalPodAutoscalerKind } from './kinds/horizontal-pod-autoscaler.ts';
import { istioKind } from './kinds/istio.ts';
import { meshGatewayKind } from './kinds/mesh-gateway.ts';
import { namespaceKind } from './kinds/namespace.ts';
import { peerAuthenticationKind } from './kinds/peer-authentication.ts';
import { podKind } from './kinds/pod.ts';
import { podDisruptionBudgetKind } from './kinds/pod-disruption-budget.ts';
import { clusterRoleKind, roleKind } from './kinds/role.ts';
import { clusterRoleBindingKind, roleBindingKind } from './kinds/role-binding.ts';
import { secretKind } from './kinds/secret.ts';
import { serviceKind } from './kinds/service.ts';
import { serviceAccountKind } from './kinds/service-account.ts';
import { serviceEntryKind } from './kinds/service-entry.ts';
import { sidecarKind } from './kinds/sidecar.ts';
import { telemetryKind } from './kinds/telemetry.ts';
import { virtualServiceKind } from './kinds/virtual-service.ts';
import { workloadEntryKind } from './kinds/workload-entry.ts';

export const kinds: readonly Kind[] = [
  namespaceKind,
  serviceKind,
  endpointsKind,
  endpointSliceKind,
  serviceAccountKind,
  configMapKind,
  secretKind,
  podKind,
  deploymentKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  horizontalPodAutoscalerKind,
  podDisruptionBudgetKind,
  istioKind,
  meshGatewayKind,
  serviceEntryKind,
  workloadEntryKind,
  virtualServiceKind,
  destinationRuleKind,
  gatewayKind,
  sidecarKind,
  telemetryKind,
  peerAuthenticationKind,
  authorizationPolicyKind,
  egressPolicyKind,
  egressTestKind,
];

/** `findKind('networking.istio.io', 'ServiceEntry')`; the core group is ''. */
export function findKind(group: string, kind: string): Kind | undefined {
  return kinds.find((candidate) => candidate.group === group && candidate.kind === kind);
}

/**
 * The kind a person means, in any case: `ServiceEntry`, `serviceentries`, `se`, `serviceentries.networking.istio.io`
 * or, as kubectl takes it too, `serviceentries.v1.networking.istio.io`.
 */
export function kindByName(typed: string): Kind | undefined {
  const word = typed.toLowerCase();
  return kinds.find((kind) => namesOf(kind).includes(word));
}

/** The plural or short name nearest to a word that names no kind. */
export function suggestKindName(typed: string): string | undefined {
  return closestWord(
    typed,
    kinds.flatMap((kind) => [kind.plural, kind.singular, ...kind.shortNames]),
  );
}

function namesOf({ group, versions, plural, singular, shortNames }: Kind): readonly string[] {
  const names = [plural, singular, ...shortNames];
  if (group === '') return names;
  const suffixes = [group, ...versions.map((version) => `${version}.${group}`)];
  return [...names, ...suffixes.flatMap((suffix) => [`${plural}.${suffix}`, `${singular}.${suffix}`])];
}
