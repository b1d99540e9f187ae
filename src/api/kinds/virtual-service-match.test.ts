// Mistakes in the conditions of a VirtualService's HTTP rules, each with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeKind, type Spec } from './networking.fixture.ts';
import { findings, matching } from './virtual-service.fixture.ts';

const at = 'spec.http[0]';

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  [
    'no match type',
    matching({ uri: {} }),
    [`!SP0701 ${at}.match[0].uri: needs exactly one of exact, prefix and regex`],
  ],
  [
    'two match types',
    matching({ uri: { exact: '/', prefix: '/' }, headers: { a: { exact: '1', regex: '1' } } }),
    [
      `!SP0701 ${at}.match[0].uri: needs exactly one of exact, prefix and regex`,
      `!SP0701 ${at}.match[0].headers.a: has more than one of exact, prefix and regex`,
    ],
  ],
  [
    'an empty prefix',
    matching({ headers: { 'x-a': { prefix: '' } } }),
    [`!SP0701 ${at}.match[0].headers.x-a.prefix: prefix string match should not be empty`],
  ],
  [
    'an unknown match type',
    matching({ headers: { 'x-a': { suffix: 'b' } } }),
    [`!SP0104 ${at}.match[0].headers.x-a.suffix: unknown field 'suffix'`],
  ],
  [
    'a header that is a text',
    matching({ headers: { 'x-a': 'b' } }),
    [`!SP0105 ${at}.match[0].headers.x-a: expected a mapping, got the text "b"`],
  ],
  ['headers in a list', matching({ headers: [] }), [`!SP0105 ${at}.match[0].headers: expected a mapping, got a list`]],
  [
    'an empty expression',
    matching({ uri: { regex: '' } }),
    [`!SP0702 ${at}.match[0].uri.regex: regex string match should not be empty`],
  ],
  [
    'a long expression',
    matching({ uri: { regex: 'é'.repeat(513) } }),
    [`!SP0702 ${at}.match[0].uri.regex: regex is too large, max length allowed is 1024`],
  ],
  [
    'look-ahead',
    matching({ uri: { regex: '(?=a)' } }),
    [`!SP0702 ${at}.match[0].uri.regex: invalid perl operator: (?=`],
  ],
  [
    'a large program',
    matching({ uri: { regex: `(${'\\pL'.repeat(20)}){1000}` } }),
    [`!SP0702 ${at}.match[0].uri.regex: regex repeats too much`],
  ],
  [
    'names of headers',
    matching({ headers: { 'a b': {}, '': {} }, withoutHeaders: { 'a:': {} } }),
    [
      `!SP0712 ${at}.match[0].headers["a b"]: 'a b' is not the name of a header`,
      `!SP0712 ${at}.match[0].headers[""]: header name cannot be empty`,
      `!SP0712 ${at}.match[0].withoutHeaders["a:"]: 'a:' is not the name of a header`,
    ],
  ],
  [
    'names of parameters',
    matching({ queryParams: { '': {} } }),
    [`!SP0701 ${at}.match[0].queryParams[""]: query parameter name cannot be empty`],
  ],
  [
    'a namespace',
    matching({ sourceNamespace: 'A' }),
    [`!SP0202 ${at}.match[0].sourceNamespace: sourceNamespace match A is invalid`],
  ],
  ['a port', matching({ port: 0 }), [`!SP0108 ${at}.match[0].port: port number 0 must be in the range 1..65535`]],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}

test('a mistyped field under a name that was chosen is compared with the known ones', () => {
  const { diagnostics } = decodeKind('VirtualService', matching({ headers: { 'x-a': { exat: 'b' } } }));
  assert.deepEqual(
    diagnostics.map(({ hint }) => hint),
    ["did you mean 'exact'?"],
  );
});
