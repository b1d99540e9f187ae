// An intake on real files, with a ledger that can fail and a clock that a test moves.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLog } from '../../../../test/support/discovery.ts';
import type { Scope } from '../../../../test/support/envoy-process.ts';
import { createIntake, type RecordedProxy } from '../intake.ts';
import { exportBytes, type TotalOfSeries } from './export-bytes.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { proxyOf, testRegistry } from './mesh.ts';

const durations = 'istio.istio_request_duration_milliseconds';
export const requests = (key: string, count: number): TotalOfSeries => ({
  name: durations,
  key,
  buckets: [count, ...new Array<number>(19).fill(0)],
});
export const opened = (value: number): TotalOfSeries => ({
  ...{ name: 'istio.istio_tcp_connections_opened_total', value },
  key: 'source;outbound|9000||good.test;-;0;-;-;10.1.0.1:9000',
});

export function blockedLine(host: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const told = { a: host, c: 502, d: 'direct_response', f: '-', g: null, h: null, m: 'GET', ms: 1, o: '10.9.9.9:80' };
  return `${JSON.stringify({ ...told, p: '/', r: 'block_all', rx: 1, t: '1795279977.376', tx: 2, u: null, ...fields })}\n`;
}

export function startIntake(t: Scope) {
  const folder = mkdtempSync(join(tmpdir(), 'sp-intake-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const identity = proxyOf('echo');
  const recordsFile = join(folder, 'echo', 'records.log');
  mkdirSync(dirname(recordsFile));
  const ledger = createMemoryLedger();
  const there: RecordedProxy[] = [{ identity, recordsFile }];
  const time = { now: 1_795_280_000_000 };
  const open = () =>
    createIntake({
      ...{ ledger, registry: testRegistry, log: silentLog, intervalMs: 3_600_000 },
      ...{ proxies: () => there, clock: () => time.now },
    });
  let intake = open();
  t.after(() => intake.close());
  let sent = 0;
  return {
    ...{ ledger, there, identity, recordsFile, time },
    write: (text: string) => appendFileSync(recordsFile, text),
    send(series: readonly TotalOfSeries[], process = 1) {
      sent += 1;
      const bytes = exportBytes({ start: 1_795_279_974_000_000 + process, time: time.now + sent, series });
      intake.takeExport(identity, bytes);
    },
    sendBytes: (bytes: Uint8Array) => intake.takeExport(identity, bytes),
    pass: () => intake.pass(),
    async passes(count: number) {
      for (let pass = 0; pass < count; pass += 1) {
        time.now += 500;
        await intake.pass();
      }
    },
    restart() {
      intake = open();
    },
  };
}

export function totals({ observations }: MemoryLedger) {
  const sum = { requests: 0, opened: 0, closed: 0, unopened: 0 };
  for (const seen of observations) {
    sum.requests += seen.requests;
    sum.opened += seen.opened;
    sum.closed += seen.closed;
    sum.unopened += seen.unopened ?? 0;
  }
  return sum;
}
