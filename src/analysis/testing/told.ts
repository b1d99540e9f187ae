// What the analysis says of manifests, as lines: `!SP1511 VirtualService/default/a spec.http[0]: message` for an error, `?…` for
// a warning, `.…` for what is only told.
import { decodeManifests } from '../../api/decode.ts';
import type { KubeObject } from '../../api/object.ts';
import { emptyMesh, updateMesh } from '../../mesh/mesh.ts';
import { createMeshObjects } from '../../mesh/mesh-objects.ts';
import { type Diagnostic, hasErrors } from '../../platform/diagnostic.ts';
import type { WatchEvent } from '../../store/store.ts';
import { createAnalysis } from '../analysis.ts';
import { crossDiagnostic } from '../finding.ts';
import { impliedGateways } from '../implied-gateways.ts';

/** What is said of objects beside each other. Of a running mesh of these, which has the two gateways of every mesh; each object younger than the one before. */
export function toldOfMesh(manifests: string): readonly string[] {
  return diagnosticsOfMesh(objectsOf(manifests)).map(lineOf);
}

export function diagnosticsOfMesh(objects: readonly KubeObject[]): readonly Diagnostic[] {
  const events = eventsOf([...impliedGateways(objects), ...objects]);
  const change = createMeshObjects().translate(events);
  const { mesh } = updateMesh(emptyMesh, change);
  const analysis = createAnalysis({ complete: true });
  analysis.take({ events, change, mesh });
  analysis.judge();
  return [...analysis.findings()].flatMap(([resource, findings]) =>
    findings
      .filter(({ code }) => /^SP(073[2-5]|11|121[23]|1406|15)/.test(code))
      .map((finding) => crossDiagnostic(finding, resource)),
  );
}

/** Throws where they are not valid. */
export function objectsOf(manifests: string): readonly KubeObject[] {
  const { objects, diagnostics } = decodeManifests(manifests, 'test.yaml');
  if (hasErrors(diagnostics)) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return objects.map(({ object }, index) => aged(object, index));
}

function aged(object: KubeObject, index: number): KubeObject {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
  return { ...object, metadata: { ...object.metadata, creationTimestamp } };
}

export function eventsOf(objects: readonly KubeObject[]): readonly WatchEvent[] {
  return objects.map((object) => ({ type: 'ADDED', object }));
}

const marks = { error: '!', warning: '?', info: '.' };

export function lineOf({ severity, code, resource, path, message }: Diagnostic): string {
  return `${marks[severity]}${code} ${resource} ${path}: ${message}`;
}

/** A pod with a sidecar. */
export function pod(name: string, namespace = 'default', labels: Readonly<Record<string, string>> = {}): string {
  const metadata = { name, namespace, labels };
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'app' }] } })}\n---\n`;
}
