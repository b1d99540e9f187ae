// Waiting on a journal: what came before counts, order is kept, and a wait that fails says what there was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJournal } from './journal.ts';

test('next takes items in order, those that came before the wait too', async () => {
  const journal = createJournal<number>('numbers');
  journal.push(1);
  journal.push(2);
  assert.equal(await journal.next(), 1);
  assert.equal(await journal.next(), 2);
  const later = journal.next();
  journal.push(3);
  assert.equal(await later, 3);
  assert.deepEqual(journal.items, [1, 2, 3]);
});

test('waits in parallel each get an item of their own', async () => {
  const journal = createJournal<number>('numbers');
  const both = Promise.all([journal.next(), journal.next()]);
  journal.push(1);
  journal.push(2);
  assert.deepEqual(await both, [1, 2]);
});

test('next skips what does not fit, find takes nothing', async () => {
  const journal = createJournal<number>('numbers');
  for (const item of [1, 2, 3]) journal.push(item);
  assert.equal(await journal.find((item) => item === 1), 1);
  assert.equal(await journal.next((item) => item > 1), 2);
  assert.equal(await journal.find((item) => item === 1), 1);
  assert.equal(await journal.next(), 3);
});

test('a wait that runs out of time tells what there was', async () => {
  const journal = createJournal<number>('numbers', (item) => `number ${item}`);
  journal.push(1);
  await assert.rejects(
    journal.find((item) => item === 2, 10),
    /numbers: nothing fitting in 10 ms; 1 items\n {2}number 1/,
  );
});
