import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { openDatabase } from '../../store/local/database.ts';
import type { Ledger } from '../ledger.ts';
import { createLedger } from './open-ledger.ts';
import { ledgerMigrations } from './schema.ts';
import { batch, blockedDecision, observation, tenOClock, workload } from './testing/events.ts';
import { ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** As often as it takes for all that is due. */
function sweepOut(ledger: Ledger, now: number): void {
  for (let calls = 0; calls < 40; calls += 1) ledger.sweep(now);
}

function requests(ledger: Ledger, from: number): number {
  return ledger.flows({ from }).reduce((sum, flow) => sum + flow.requests, 0);
}

test('flows are kept for 31 days, by the hour', (context) => {
  const ledger = newLedger(context);
  const hours = Array.from({ length: 35 * 24 }, (_, index) => tenOClock - index * hour);
  ledger.commit(batch({ observations: hours.map((at) => observation({ at })) }));
  sweepOut(ledger, tenOClock);
  assert.equal(requests(ledger, 0), 31 * 24 + 1);
  // What comes later than it would be kept is not kept.
  ledger.commit(batch({ observations: [observation({ at: tenOClock - 32 * day })] }));
  assert.equal(requests(ledger, 0), 31 * 24 + 1);
  sweepOut(ledger, tenOClock + 32 * day);
  assert.deepEqual(ledger.flows({ from: 0 }), []);
});

test('what is old is gone at once for readers, and from the file in steps', (context) => {
  const file = ledgerFile(context);
  const database = openDatabase(file, ledgerMigrations);
  const ledger = createLedger(database, { file, clock: () => tenOClock });
  context.after(() => ledger.close());
  const many = Array.from({ length: 12_000 }, (_, index) =>
    observation({ destination: { kind: 'external', host: `h${index}`, port: 443 }, at: tenOClock - 33 * day }),
  );
  ledger.commit(batch({ observations: [...many, observation()] }));
  const rows = database.prepare('SELECT count(*) AS rows FROM flow_buckets');
  const left = () => Number(rows.get()?.['rows']);
  ledger.sweep(tenOClock);
  assert.equal(requests(ledger, 0), 1);
  assert.ok(left() > 6000 && left() < 12_000, `${left()} rows are left`);
  sweepOut(ledger, tenOClock);
  assert.deepEqual([requests(ledger, 0), left()], [1, 1]);
});

test('minutes do not pile up, though more flows are written between sweeps than one of them joins', (context) => {
  const file = ledgerFile(context);
  const database = openDatabase(file, ledgerMigrations);
  const ledger = createLedger(database, { file, clock: () => tenOClock, bounds: { minutesKeptMs: 2 * minute } });
  context.after(() => ledger.close());
  const rows = database.prepare('SELECT count(*) AS rows FROM flow_buckets WHERE span = ?');
  const flows = Array.from({ length: 2500 }, (_, index) => `h${index}`);
  for (let minutes = 0; minutes < 10; minutes += 1) {
    const at = tenOClock + minutes * minute;
    const seen = flows.map((host) => observation({ at, destination: { kind: 'external', host, port: 443 } }));
    ledger.commit(batch({ observations: seen }));
    ledger.sweep(at);
  }
  assert.equal(requests(ledger, 0), 10 * 2500);
  assert.ok(Number(rows.get(minute)?.['rows']) <= 4 * 2500, `${rows.get(minute)?.['rows']} rows`);
});

test('what nothing tells of any more is forgotten, but for connections that are open', (context) => {
  const file = ledgerFile(context);
  let ledger = reopened(context, file);
  const connection = { protocol: 'tcp', requests: 0, opened: 1 } as const;
  const members = [
    observation(),
    observation({ ...connection, closed: 1, source: workload('gone') }),
    observation({ ...connection, source: workload('open') }),
    // Its opening was never heard.
    observation({ ...connection, opened: 0, closed: 1, source: workload('half') }),
  ];
  ledger.commit(batch({ observations: members, decisions: [blockedDecision('a')], dropped: new Map([['lost', 1]]) }));
  sweepOut(ledger, tenOClock + 32 * day);
  const told = () => ledger.flows({ from: 0 }).map(({ source, open }) => [source.workload, open]);
  assert.deepEqual(told(), [['open', 1]]);
  assert.deepEqual([...ledger.series()], []);
  assert.deepEqual(ledger.decisions({}), []);
  assert.deepEqual(ledger.dropped(), new Map([['lost', 1]]));
  ledger.close();
  ledger = reopened(context, file);
  const at = tenOClock + 33 * day;
  ledger.commit(batch({ observations: members.map((member) => ({ ...member, at, opened: 2 })) }));
  assert.deepEqual(told(), [
    ['echo', 2],
    ['gone', 1],
    ['half', 1],
    ['open', 3],
  ]);
});

test('a series in use keeps its total for ever', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  for (let days = 0; days < 100; days += 10) {
    ledger.commit(batch({ observations: [observation({ at: tenOClock + days * day })] }));
    sweepOut(ledger, tenOClock + days * day);
  }
  const totals = (of: Ledger) => [...of.series()].map((series) => (series.family === 'http' ? series.requests : 0));
  assert.deepEqual(totals(ledger), [10]);
  ledger.close();
  assert.deepEqual(totals(reopened(context, file)), [10]);
});

test('a file above its bound loses the oldest hours of flows before their time, and no decision', (context) => {
  const ledger = newLedger(context, { fileBytes: 2_000_000 });
  const path = `/${'x'.repeat(290)}`;
  for (let age = 200; age >= 0; age -= 1) {
    const at = tenOClock - age * hour;
    const observations = Array.from({ length: 300 }, (_, index) =>
      observation({ at, destination: { kind: 'external', host: `h${index}`, port: 443 } }),
    );
    ledger.commit(batch({ observations }));
  }
  sweepOut(ledger, tenOClock);
  const left = requests(ledger, 0);
  assert.ok(left >= 50 * 300 && left < 130 * 300, `${left} requests are left`);
  assert.equal(requests(ledger, tenOClock - 10 * hour), 11 * 300);
  const decisions = Array.from({ length: 4000 }, () => blockedDecision('a', { path, lastAt: tenOClock }));
  ledger.commit(batch({ decisions }));
  sweepOut(ledger, tenOClock);
  // That of ten o'clock and, still by the minute, of nine.
  assert.equal(requests(ledger, 0), 2 * 300);
  assert.equal(ledger.decisions({ limit: 10_000 }).length, 4000);
});

test('the file and its log shrink again after a flood', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  const path = `/${'x'.repeat(290)}`;
  const decisions = Array.from({ length: 30_000 }, () => blockedDecision('a', { path }));
  ledger.commit(batch({ decisions }));
  ledger.commit(batch({ decisions: [blockedDecision('a')] }));
  const flooded = statSync(file).size;
  assert.ok(flooded > 15_000_000, `${flooded} bytes`);
  assert.ok(statSync(`${file}-wal`).size <= 8 * 1024 * 1024);
  sweepOut(ledger, tenOClock + 32 * day);
  assert.ok(statSync(file).size < flooded / 2, `${statSync(file).size} of ${flooded} bytes`);
});
