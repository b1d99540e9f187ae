// The reading of CEL. That Envoy comes to the same is test/envoy-lab/cel-filter.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { badExpressions, goodExpressions, unreadExpressions } from './cel-syntax.fixture.ts';
import { readCel } from './cel-syntax.ts';

for (const expression of goodExpressions) {
  test(`${expression} is taken`, () => assert.equal(readCel(expression).mistake, undefined));
}

for (const expression of [...badExpressions, ...unreadExpressions]) {
  test(`${expression.slice(0, 60)} is refused`, () => assert.notEqual(readCel(expression).mistake, undefined));
}

test('what an expression asks of an event is known', () => {
  const { attributes } = readCel("request.headers['a.b'].size() > response.code && has(connection.mtls) && foo[bar.x]");
  assert.deepEqual(attributes, ['request.headers', 'response.code', 'connection.mtls', 'bar.x', 'foo']);
});

test('whatever is written is answered, and soon', () => {
  const words = fc.constantFrom(
    ...'( ) [ ] . , ? : && || ! - + == in has size matches request code 1 "a" \'b'.split(' '),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(words).map((parts) => parts.join(' ')),
      ),
      (text) => {
        readCel(text);
      },
    ),
    { seed: 20_261_121, numRuns: 2000 },
  );
  assert.notEqual(readCel('('.repeat(1024)).mistake, undefined);
  assert.equal(readCel(Array.from({ length: 128 }, () => 'true').join('&&')).mistake, undefined);
});
