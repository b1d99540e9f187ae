// Which PeerAuthentications hold for a workload, and what they come to (Istio: ComposePeerAuthentication): the one that
// chooses it, then its namespace's, then the mesh's; of several on one level the oldest.
import { rootNamespace } from '../api/root-namespace.ts';
import type { HostIndex } from './host-index.ts';
import type { PeerAuthentication, PeerMtls } from './peer-authentication.ts';
import type { RuleClient } from './select-destination-rule.ts';

/** Where no object says anything. */
export const unsaidPeerMtls: PeerMtls = { mode: undefined, ports: new Map() };

/** `objects`: by namespace, oldest first. */
export function selectPeerMtls(
  objects: Pick<HostIndex<PeerAuthentication>, 'get'>,
  { namespace, matches }: Pick<RuleClient, 'namespace' | 'matches'>,
): PeerMtls {
  const speaking = selectPeerAuthentications(objects, { namespace, matches });
  if (speaking.length === 0) return unsaidPeerMtls;
  const mode = speaking.map((one) => one.mode).find((said) => said !== undefined);
  const ports = [...(speaking.find(({ workloadSelector }) => workloadSelector !== undefined)?.ports ?? [])];
  return { mode, ports: new Map(ports.flatMap(([port, said]) => (said === undefined ? [] : [[port, said]]))) };
}

/**
 * The narrowest first.
 * Istio: one with a selector in the root namespace is nobody's; here: it chooses workloads of that namespace.
 */
export function selectPeerAuthentications(
  objects: Pick<HostIndex<PeerAuthentication>, 'get'>,
  { namespace, matches }: Pick<RuleClient, 'namespace' | 'matches'>,
): readonly PeerAuthentication[] {
  const own = objects.get(namespace);
  const chosen = own.find(({ workloadSelector }) => workloadSelector !== undefined && matches(workloadSelector));
  const forAll = new Set([namespace, rootNamespace]);
  const whole = [...forAll].map((one) =>
    objects.get(one).find(({ workloadSelector }) => workloadSelector === undefined),
  );
  return [chosen, ...whole].filter((one) => one !== undefined);
}
