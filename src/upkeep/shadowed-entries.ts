// Hosts of ServiceEntries that count nowhere, since others come first in every namespace that has workloads.
import type { Mesh } from '../mesh/mesh.ts';
import { compareText } from '../mesh/origin.ts';
import { selectService } from '../mesh/select-service.ts';
import { originOf, type Service } from '../mesh/service.ts';
import { isVisible } from '../mesh/visibility.ts';
import type { ShadowedEntry } from './upkeep.ts';

/** `namespaces`: those with workloads. An entry that none of them sees shadows nobody and is not told. */
export function shadowedEntries(mesh: Mesh, namespaces: ReadonlySet<string>): readonly ShadowedEntry[] {
  const found: ShadowedEntry[] = [];
  for (const host of mesh.services.hosts()) {
    const claims = mesh.services.get(host);
    if (claims.length < 2) continue;
    const chosen = new Map([...namespaces].map((namespace) => [namespace, chosenIn(mesh, host, namespace)]));
    for (const claim of claims) {
      const seeing = [...namespaces].filter((namespace) => isVisible(claim.visibility, namespace));
      const winners = new Set(seeing.flatMap((namespace) => chosen.get(namespace) ?? []));
      if (claim.source !== 'ServiceEntry' || winners.size === 0 || winners.has(claim)) continue;
      const by = [...new Set([...winners].map(originOf))].filter((origin) => origin !== originOf(claim));
      if (by.length > 0) found.push({ host, object: originOf(claim), by: by.sort() });
    }
  }
  return found.sort((a, b) => compareText(a.host, b.host) || compareText(a.object, b.object));
}

/** Whose ports a namespace's workloads have for the host. */
function chosenIn(mesh: Mesh, host: string, namespace: string): readonly Service[] {
  const service = selectService(mesh, host, { namespace, proxy: 'sidecar' });
  if (service === undefined) return [];
  // Ports of others are merged into a copy; what it was made from is the claim of the same object.
  const own = mesh.services.get(host).find((claim) => originOf(claim) === originOf(service)) ?? service;
  return [own, ...service.ports.flatMap(({ from }) => from ?? [])];
}
