// What alerts cost the ledger: commits of 10,000 flows that leave the mesh, with the detectors and without them, in turns on
// two files in one process. Then a flood of as many blocked hosts, and how long it takes to open the file again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertKinds, defaultAlertSettings } from '../../src/api/alert-settings.ts';
import { openLedger } from '../../src/telemetry/ledger/open-ledger.ts';
import type { Ledger } from '../../src/telemetry/ledger.ts';
import type { Observation } from '../../src/telemetry/observation.ts';
import type { DestinationKind } from '../../src/telemetry/traffic.ts';

const hosts = 10_000;
const workloads = 50;
const rounds = 40;
const tenOClock = Date.UTC(2025, 2, 1, 10);
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));

function opened(name: string, off: boolean): Ledger {
  const settings = { ...defaultAlertSettings, off: off ? alertKinds : [] };
  const surroundings = { settings: () => settings, trustDomain: () => 'cluster.local', isInside: () => false };
  return openLedger({ file: join(folder, name), surroundings, clock: () => tenOClock });
}

function observations(kind: DestinationKind, at: number): readonly Observation[] {
  return Array.from({ length: hosts }, (_, index) => ({
    at,
    reporter: 'source' as const,
    source: { namespace: 'shop', workload: `w-${index % workloads}`, serviceAccount: 'default', labels: {} },
    destination: { kind, host: `host-${index}.example.com`, port: 443 },
    protocol: 'http' as const,
    outcome: { code: kind === 'blocked' ? 502 : 200, flags: '-', grpcStatus: '' },
    via: [],
    requests: 1,
    opened: 0,
    closed: 0,
    bytesSent: 500,
    bytesReceived: 1500,
  }));
}

function commit(ledger: Ledger, kind: DestinationKind, at: number): number {
  const batch = { at, observations: observations(kind, at), decisions: [], positions: new Map(), dropped: new Map() };
  const before = process.cpuUsage();
  ledger.commit(batch);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function line(name: string, text: string, goal = ''): void {
  console.log(`  ${name.padEnd(52)} ${text.padStart(10)}   ${goal}`);
}

try {
  const [plain, watched] = [opened('plain', true), opened('watched', false)];
  const times = { plain: [] as number[], watched: [] as number[] };
  console.log(`ledger: commits of ${hosts} flows of ${workloads} workloads, CPU of each`);
  line('the first, without alerts', `${commit(plain, 'external', tenOClock).toFixed(0)} ms`);
  line('the first, with alerts', `${commit(watched, 'external', tenOClock).toFixed(0)} ms`);
  for (let round = 1; round <= rounds; round += 1) {
    const at = tenOClock + round * 20_000;
    times.plain.push(commit(plain, 'external', at));
    times.watched.push(commit(watched, 'external', at));
  }
  const [without, with_] = [median(times.plain), median(times.watched)];
  line('each after it, without alerts', `${without.toFixed(0)} ms`);
  line('each after it, with alerts', `${with_.toFixed(0)} ms`);
  line('ratio', (with_ / without).toFixed(3), '≤ 1.10');
  const later = tenOClock + 3_600_000;
  line('10,000 new blocked hosts, without alerts', `${commit(plain, 'blocked', later).toFixed(0)} ms`);
  line('10,000 new blocked hosts, with alerts', `${commit(watched, 'blocked', later).toFixed(0)} ms`);
  line('10,000 new hosts let out, without alerts', `${commit(plain, 'passthrough', later).toFixed(0)} ms`);
  line('10,000 new hosts let out, with alerts', `${commit(watched, 'passthrough', later).toFixed(0)} ms`);
  watched.close();
  plain.close();
  for (const name of ['plain', 'watched'] as const) {
    const started = performance.now();
    opened(name, name === 'plain').close();
    line(`opening the file again, ${name}`, `${(performance.now() - started).toFixed(0)} ms`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
