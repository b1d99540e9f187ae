// What each workload takes from its callers, for those who are told of it with the workload's address. One change of a
// PeerAuthentication concerns whoever chooses workloads of its namespace, the root namespace's everybody.
import { rootNamespace } from '../api/root-namespace.ts';
import type { Change } from './mesh.ts';
import { compareOrigin } from './origin.ts';
import type { PeerAuthentication, PeerMtls } from './peer-authentication.ts';
import { selectPeerMtls } from './select-peer-mtls.ts';
import { matchesLabels } from './selector.ts';
import type { Workload } from './workload.ts';

export interface PeerIndex {
  /** Answers the namespaces of the workloads that it may concern; undefined: all. */
  take(changes: readonly Change<PeerAuthentication>[]): ReadonlySet<string> | undefined;
  mtlsOf(workload: Workload): PeerMtls;
}

export function createPeerIndex(): PeerIndex {
  const byNamespace = new Map<string, readonly PeerAuthentication[]>();
  const objects = { get: (namespace: string) => byNamespace.get(namespace) ?? [] };

  function replace({ before, after }: Change<PeerAuthentication>): readonly string[] {
    const namespaces = [...new Set([...before, ...after].map(({ namespace }) => namespace))];
    for (const namespace of namespaces) {
      const kept = objects.get(namespace).filter((one) => !before.includes(one));
      const own = after.filter((one) => one.namespace === namespace);
      byNamespace.set(namespace, [...kept, ...own].sort(compareOrigin));
    }
    return namespaces;
  }

  return {
    take(changes) {
      const touched = new Set(changes.flatMap(replace));
      return touched.has(rootNamespace) ? undefined : touched;
    },
    mtlsOf: ({ namespace, labels }) =>
      selectPeerMtls(objects, { namespace, matches: (selector) => matchesLabels(selector, labels) }),
  };
}
