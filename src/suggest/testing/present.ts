// A mesh of objects as they are stored, and what is suggested in it.
import type { KubeObject } from '../../api/object.ts';
import { createAllocatedAddresses } from '../../mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../../mesh/mesh.ts';
import { createMeshObjects } from '../../mesh/mesh-objects.ts';
import type { SeenFlow } from '../../telemetry/seen-flow.ts';
import type { RunningPod } from '../policy-sources.ts';
import { type Present, suggest } from '../suggest.ts';
import type { Suggestions, SuggestOptions } from '../suggestion.ts';

export function presentOf(objects: readonly KubeObject[], pods: readonly RunningPod[] = []): Present {
  const events = objects.map((object) => ({ type: 'ADDED' as const, object }));
  const change = createMeshObjects({ addresses: createAllocatedAddresses(), clock: () => now }).translate(events);
  return { mesh: updateMesh(emptyMesh, change).mesh, objects, pods };
}

export const now = Date.UTC(2026, 0, 31, 12);

export function suggestedIn(
  present: Present,
  seen: Iterable<SeenFlow>,
  options: Partial<SuggestOptions> = {},
): Suggestions {
  const usual = { as: 'serviceentries', blocked: false, hosts: [], wildcards: false } as const;
  const steps = suggest(seen, present, { ...usual, ...options });
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The objects as they are after what was suggested was applied. */
export function appliedTo({ objects, pods }: Present, { objects: suggested }: Suggestions): Present {
  const nameOf = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.namespace}/${metadata.name}`;
  const all = new Map([...objects, ...suggested.map(({ object }) => object)].map((one) => [nameOf(one), one]));
  return presentOf([...all.values()], pods);
}

export function seenFlow(host: string, members: Partial<SeenFlow> & { readonly port?: number } = {}): SeenFlow {
  const { port = 443, ...rest } = members;
  return {
    source: { namespace: 'shop', workload: 'web' },
    destination: { kind: 'passthrough', host, port },
    via: [],
    protocol: 'tls',
    requests: 0,
    connections: 3,
    firstSeen: '2026-01-31T10:00:00.000Z',
    lastSeen: '2026-01-31T11:00:00.000Z',
    ...rest,
  };
}
