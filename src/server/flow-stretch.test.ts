import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedStretch, toldStretch } from './flow-stretch.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 30);
const at = (hours: number, minutes: number) => Date.UTC(2026, 0, 1, hours, minutes);

test('without words the last five minutes are meant', () => {
  assert.deepEqual(askedStretch({}, now), { from: now - 300_000 });
  assert.deepEqual(askedStretch({ since: 1000 }, now), { from: now - 1000 });
  assert.deepEqual(askedStretch({ since: 1000, to: at(10, 0) }, now), { from: at(10, 0) - 1000, to: at(10, 0) });
  assert.deepEqual(askedStretch({ from: at(9, 0) }, now), { from: at(9, 0) });
  assert.deepEqual(askedStretch({ since: now + 1 }, now), { from: 0 });
});

test('a stretch that is none is refused', () => {
  const refused = { code: 'SP_BAD_REQUEST' };
  assert.throws(() => askedStretch({ since: 1, from: 1 }, now), refused);
  assert.throws(() => askedStretch({ from: at(9, 0), to: at(9, 0) }, now), refused);
  assert.throws(() => askedStretch({ from: at(13, 0) }, now), refused);
});

test('what is told are whole minutes of the last hour, else whole hours, and nothing of the future', () => {
  assert.deepEqual(toldStretch({ from: now - 60_000 }, now), { from: at(11, 59), to: now });
  const past = { from: at(11, 30) + 1, to: at(11, 31) + 1 };
  assert.deepEqual(toldStretch(past, now), { from: at(11, 30), to: at(11, 32) });
  const older = { from: at(9, 30), to: at(10, 30) };
  assert.deepEqual(toldStretch(older, now), { from: at(9, 0), to: at(11, 0) });
});
