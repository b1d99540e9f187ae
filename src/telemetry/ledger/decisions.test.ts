import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, NewDecision } from '../decision.ts';
import type { DecisionQuery, Ledger } from '../ledger.ts';
import { batch, blockedDecision, tenOClock } from './testing/events.ts';
import { ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

const day = 24 * 3_600_000;

function of(workload: string, namespace = 'default'): Pick<NewDecision, 'source'> {
  return { source: { namespace, workload, pod: `${workload}-1`, identity: `spiffe://x/${workload}` } };
}

function ids(ledger: Ledger, query: DecisionQuery = {}): readonly number[] {
  return ledger.decisions(query).map(({ id }) => id);
}

function some(count: number, members: Partial<NewDecision> = {}): readonly NewDecision[] {
  return Array.from({ length: count }, (_, index) => blockedDecision(`h${index}`, members));
}

test('a decision is told as it was taken in', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  const { method: _method, path: _path, ...connection } = blockedDecision('a');
  const refused: NewDecision = {
    ...blockedDecision('api.example.com'),
    destination: {
      kind: 'external',
      host: 'api.example.com',
      port: 443,
      serviceEntry: 'default/api',
      namespace: 'default',
      name: 'api.example.com',
    },
    signature: 'address-refused',
    outcome: { code: 403, flags: 'UAEX', grpcStatus: '7' },
    callerIdentity: 'spiffe://x/caller',
  };
  const taken = [connection, refused, blockedDecision('\u0000"', { path: '/ü\n' })];
  ledger.commit(batch({ decisions: taken }));
  const expected = taken.map((decision, index) => ({ ...decision, id: index + 1 }));
  assert.deepEqual(ledger.decisions({}), expected);
  ledger.close();
  assert.deepEqual(reopened(context, file).decisions({}), expected);
});

test('texts that a caller chose are cut', (context) => {
  const ledger = newLedger(context);
  const long = 'x'.repeat(5000);
  ledger.commit(
    batch({ decisions: [blockedDecision(long, { path: long, details: long, method: long, callerIdentity: long })] }),
  );
  const [{ destination, path, details, method, callerIdentity } = assert.fail()] = ledger.decisions({});
  assert.deepEqual(
    [destination.host, path, details, method, callerIdentity].map((text) => text?.length),
    [300, 300, 300, 300, 300],
  );
});

test('what a commit tells is what is read', (context) => {
  const ledger = newLedger(context);
  const told: Decision[] = [];
  ledger.subscribe(({ decisions }) => told.push(...decisions));
  // Half of a character, as a caller may send it.
  ledger.commit(batch({ decisions: [blockedDecision('\ud800.example', { path: '/\udfff', lastAt: 1.5 })] }));
  assert.equal(told.length, 1);
  assert.deepEqual(ledger.decisions({}), told);
});

test('the newest are told oldest first, those after an id in their order', (context) => {
  const ledger = newLedger(context);
  ledger.commit(batch({ decisions: some(10) }));
  assert.deepEqual(ids(ledger, { limit: 3 }), [8, 9, 10]);
  assert.deepEqual(ids(ledger, { limit: 3, afterId: 4 }), [5, 6, 7]);
  assert.deepEqual(ids(ledger, { afterId: 10 }), []);
  assert.equal(ledger.lastDecisionId(), 10);
});

test('decisions are found by time, workload, host and verdict', (context) => {
  const ledger = newLedger(context);
  const passed = { verdict: 'passthrough', destination: { kind: 'passthrough', host: 'b', port: 80 } } as const;
  ledger.commit(
    batch({
      decisions: [
        blockedDecision('a', { ...of('x'), lastAt: 100 }),
        blockedDecision('a', { ...of('y'), lastAt: 200 }),
        blockedDecision('b', { ...of('x', 'later'), lastAt: 300 }),
        blockedDecision('b', { ...of('x'), ...passed, lastAt: 200 }),
      ],
    }),
  );
  assert.deepEqual(ids(ledger, { since: 200 }), [2, 3, 4]);
  assert.deepEqual(ids(ledger, { workload: 'x' }), [1, 3, 4]);
  assert.deepEqual(ids(ledger, { namespace: 'later' }), [3]);
  assert.deepEqual(ids(ledger, { namespace: 'default', workload: 'x', since: 200 }), [4]);
  assert.deepEqual(ids(ledger, { host: 'b' }), [3, 4]);
  assert.deepEqual(ids(ledger, { verdict: 'passthrough' }), [4]);
  assert.deepEqual(ids(ledger, { host: 'a', afterId: 1 }), [2]);
});

test('an id is not used twice, though all rows are gone and the ledger was opened again', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  ledger.commit(batch({ decisions: some(5) }));
  ledger.sweep(tenOClock + 32 * day);
  assert.deepEqual(ids(ledger), []);
  ledger.close();
  const again = reopened(context, file);
  assert.equal(again.lastDecisionId(), 5);
  again.commit(batch({ decisions: some(1) }));
  assert.deepEqual(ids(again), [6]);
});

test('the oldest go first, by number and by age', (context) => {
  const ledger = newLedger(context, { decisions: 100 });
  for (let age = 40; age > 0; age -= 1) {
    ledger.commit(batch({ decisions: some(4, { lastAt: tenOClock - age * day }) }));
  }
  assert.deepEqual([ids(ledger)[0], ids(ledger).length], [61, 100]);
  ledger.sweep(tenOClock + 8 * day);
  assert.deepEqual([ids(ledger)[0], ids(ledger).length], [69, 92]);
});

test('who fills the table loses its own decisions, also after a restart', (context) => {
  const file = ledgerFile(context);
  const bounds = { decisions: 100 };
  const first = reopened(context, file, bounds);
  first.commit(batch({ decisions: some(10, of('quiet')) }));
  first.commit(batch({ decisions: some(80, of('loud')) }));
  first.close();
  const ledger = reopened(context, file, bounds);
  for (let times = 0; times < 5; times += 1) ledger.commit(batch({ decisions: some(60, of('loud')) }));
  assert.deepEqual(ids(ledger, { workload: 'quiet' }), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual([ids(ledger).length, ids(ledger).at(-1)], [100, 390]);
});
