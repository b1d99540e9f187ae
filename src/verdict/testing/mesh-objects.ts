// Objects of a mesh for tests of verdicts: manifests as the store would have them, each a second younger than the one before, and
// pods that run.
import { decodeManifests } from '../../api/decode.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ProxyIdentity } from '../../discovery/view.ts';
import { hasErrors } from '../../platform/diagnostic.ts';
import type { World } from '../world.ts';

/** Throws where they are not valid. */
export function storedObjects(manifests: string): readonly KubeObject[] {
  const { objects, diagnostics } = decodeManifests(manifests, 'test.yaml');
  if (hasErrors(diagnostics)) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return objects.map(({ object }, index) => {
    const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  });
}

export interface PodOptions {
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

let addresses = 0;

/** With a sidecar; it is ready. */
export function runningPod(
  name: string,
  { namespace = 'default', serviceAccount, labels = {} }: PodOptions = {},
): string {
  addresses += 1;
  const containers = [{ name: 'app', command: ['app'] }];
  const account = serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount };
  const podIP = `10.7.${addresses >> 8}.${addresses & 255}`;
  const status = { phase: 'Running', podIP, containerStatuses: [{ name: 'app', ready: true }] };
  const metadata = { name, namespace, labels: { app: name, ...labels } };
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...account }, status })}\n---\n`;
}

export function callerNamed({ proxies }: World, name: string): ProxyIdentity {
  const found = proxies.find((proxy) => proxy.name === name);
  if (found === undefined) throw new Error(`no pod ${name}`);
  return found;
}
