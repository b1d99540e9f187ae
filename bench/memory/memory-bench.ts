// Memory of a mesh at rest: the control plane, and an idle sidecar's Envoy beside an Envoy with an empty configuration.
// Wants root: run by `npm run bench`, in a network namespace of its own.
import { readFileSync } from 'node:fs';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import { startEnvoy } from '../../test/support/envoy-process.ts';
import { startMesh } from '../../test/support/mesh.ts';
import { keeperPod } from '../../test/support/mesh-processes.ts';
import { benchServiceEntry } from '../control-plane.ts';

const serviceEntries = 10;
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };

try {
  const mesh = await startMesh(scope);
  const { apiSocket: socketPath } = dataFolder(mesh.data);
  const hosts = Array.from({ length: serviceEntries }, (_, index) => `bench-${index}.example`);
  await requestJson({ socketPath, method: 'POST', path: '/v1/objects', body: hosts.map(benchServiceEntry) });
  await mesh.workload('idle');
  const empty = await startEnvoy({ t: scope, bootstrap: {} });
  const pod = await keeperPod(mesh, 'idle');
  const info = await requestJson({ socketPath, path: '/v1/info' });
  const sidecar = memoryMb(pod?.proxy.pid ?? 0);
  const nothing = memoryMb(empty.pid);
  console.log(`memory: one workload, ${serviceEntries} ServiceEntries`);
  row('control plane', memoryMb((info.body as { pid: number }).pid), '≤ 150 MB');
  row('idle sidecar', sidecar, '');
  row('Envoy with an empty configuration', nothing, '');
  row('difference', sidecar - nothing, '≤ 12 MB');
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup();
}

function memoryMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function row(what: string, megabytes: number, goal: string): void {
  console.log(`  ${what.padEnd(42)} ${`${megabytes.toFixed(1)} MB`.padStart(10)}   ${goal}`);
}
