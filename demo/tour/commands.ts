// What the tour's chapters have in common: how they call out from inside a workload, and the ServiceEntries they apply.
import type { Stage } from './step.ts';

/** `exec deploy/NAME … -- curl WORDS…` */
export function callFrom(
  { namespace, curl }: Stage,
  deployment: string,
  ...words: readonly string[]
): readonly string[] {
  return ['exec', `deploy/${deployment}`, '-n', namespace, '--', ...curl, ...words];
}

/** The last lines of the access log of its sidecar. */
export function sidecarLog({ namespace }: Stage, deployment: string, lines: number): readonly string[] {
  return ['logs', `deploy/${deployment}`, '-n', namespace, '-c', 'istio-proxy', '--tail', String(lines)];
}

/** A command of the host: its HTTP client, outside of the mesh. */
export function callFromHost({ curl }: Stage, ...words: readonly string[]) {
  return { command: [...curl, ...words], onHost: true } as const;
}

/** `apply -f FILE`, or several, of the demo's folder. */
export function applyFile({ folder }: Stage, file: string): readonly string[] {
  return ['apply', '-f', `${folder}/${file}`];
}

export function serviceEntry(
  { namespace }: Stage,
  name: string,
  hosts: readonly string[],
  [number, protocol]: readonly [80, 'HTTP'] | readonly [443, 'HTTPS'] = [80, 'HTTP'],
): string {
  return `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  hosts:
${hosts.map((host) => `  - ${host}\n`).join('')}  ports:
  - number: ${number}
    name: ${protocol.toLowerCase()}
    protocol: ${protocol}
  resolution: DNS
  location: MESH_EXTERNAL
`;
}
