// Commands that look through all that is on record, from the command line to their last line, on 1,000,000 rows of flows: of a
// mesh with few flows for a month, and of one with as many unregistered hosts as the ledger tells apart. And what proxies feel
// of it: the longest time in which the control plane answered nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../src/api/object.ts';
import type { Source } from '../../src/telemetry/traffic.ts';
import { type BenchControlPlane, benchPolicy, benchServiceEntry, startBenchControlPlane } from '../control-plane.ts';
import { fillLedger, flowsOf, type LedgerShape, registeredHost, workloadOf } from '../ledger/filled-ledger.ts';

const bin = new URL('../../bin/sallyport.cjs', import.meta.url).pathname;
const now = Date.now();
const shape = { rows: 1_000_000, namespaces: 10, workloads: 100, now };
const shapes: readonly (readonly [string, LedgerShape])[] = [
  ['2,000 flows', { ...shape, unregistered: 16, registered: 4 }],
  ['110,000 flows, 10,000 of them to unregistered hosts', { ...shape, unregistered: 100, registered: 1000 }],
];

function printRow(what: string, value: string, goal = ''): void {
  console.log(`  ${what.padEnd(52)} ${value.padStart(10)}   ${goal}`.trimEnd());
}

/** Milliseconds. `check` ends with 1 where it is refused. */
async function timeOf({ folder }: BenchControlPlane, args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, '--data', folder.path, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const [code] = await once(child, 'exit');
  if (code !== 0 && args[0] !== 'check') {
    throw new Error(`${args.join(' ')} ended with ${code}: ${complaints.slice(0, 500)}`);
  }
  return performance.now() - started;
}

function benchPod({ namespace, workload }: Source): KubeObject {
  const spec = { containers: [{ name: 'app', command: ['app'] }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: workload, namespace }, spec };
}

/** A worker that has nothing to do ends after ten seconds. */
const workerEnds = () => sleep(11_000);

const commands: readonly (readonly string[])[] = [
  ['dry-run', 'restricted', '-o', 'json'],
  ['suggest', '-o', 'json'],
  ['upkeep', '-o', 'json'],
  ['check', 'http://nowhere.example', '-n', 'ns-1', '--service-account', 'default'],
];

for (const [name, one] of shapes) {
  const plane = await startBenchControlPlane(({ trafficFile }) => fillLedger(trafficFile, one));
  try {
    await plane.apply(Array.from({ length: 1000 }, (_, index) => benchServiceEntry(registeredHost(index))));
    await plane.apply(Array.from({ length: one.workloads }, (_, index) => benchPod(workloadOf(index, one))));
    console.log(`foresight: 1,000,000 recorded rows of ${name} (${flowsOf(one)}), 1,000 ServiceEntries`);
    await plane.longestStallMs();
    const atRest = plane.memoryMb();
    for (const command of commands) {
      const what = command.slice(0, command[0] === 'dry-run' ? 2 : 1).join(' ');
      // Where the mesh lets everything out, there is nothing that a check would have to mend.
      const policy = command[0] === 'check' ? 'REGISTRY_ONLY' : 'ALLOW_ANY';
      await plane.apply([benchPolicy(policy)]);
      await workerEnds();
      await plane.longestStallMs();
      const cold = await timeOf(plane, command);
      const stall = await plane.longestStallMs();
      const next = await timeOf(plane, command);
      printRow(`${what}, no worker yet`, `${cold.toFixed(0)} ms`, '≤ 2000 ms');
      printRow(`${what}, the next`, `${next.toFixed(0)} ms`, '≤ 2000 ms');
      printRow('  the control plane was busy with it at one go for', `${stall.toFixed(1)} ms`, '≤ 20 ms');
    }
    const busy = plane.memoryMb();
    await workerEnds();
    const [before, after] = [atRest, plane.memoryMb()].map((megabytes) => megabytes.toFixed(0));
    printRow('memory before, with the worker, and after it', `${before}, ${busy.toFixed(0)}, ${after} MB`);
  } finally {
    await plane.stop();
  }
}
