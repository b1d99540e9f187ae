import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../store/local/database.ts';
import type { Committed } from '../ledger.ts';
import { createLedger } from './open-ledger.ts';
import { ledgerMigrations } from './schema.ts';
import { batch, blocked, blockedDecision, observation, tenOClock } from './testing/events.ts';
import { everythingIn, ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

test('how far each source was read is there after a restart; one that is no more is forgotten', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  ledger.commit(
    batch({
      positions: new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    }),
  );
  ledger.commit(
    batch({
      positions: new Map([
        ['a', '3'],
        ['b', undefined],
      ]),
    }),
  );
  assert.deepEqual(ledger.positions(), new Map([['a', '3']]));
  ledger.close();
  assert.deepEqual(reopened(context, file).positions(), new Map([['a', '3']]));
});

test('lost events are counted by their reason', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  ledger.commit(
    batch({
      dropped: new Map([
        ['disk-full', 3],
        ['rotated-unread', 0],
      ]),
    }),
  );
  ledger.commit(batch({ dropped: new Map([['disk-full', 4]]) }));
  ledger.close();
  assert.deepEqual(reopened(context, file).dropped(), new Map([['disk-full', 7]]));
});

test('a commit is told when readers can see it, unless nothing was in it', (context) => {
  const ledger = newLedger(context);
  const heard: Committed[] = [];
  const unsubscribe = ledger.subscribe((committed) => {
    assert.deepEqual(ledger.decisions({}), committed.decisions);
    heard.push(committed);
  });
  ledger.commit(batch({ positions: new Map([['a', '1']]) }));
  ledger.commit(batch({ decisions: [blockedDecision('a'), blockedDecision('b')] }));
  unsubscribe();
  ledger.commit(batch({ observations: [observation()] }));
  assert.deepEqual(heard, [{ at: tenOClock, decisions: ledger.decisions({}), flows: false, alerts: false }]);
});

test('a listener that throws does not make a commit look as if it had failed', async (context) => {
  const ledger = newLedger(context);
  const thrown = new Error('a bug');
  const caught = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  context.after(() => process.setUncaughtExceptionCaptureCallback(null));
  ledger.subscribe(() => {
    throw thrown;
  });
  let heard = 0;
  ledger.subscribe(() => {
    heard += 1;
  });
  ledger.commit(batch({ observations: [observation()] }));
  assert.equal(heard, 1);
  assert.equal(await caught, thrown);
});

test('a batch for which there is no room changes nothing and goes through when there is room again', (context) => {
  const file = ledgerFile(context);
  const database = openDatabase(file, ledgerMigrations);
  const ledger = createLedger(database, { file, clock: () => tenOClock });
  ledger.commit(batch({ observations: [blocked('a')], decisions: [blockedDecision('a')] }));
  const before = everythingIn(ledger);
  const heard: Committed[] = [];
  ledger.subscribe((committed) => heard.push(committed));
  const hosts = Array.from({ length: 400 }, (_, index) => `host-${index}.example`);
  const large = batch({
    observations: hosts.map((host) => blocked(host)),
    decisions: hosts.map((host) => blockedDecision(host)),
    positions: new Map([['records', '99']]),
    dropped: new Map([['disk-full', 1]]),
  });
  database.exec('PRAGMA max_page_count = 1');
  for (const _try of [1, 2]) assert.throws(() => ledger.commit(large), { code: 'SP_DISK_FULL' });
  assert.deepEqual(everythingIn(ledger), before);
  assert.deepEqual(heard, []);
  database.exec('PRAGMA max_page_count = 1000000');
  ledger.commit(large);
  assert.equal(heard.length, 1);
  assert.equal(ledger.flows({ from: 0 }).length, 401);
  assert.equal(ledger.lastDecisionId(), 401);
  ledger.close();
  const again = reopened(context, file);
  assert.deepEqual(again.positions(), new Map([['records', '99']]));
  assert.equal(again.decisions({}).length, 401);
});

test('a bug in the midst of a batch takes all of it back', (context) => {
  const ledger = newLedger(context);
  const bug = new Error('a bug');
  class Unreadable extends Map<string, string> {
    override [Symbol.iterator](): MapIterator<[string, string]> {
      throw bug;
    }
  }
  const members = { observations: [observation()], decisions: [blockedDecision('a')] };
  const before = everythingIn(ledger);
  assert.throws(() => ledger.commit(batch({ ...members, positions: new Unreadable() })), bug);
  assert.deepEqual(everythingIn(ledger), before);
  ledger.commit(batch(members));
  assert.equal(ledger.lastDecisionId(), 1);
});
