// `analyze -f`: files judged one object at a time and as the mesh that they would be, alone. What they refer to and do not hold
// may be in the mesh already, so that it is no error to lack it.
import { type DecodedObject, decodeManifestBytes } from '../api/decode.ts';
import { toDiagnostic, warning } from '../api/finding.ts';
import { type KubeObject, keyOf, resourceName } from '../api/object.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { WatchEvent } from '../store/store.ts';
import { createAnalysis } from './analysis.ts';
import { crossDiagnostic } from './finding.ts';
import { impliedGateways } from './implied-gateways.ts';

export interface ManifestBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** In the order of the files, and of the places in each. */
export function analyzeManifests(files: readonly ManifestBytes[], namespace: string): readonly Diagnostic[] {
  const decoded = files.map(({ name, bytes }) => decodeManifestBytes(bytes, name, namespace));
  const all = decoded.flatMap(({ objects }) => objects);
  const byName = new Map<string, DecodedObject>();
  const twice: Diagnostic[] = [];
  for (const one of all) {
    const resource = resourceName(keyOf(one.object));
    const earlier = byName.get(resource);
    if (earlier !== undefined) twice.push(standsTwice(resource, earlier, one));
    byName.set(resource, one);
  }
  const found = findAmong([...byName.values()].map(({ object }) => object));
  const located = found.flatMap(([resource, findings]) =>
    findings.map((finding) => crossDiagnostic(finding, resource, (name) => byName.get(name)?.locate)),
  );
  const order = new Map(files.map(({ name }, index) => [name, index]));
  const rank = ({ source }: Diagnostic) => order.get(source?.file ?? '') ?? files.length;
  return [...decoded.flatMap(({ diagnostics }) => diagnostics), ...twice, ...located].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.source?.line ?? 0) - (b.source?.line ?? 0) ||
      (a.source?.column ?? 0) - (b.source?.column ?? 0),
  );
}

/** What these objects say of each other. */
function findAmong(objects: readonly KubeObject[]) {
  const events = [...objects, ...impliedGateways(objects)].map((object): WatchEvent => ({ type: 'ADDED', object }));
  const change = createMeshObjects({ addresses: createAllocatedAddresses() }).translate(events);
  const { mesh } = updateMesh(emptyMesh, change);
  const analysis = createAnalysis({ complete: false });
  analysis.take({ events, change, mesh });
  analysis.judge();
  const own = new Set(objects.map((object) => resourceName(keyOf(object))));
  return [...analysis.findings()].filter(([resource]) => own.has(resource));
}

/** As for `apply`, which stores the last. */
function standsTwice(resource: string, earlier: DecodedObject, later: DecodedObject): Diagnostic {
  const finding = warning('SP0602', [], 'stands twice among these files; the later one counts', 'keep one of them');
  const related = [{ resource, path: '', source: earlier.locate([]) }];
  return { ...toDiagnostic(finding, resource, later.locate([])), related };
}
