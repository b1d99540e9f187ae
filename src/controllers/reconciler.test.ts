import { test } from 'node:test';
import { pino } from 'pino';
import { until } from '../../test/support/until.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';

const log = pino({ level: 'silent' });

function reconciler(t: { after(end: () => void): void }, reconcile: (key: string) => Promise<void>): Reconciler {
  const life = new AbortController();
  t.after(() => life.abort());
  return createReconciler({ reconcile, signal: life.signal, log });
}

test('a name that is added while it is worked on is worked on once more', async (t) => {
  let runs = 0;
  const work = reconciler(t, async () => {
    runs += 1;
    if (runs === 1) for (let times = 0; times < 3; times += 1) void work.enqueue('a');
  });
  await work.enqueue('a');
  await until('twice', () => runs === 2);
});

test('a name that is added in whichever turn after the work is not lost', async (t) => {
  for (let turns = 0; turns < 12; turns += 1) {
    let wanted = 0;
    let seen = 0;
    const work = reconciler(t, async () => {
      seen = wanted;
    });
    const first = work.enqueue('a');
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    wanted = 1;
    void work.enqueue('a');
    await first;
    await until(`seen after ${turns} turns`, () => seen === 1, 500);
  }
});

test('what fails is tried again', async (t) => {
  let runs = 0;
  const work = reconciler(t, async () => {
    runs += 1;
    if (runs === 1) throw new Error('not yet');
  });
  await work.enqueue('a');
  await until('twice', () => runs === 2);
});
