// The intake as a whole: what is committed, what happens when it cannot be, and where it goes on.
import assert from 'node:assert/strict';
import { appendFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { SallyportError } from '../../platform/errors.ts';
import { blockedLine, opened, requests, startIntake, totals } from './testing/intake-harness.ts';
import { proxyOf } from './testing/mesh.ts';

test('counters and records make one commit; a pass without news makes none', async (t) => {
  const { ledger, write, send, pass } = startIntake(t);
  send([requests('source;outbound|80||good.test;default;200;-;;-', 3), requests('source;;block_all;502;-;;-', 2)]);
  write(blockedLine('evil.test') + blockedLine('evil.test'));
  await pass();
  assert.equal(ledger.commits, 1);
  assert.deepEqual(
    ledger.observations.map(({ destination, requests: count }) => [destination.kind, destination.host, count]),
    [
      ['external', 'good.test', 3],
      ['blocked', 'evil.test', 2],
    ],
  );
  assert.deepEqual(
    ledger.told.map(({ destination, count, bytesSent }) => [destination.host, count, bytesSent]),
    [['evil.test', 2, 2]],
  );
  await pass();
  assert.equal(ledger.commits, 1);
});

test('a full disk: everything is told once it has room again, and nothing twice', async (t) => {
  const { ledger, write, send, pass } = startIntake(t);
  ledger.failure = new SallyportError('SP_DISK_FULL', 'full');
  write(blockedLine('a.test'));
  send([requests('source;outbound|80||good.test;default;200;-;;-', 3)]);
  await pass();
  write(blockedLine('b.test'));
  send([requests('source;outbound|80||good.test;default;200;-;;-', 5)]);
  await pass();
  ledger.failure = new TypeError('a bug is no end either');
  await pass();
  ledger.failure = undefined;
  await pass();
  await pass();
  assert.deepEqual(
    ledger.told.map(({ destination }) => destination.host),
    ['a.test', 'b.test'],
  );
  assert.equal(totals(ledger).requests, 7);
});

test('goes on where it was after a restart, in counters and in records', async (t) => {
  const { ledger, recordsFile, write, send, pass, restart } = startIntake(t);
  write(blockedLine('a.test'));
  send([requests('source;outbound|80||good.test;default;200;-;;-', 3)]);
  await pass();
  restart();
  write(blockedLine('b.test'));
  renameSync(recordsFile, `${recordsFile}.1`);
  write(blockedLine('c.test'));
  send([requests('source;outbound|80||good.test;default;200;-;;-', 4)]);
  await pass();
  assert.deepEqual(
    ledger.told.map(({ destination }) => destination.host),
    ['a.test', 'b.test', 'c.test'],
  );
  assert.equal(totals(ledger).requests, 4 + 3);
});

test('records that were lost are told as other, by kind, and counted', async (t) => {
  const { ledger, write, send, passes } = startIntake(t);
  send([
    requests('source;;block_all;502;-;;-', 5),
    requests('source;PassthroughCluster;allow_any;200;-;;-', 1),
    requests('source;outbound|80||good.test;default;403;-;;-', 1),
  ]);
  write(blockedLine('evil.test') + blockedLine('evil.test'));
  await passes(30);
  assert.deepEqual(
    ledger.observations.map(({ destination: { kind, host }, requests: count }) => [kind, host, count]),
    [
      ['blocked', 'evil.test', 2],
      ['blocked', 'other', 3],
      ['passthrough', 'other', 1],
      ['external', 'good.test', 1],
    ],
  );
  assert.deepEqual([...ledger.dropped()], [['record-lost', 5]]);
});

test('lines and exports that are none are counted, and harm nobody', async (t) => {
  const { ledger, write, sendBytes, pass } = startIntake(t);
  write(
    `no json\n${blockedLine('a.test')}[]\nnull\n{"x":1}\n${blockedLine('b.test', { a: { x: 1 }, c: '502', f: 7, ms: -1, o: [], t: {} })}`,
  );
  sendBytes(Buffer.from('no export at all'));
  await pass();
  assert.deepEqual(
    new Map([...ledger.dropped()]),
    new Map([
      ['unreadable-record', 4],
      ['unreadable-export', 1],
    ]),
  );
  assert.deepEqual(
    ledger.told.map(({ destination }) => destination.host),
    ['a.test', 'other'],
  );
});

test('a proxy that is gone: its records are read, its connections are closed, its positions go', async (t) => {
  const { ledger, there, time, write, send, pass, restart } = startIntake(t);
  send([opened(2)]);
  await pass();
  assert.ok(ledger.positions().size > 0);
  there.length = 0;
  write(blockedLine('last.test'));
  restart();
  await pass();
  assert.deepEqual(
    ledger.told.map(({ destination }) => destination.host),
    ['last.test'],
  );
  assert.deepEqual(totals(ledger), { requests: 1, opened: 2, closed: 0, unopened: 0 });
  time.now += 31_000;
  await pass();
  assert.deepEqual(totals(ledger), { requests: 1, opened: 2, closed: 2, unopened: 0 });
  assert.equal(ledger.observations.at(-1)?.source?.workload, 'echo-workload');
  assert.deepEqual(ledger.positions(), new Map());
});

test('a later pod of the same name: the records of the earlier one are read to their end, then its own', async (t) => {
  const { ledger, there, identity, recordsFile, write, pass, restart } = startIntake(t);
  const later = join(dirname(recordsFile), 'later.log');
  write(blockedLine('a.test'));
  await pass();
  write(blockedLine('b.test'));
  appendFileSync(later, blockedLine('c.test'));
  there[0] = { identity, recordsFile: later };
  await pass();
  restart();
  await pass();
  await pass();
  assert.deepEqual(
    ledger.told.map(({ destination }) => destination.host),
    ['a.test', 'b.test', 'c.test'],
  );
});

test('a flood of distinct hosts is read by and by, all of it, and does not hold up the others', async (t) => {
  const { ledger, there, recordsFile, write, pass } = startIntake(t);
  const quiet = join(dirname(dirname(recordsFile)), 'quiet.log');
  there.push({ identity: proxyOf('quiet'), recordsFile: quiet });
  write(Array.from({ length: 20_000 }, (_, index) => blockedLine(`host-${index}.test`)).join(''));
  appendFileSync(quiet, blockedLine('quiet.test'));
  await pass();
  assert.ok(ledger.told.length > 1000 && ledger.told.length < 20_000, `${ledger.told.length}`);
  assert.ok(ledger.told.some(({ destination }) => destination.host === 'quiet.test'));
  for (let count = 0; count < 20 && ledger.told.length < 20_001; count += 1) await pass();
  assert.equal(new Set(ledger.told.map(({ destination }) => destination.host)).size, 20_001);
});
