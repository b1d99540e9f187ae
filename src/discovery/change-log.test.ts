// The log against the plain truth: a list of all changes ever made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChangeLog } from './change-log.ts';

const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 4 });

test('between tells the names whose last change lies there, whatever was forgotten before', () => {
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), fc.nat(), (changes, a, b, c) => {
      const log = createChangeLog(0);
      const last = new Map<string, number>();
      for (const [index, changed] of changes.entries()) {
        log.append(index + 1, changed);
        for (const name of changed) last.set(name, index + 1);
      }
      log.forget(a % changes.length);
      const from = Math.max(log.floor, b % (changes.length + 1));
      const to = from + (c % (changes.length + 1));
      const expected = [...last].filter(([, at]) => at > from && at <= to).map(([name]) => name);
      assert.deepEqual([...log.between(from, to)].sort(), expected.sort());
      for (const [name, at] of last) if (at > log.floor) assert.equal(log.changedAt(name), at);
    }),
    { seed: 11 },
  );
});

test('names that change again and again do not make it grow', () => {
  const log = createChangeLog(0);
  for (let generation = 1; generation <= 10_000; generation++) log.append(generation, ['a', 'b']);
  assert.ok(log.size < 100);
  assert.deepEqual(log.between(9_999, 10_000), ['a', 'b']);
  assert.equal(log.floor, 0);
});

test('ever new names do not make it grow beyond its limit: the oldest are dropped, and it says so', () => {
  const log = createChangeLog(0, 100);
  for (let generation = 1; generation <= 1000; generation++) log.append(generation, [`n${generation}`]);
  assert.ok(log.size <= 200);
  assert.ok(log.floor > 0 && log.floor < 1000);
  assert.equal(log.between(log.floor, 1000).length, 1000 - log.floor);
});
