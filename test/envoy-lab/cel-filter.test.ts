// The filters of access logs, in CEL: whatever validation lets through Envoy must take, since it refuses the whole listener
// for one that it does not; and what asks for something that is not there keeps the line from being written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { badExpressions, goodExpressions, unreadExpressions } from '../../src/api/cel-syntax.fixture.ts';
import { readCel } from '../../src/api/cel-syntax.ts';
import { validateConfig } from '../support/envoy-process.ts';

function validateFilters(expressions: readonly string[]) {
  const logs = expressions.map((expression) => ({
    name: 'log',
    filter: {
      extension_filter: {
        name: 'envoy.access_loggers.extension_filters.cel',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
          expression,
        },
      },
    },
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog' },
  }));
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  return validateConfig({
    static_resources: { listeners: [{ name: 'a', address, access_log: logs, filter_chains: [{ filters: [] }] }] },
  });
}

test('Envoy takes the expressions that we take, and some that we do not', async () => {
  const { ok, output } = await validateFilters([...goodExpressions, ...unreadExpressions]);
  assert.ok(ok, output);
});

test('Envoy refuses a listener for one expression that it does not take', async () => {
  for (const expression of badExpressions) {
    const { ok } = await validateFilters(['true', expression]);
    assert.equal(ok, false, expression);
  }
});

test('Envoy takes whatever is put together in the forms of CEL and passes our reading', async () => {
  const forms: readonly ((one: string, other: string) => string)[] = [
    (one, other) => `${one} && ${other}`,
    (one, other) => `${one} || (${other})`,
    (one, other) => `${one} == ${other}`,
    (one, other) => `${one} in [${other}, ${one}]`,
    (one, other) => `${one} + ${other} * 2`,
    (one, other) => `${one} ? ${other} : ${one}`,
    (one, other) => `request.headers[${one}].contains(${other})`,
    (one) => `!(${one})`,
    (one) => `-${one}`,
    (one) => `!${one}`,
    (one) => `size(${one})`,
    (one) => `(${one}).matches('^a')`,
    (one) => `has(${one})`,
    (one) => `${one}.code`,
    (one) => `${one}${'.a'.repeat(9)}`,
    (one, other) => `${one}${` + ${other}`.repeat(9)}`,
    (one, other) => `${other} == 1 + 2 * -(${one}${'.size()'.repeat(5)})`,
  ];
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(
        ...goodExpressions,
        "'a'",
        'b"a"',
        '1',
        '1.5',
        '0x1',
        '2u',
        'true',
        'null',
        'request.path',
        'xds',
      ),
      fc
        .tuple(fc.constantFrom(...forms), tie('expression'), tie('expression'))
        .map(([form, one, other]) => form(one, other)),
    ),
  }));
  const generated = fc.sample(expression, { seed: 20_261_121, numRuns: 1200 });
  const taken = [...new Set(generated)].filter((one) => one.length <= 300 && readCel(one).mistake === undefined);
  assert.ok(taken.length > 300, `${taken.length} were taken`);
  await assertTaken(taken);
});

test('Envoy takes whatever regular expression passes our reading', async () => {
  const parts =
    '. .{9} [^/]{9} [^a-c] \\w \\W \\D+ \\S [[:^alpha:]] [k-s] kkkkkk sss a {9} {2,6} ? ( ) | (?i) (?i:k) (?i)kkkkkkkkkkkkkk \\x{e9}{24} ^ $ é';
  const regex = fc.array(fc.constantFrom(...parts.split(' ')), { minLength: 1, maxLength: 6 });
  const generated = fc.sample(regex, { seed: 20_261_122, numRuns: 3000 });
  const expressions = [...new Set(generated.map((all) => `request.path.matches(r'${all.join('')}')`))];
  const taken = expressions.filter((one) => readCel(one).mistake === undefined);
  assert.ok(taken.length > 300, `${taken.length} were taken`);
  await assertTaken(taken);
});

/** As many at a time as fit into one command line. */
async function assertTaken(expressions: readonly string[]): Promise<void> {
  for (let from = 0; from < expressions.length; from += 150) {
    const { ok, output } = await validateFilters(expressions.slice(from, from + 150));
    assert.ok(ok, output.slice(-2000));
  }
}
