// Whose the numbers of a cluster are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCounterKey } from '../../../xds/counter-key.ts';
import { createClusterShares, partsOf } from './cluster-shares.ts';

function key(reporter: string, route: string) {
  const parsed = parseCounterKey(`${reporter};up;${route};200;-;;-`);
  assert.ok(parsed);
  return parsed;
}

test('parts of a count are whole, in proportion, and add up', () => {
  assert.deepEqual(partsOf(10, [1, 1, 2]), [2, 3, 5]);
  assert.deepEqual(partsOf(7, [0, 0]), [7, 0]);
  const weights = fc.array(fc.nat(1000), { minLength: 1 });
  fc.assert(
    fc.property(fc.nat(), weights, (count, all) => {
      const parts = partsOf(count, all);
      const sum = all.reduce((total, weight) => total + weight, 0) || 1;
      assert.equal(
        parts.reduce((total, part) => total + part, 0),
        count,
      );
      for (const [index, part] of parts.entries())
        if (sum > 1) assert.ok(Math.abs(part - (count * (all[index] ?? 0)) / sum) <= 1);
    }),
  );
});

test('those who used a cluster since the last settling, else those who used it last', () => {
  const shares = createClusterShares();
  const told = () => shares.of('up').map(({ reporter, route, count }) => [reporter, route, count]);
  assert.deepEqual(told(), []);
  shares.add(key('relay', 'a'), 2);
  shares.add(key('gateway', 'a'), 1);
  shares.add(key('relay', 'a'), 3);
  shares.settle();
  shares.settle();
  assert.deepEqual(told(), [
    ['relay', 'a', 5],
    ['gateway', 'a', 1],
  ]);
  shares.add(key('relay', 'b'), 4);
  assert.deepEqual(told(), [['relay', 'b', 4]]);
});
