import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rmSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openLedger } from '../telemetry/ledger/open-ledger.ts';
import { batch, blocked, observation, tenOClock } from '../telemetry/ledger/testing/events.ts';
import { ledgerFile } from '../telemetry/ledger/testing/ledger-file.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import { createForesight, type Foresight } from './foresight.ts';

interface Rig {
  readonly file: string;
  readonly ledger: Ledger;
  readonly foresight: Foresight;
  /** `began` and `ended`. */
  readonly workers: EventEmitter;
}

function rig(context: TestContext, idleMs?: number): Rig {
  const file = ledgerFile(context);
  const ledger = openLedger({ file, clock: () => tenOClock });
  const workers = new EventEmitter();
  const foresight = createForesight({
    files: { traffic: file },
    onWorker: (state) => workers.emit(state),
    ...(idleMs === undefined ? {} : { idleMs }),
  });
  context.after(async () => {
    await foresight.close();
    ledger.close();
  });
  return { file, ledger, foresight, workers };
}

const all = { name: 'seen', ask: { since: 0 } } as const;

test('a job sees what was committed before it, while the ledger goes on', async (context) => {
  const { ledger, foresight } = rig(context);
  assert.deepEqual(await foresight.run(all), []);
  ledger.commit(batch({ observations: [observation({ requests: 3 }), blocked('a.test')] }));
  const seen = await foresight.run(all);
  assert.deepEqual(
    seen.map(({ destination, requests }) => [destination.host, requests]),
    [
      ['api.example.com', 3],
      ['a.test', 1],
    ],
  );
  assert.deepEqual((await foresight.run({ name: 'seen', ask: { since: 0, kinds: ['blocked'] } })).length, 1);
});

test('jobs share one worker, which ends when it has had nothing to do for a while', async (context) => {
  const { foresight, workers } = rig(context, 20);
  let began = 0;
  workers.on('began', () => (began += 1));
  const ended = once(workers, 'ended');
  await Promise.all([foresight.run(all), foresight.run(all), foresight.run(all)]);
  assert.equal(began, 1);
  await ended;
  await foresight.run(all);
  assert.equal(began, 2);
});

test('a job that is aborted is rejected at once, whether it runs or waits; the others are answered', async (context) => {
  const { foresight } = rig(context);
  const [running, waiting] = [new AbortController(), new AbortController()];
  const answers = [
    foresight.run(all, running.signal),
    foresight.run(all, waiting.signal),
    foresight.run(all),
    foresight.run(all, AbortSignal.abort(new Error('before'))),
  ];
  const settled = Promise.allSettled(answers);
  waiting.abort(new Error('while it waits'));
  running.abort(new Error('while it runs'));
  assert.deepEqual(
    (await settled).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
    ['Error: while it runs', 'Error: while it waits', [], 'Error: before'],
  );
});

test('what a job throws arrives: what a person can mend with code and hint, a bug as one', async (context) => {
  const { file, ledger, foresight } = rig(context);
  ledger.commit(batch({ observations: [observation()] }));
  ledger.close();
  const database = new DatabaseSync(file);
  database.exec(`UPDATE flows SET key = '["default"]'`);
  database.close();
  await assert.rejects(
    foresight.run(all),
    (error: Error) => !('code' in error) && /flow-identity/.test(error.stack ?? ''),
  );
  truncateSync(file, 100);
  await assert.rejects(foresight.run(all), { code: 'SP_STORE_CORRUPT', hint: /./ });
  rmSync(file);
  await assert.rejects(foresight.run(all), { code: 'SP_STORE_UNREADABLE' });
});

test('too many at once are refused, and those that wait when it closes are rejected', async (context) => {
  const { foresight } = rig(context);
  const waiting = Promise.allSettled(Array.from({ length: 16 }, () => foresight.run(all)));
  await assert.rejects(foresight.run(all), { code: 'SP_BUSY', hint: 'ask again in a while' });
  await foresight.close();
  for (const one of await waiting) assert.ok(one.status === 'rejected' && one.reason.code === 'SP_CLOSED');
  await assert.rejects(foresight.run(all), { code: 'SP_CLOSED' });
});
