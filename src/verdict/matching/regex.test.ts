// Expressions as RE2 takes them, and in no more time than the text is long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesRegex, replaceRegex } from './regex.ts';

test('the whole text is asked', () => {
  assert.equal(matchesRegex('/v[0-9]+', '/v1'), true);
  assert.equal(matchesRegex('/v[0-9]+', '/v1/more'), false);
  assert.equal(matchesRegex('(?i)API\\..*', 'api.example'), true);
  assert.equal(matchesRegex('(?P<word>a+)b\\z', 'aab'), true);
});

test('what is no expression of RE2 cannot be told', () => {
  assert.equal(matchesRegex('(a)\\1', 'aa'), undefined);
  assert.equal(matchesRegex('(?=a)a', 'a'), undefined);
  assert.equal(replaceRegex('(', 'a', 'b'), undefined);
});

test('every match is replaced, groups by their numbers', () => {
  assert.equal(replaceRegex('/(\\w+)/old', '/shop/old/old', '/\\1/new'), '/shop/new/old');
  assert.equal(replaceRegex('a(x)?', 'axa', '[\\0|\\1]$1'), '[ax|x]$1[a|]$1');
  assert.equal(replaceRegex('/(\\w+)/(\\w+)', '/a/b', '/\\2/\\1'), '/b/a');
  assert.equal(replaceRegex('none', 'text', 'x'), 'text');
});

test('an expression that makes others stand still does not', { timeout: 5000 }, () => {
  assert.equal(matchesRegex('(a+)+b', 'a'.repeat(50_000)), false);
});
