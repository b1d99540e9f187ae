import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneLine } from './log.ts';

test('a line stays one line, and short', () => {
  assert.equal(oneLine(' a\nb\r\n\u001b[31mred '), 'a b [31mred');
  assert.equal(oneLine('x'.repeat(300)), 'x'.repeat(300));
  assert.equal(oneLine('x'.repeat(301)), `${'x'.repeat(299)}…`);
});
