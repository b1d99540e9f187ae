// The names of the mesh itself, as the keeper's DNS answers them: Kubernetes Services, and for programs the hosts whose
// address only their sidecar knows. Every other name is the resolver's, whether registered or not. A name is answered as the
// asking namespace's sidecars would take it. Looks only at the hosts that changed.
import { wildcardsAbove } from '../api/host-name.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import { type NameAnswer, nameAnswer } from '../mesh/name-answer.ts';
import type { Service } from '../mesh/service.ts';
import type { DnsRecord } from '../runtime/protocol.ts';

export interface DnsRecords {
  /** All records, sorted by name; undefined when this change touches none. The first answer is never undefined. */
  update(mesh: Mesh, delta: MeshDelta): readonly DnsRecord[] | undefined;
}

export function createDnsRecords(): DnsRecords {
  const records = new Map<string, readonly DnsRecord[]>();
  let first = true;
  return {
    update(mesh, { hosts }) {
      let touched = first;
      first = false;
      for (const host of hosts) {
        const found = recordsOf(mesh, host);
        if (found.length === 0) touched = records.delete(host) || touched;
        else {
          records.set(host, found);
          touched = true;
        }
      }
      if (!touched) return undefined;
      return [...records].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, some]) => some);
    },
  };
}

/** Nobody's: it sees what everyone sees. */
const anyNamespace = '';

/** One record for all, and one for each group of namespaces to which the name is something else. */
function recordsOf(mesh: Mesh, host: string): readonly DnsRecord[] {
  const claims = mesh.services.get(host);
  const meaningIn = (namespace: string): NameAnswer | undefined => nameAnswer(mesh, host, namespace);
  const common = meaningIn(anyNamespace);
  const special = new Map<string, { readonly meaning: NameAnswer | undefined; readonly namespaces: string[] }>();
  const above = wildcardsAbove(host).flatMap((wildcard) => mesh.services.get(wildcard));
  for (const namespace of namespacesOf([...claims, ...above])) {
    const meaning = meaningIn(namespace);
    const text = JSON.stringify(meaning);
    if (text === JSON.stringify(common)) continue;
    const group = special.get(text) ?? { meaning, namespaces: [] };
    group.namespaces.push(namespace);
    special.set(text, group);
  }
  return [
    ...(common === undefined ? [] : [{ name: host, ...common }]),
    ...[...special.values()].map(({ meaning, namespaces }) => ({
      name: host,
      ...(meaning ?? { addresses: [] }),
      namespaces,
    })),
  ];
}

/** Those that may see something of their own. */
function namespacesOf(claims: readonly Service[]): readonly string[] {
  const named = claims.flatMap(({ namespace, visibility }) => [
    namespace,
    ...(visibility.public ? [] : visibility.namespaces),
  ]);
  return [...new Set(named)].sort();
}
