// Envoy's words on clusters and listeners, split into what it says of each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opaque } from '../../test/support/memory-view.ts';
import { createRefusals, wasRefused } from './refusals.ts';

function refused(names: readonly string[], error: string) {
  const refusals = createRefusals();
  const updated = names.map((name) => opaque(name));
  wasRefused(refusals, { updated, removed: [], nonce: '', frame: Buffer.alloc(0) }, error, 0);
  const words = [...refusals.refused].map(([name, { error: said }]) => [name, said]);
  return { words: Object.fromEntries(words), trials: refusals.trials };
}

test('clusters stand behind commas, which their reasons may have as well', () => {
  const error = "Error adding/updating cluster(s) outbound|80||a: set to 'X', or 'Y', outbound|80||b: no";
  assert.deepEqual(refused(['outbound|80||a', 'outbound|80||b', 'outbound|80||c'], error), {
    words: { 'outbound|80||a': "set to 'X', or 'Y'", 'outbound|80||b': 'no' },
    trials: [['outbound|80||c']],
  });
});

test('listeners stand on lines', () => {
  const error = 'Error adding/updating listener(s) 0.0.0.0_80: first: of two\nlines\n0.0.0.0_81: no\n';
  assert.deepEqual(refused(['0.0.0.0_80', '0.0.0.0_81', '0.0.0.0_8'], error), {
    words: { '0.0.0.0_80': 'first: of two\nlines', '0.0.0.0_81': 'no' },
    trials: [['0.0.0.0_8']],
  });
});

test('a name in other words is a hint only', () => {
  assert.deepEqual(refused(['80/a', '80/b', '80/c'], 'name: "80/b" is no good'), {
    words: {},
    trials: [['80/a', '80/c'], ['80/b']],
  });
});
