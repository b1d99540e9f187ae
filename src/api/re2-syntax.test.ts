// What RE2 takes and refuses. test/envoy-lab/regex-syntax.test.ts asks the real Envoy about the same texts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acceptedRegexes, refusedRegexes } from './re2-syntax.fixture.ts';
import { readRe2 } from './re2-syntax.ts';

for (const text of acceptedRegexes) {
  test(`accepted: ${text.slice(0, 60)}`, () => assert.equal(readRe2(text).mistake, undefined));
}

for (const [text, mistake] of refusedRegexes) {
  test(`refused: ${text.slice(0, 60)}`, () => assert.equal(readRe2(text).mistake, mistake));
}

test('groups are counted', () => {
  for (const [text, groups] of [
    ['a', 0],
    ['(a)(?:b)((c))', 3],
    ['(?P<n>a)(?<m>b)(?i)(?i:c)', 2],
    ['\\(a[()]\\Q(\\E', 0],
  ] as const) {
    assert.equal(readRe2(text).groups, groups, text);
  }
});

test('what repeats a lot is large', () => {
  assert.ok(readRe2('(?:[a-z0-9]{100}\\.){10}').size < 32_768);
  assert.ok(readRe2(`(?:${'\\pL'.repeat(20)}){1000}`).size > 32_768);
});

test('no text is thrown at, and none of the greatest length takes long', () => {
  const token = fc.constantFrom(
    '(',
    ')',
    '(?',
    '[',
    '[^',
    ']',
    '*',
    '{2}',
    '{',
    '}',
    '|',
    '\\',
    '\\p{',
    '\\Q',
    '[:',
    'é',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(token, fc.string())).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (given) => void readRe2(given)),
    { seed: 20261121, numRuns: 2000 },
  );
  const started = performance.now();
  for (const long of ['(', '[', '[:', '[[:a:', '\\Q', '(?P<', '(a*', '{1,', '\\p{', '\\'])
    readRe2(long.repeat(1024 / long.length));
  assert.ok(performance.now() - started < 1000);
});
