// Commands that look through all that is on record, from the command line to their last line, on 1,000,000 rows of flows: of a
// mesh with few flows for a month, and of one with as many unregistered hosts as the ledger tells apart. And what proxies feel
// of it: the longest time in which the control plane answered nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { requestJson } from '../../src/platform/unix-http.ts';
import { type BenchControlPlane, benchServiceEntry, startBenchControlPlane } from '../control-plane.ts';
import { fillLedger, flowsOf, type LedgerShape, registeredHost } from '../ledger/filled-ledger.ts';

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

/** Milliseconds. */
async function timeOf({ folder }: BenchControlPlane, ...args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, '--data', folder.path, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${complaints.slice(0, 500)}`);
  return performance.now() - started;
}

/** The longest that an answer took while the work went on, and what the work gave. */
async function longestWait<T>({ folder }: BenchControlPlane, work: Promise<T>): Promise<readonly [number, T]> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  let longest = 0;
  while (!done) {
    const started = performance.now();
    await requestJson({ socketPath: folder.apiSocket, path: '/v1/info' });
    longest = Math.max(longest, performance.now() - started);
  }
  return [longest, await ended];
}

for (const [name, one] of shapes) {
  const plane = await startBenchControlPlane(({ trafficFile }) => fillLedger(trafficFile, one));
  try {
    await plane.apply(Array.from({ length: 1000 }, (_, index) => benchServiceEntry(registeredHost(index))));
    console.log(`foresight: 1,000,000 recorded rows of ${name} (${flowsOf(one)}), 1,000 ServiceEntries`);
    const atRest = plane.memoryMb();
    const cold = await timeOf(plane, 'suggest', '-o', 'json');
    const next = await timeOf(plane, 'suggest', '-o', 'json');
    const [wait] = await longestWait(plane, timeOf(plane, 'suggest', '-o', 'json'));
    printRow('suggest, no worker yet', `${cold.toFixed(0)} ms`, '≤ 2000 ms');
    printRow('suggest, the next', `${next.toFixed(0)} ms`, '≤ 2000 ms');
    printRow('the longest answer to somebody else meanwhile', `${wait.toFixed(0)} ms`);
    printRow('memory before, and with the worker', `${atRest.toFixed(0)}, ${plane.memoryMb().toFixed(0)} MB`);
  } finally {
    await plane.stop();
  }
}
