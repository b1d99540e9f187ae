// From the API's answer to `apply` of a ServiceEntry until the first allowed request through a live Envoy, under
// REGISTRY_ONLY; and how long `up` takes. Wants root: run by `npm run bench`, in a network namespace of its own.

import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import { startMesh } from '../../test/support/mesh.ts';
import { startOutsideHttp } from '../../test/support/outside-server.ts';
import { outsideAddress } from '../../test/support/outside-world.ts';
import { benchPolicy, benchServiceEntry } from '../control-plane.ts';

const rounds = 30;
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };

try {
  const address = outsideAddress(90);
  await startOutsideHttp({ t: scope, address, port: 80 });
  const hosts = Array.from({ length: rounds }, (_, index) => `bench-${index}.example`);
  const started = performance.now();
  const mesh = await startMesh(scope, { up: hosts.flatMap((host) => ['--resolve', `${host}=${address}`]) });
  const upMs = performance.now() - started;
  const { apiSocket: socketPath } = dataFolder(mesh.data);
  const apply = (objects: readonly unknown[]) =>
    requestJson({ socketPath, method: 'POST', path: '/v1/objects', body: objects });
  await apply([benchPolicy('REGISTRY_ONLY')]);
  const caller = await mesh.workload('caller');
  const delays: number[] = [];
  for (const host of hosts) {
    const polled = caller.perform({ do: 'poll', address, host });
    await apply([benchServiceEntry(host)]);
    const applied = process.hrtime.bigint();
    const { openedAt } = await polled;
    delays.push(Number(BigInt(openedAt ?? 0) - applied) / 1e6);
  }
  delays.sort((a, b) => a - b);
  const at = (share: number) => (delays[Math.floor(share * (delays.length - 1))] ?? Number.NaN).toFixed(1);
  console.log(`apply: ${rounds} ServiceEntries one after the other, one live Envoy`);
  row('up until ready', `${upMs.toFixed(0)} ms`, '≤ 2000 ms');
  row('answer to first allowed request, median', `${at(0.5)} ms`, '≤ 50 ms');
  row('the slowest', `${at(1)} ms`, '');
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup();
}

function row(what: string, measured: string, goal: string): void {
  console.log(`  ${what.padEnd(42)} ${measured.padStart(10)}   ${goal}`);
}
