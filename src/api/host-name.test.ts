import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizeHost } from './host-name.ts';

const accepted: readonly (readonly [string, string])[] = [
  ['httpbin.org', 'httpbin.org'],
  ['HTTPBin.ORG', 'httpbin.org'],
  ['httpbin.org.', 'httpbin.org'],
  ['localhost', 'localhost'],
  ['*.wikipedia.org', '*.wikipedia.org'],
  ['*.Wikipedia.ORG.', '*.wikipedia.org'],
  ['*.com', '*.com'],
  ['Bücher.example', 'xn--bcher-kva.example'],
  ['xn--BCHER-kva.example', 'xn--bcher-kva.example'],
  ['faß.de', 'xn--fa-hia.de'],
  ['ａ.example', 'a.example'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['10.9.0.2', '10.9.0.2'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['[::1]', '::1'],
  ['constructor', 'constructor'],
];

for (const [given, expected] of accepted) {
  test(`normalizeHost(${given}) is ${expected}`, () => assert.equal(normalizeHost(given), expected));
}

const refused: readonly string[] = [
  '',
  '.',
  '*',
  '*.',
  '*.*.example.com',
  '*example.com',
  'a.*.com',
  'exam*',
  '*.1.2.3.4',
  'a..b',
  '.example.com',
  'example.com..',
  '-a.example',
  'a-.example',
  'a_b.example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(127)}example`,
  'exam ple.com',
  'example.com:80',
  'http://example.com',
  'example.com/evil',
  'user@example.com',
  'a%41.com',
  'example.com#evil',
  'example.com\u0000',
  '\u202ecom.example',
  '127.1',
  '0x7f.0.0.1',
  '0x0a090002',
  '1.2.3.4.5',
  'fe80::1%eth0',
  '[::1]:80',
  '__proto__',
];

for (const given of refused) {
  test(`normalizeHost refuses ${JSON.stringify(given)}`, () => assert.equal(normalizeHost(given), undefined));
}

test('normalizeHost is idempotent, lower case, and never throws', () => {
  const label = fc.string({ unit: 'grapheme', maxLength: 12 });
  const host = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
    fc.array(label).map((labels) => labels.join('.')),
    fc.domain().map((name) => `*.${name.toUpperCase()}.`),
  );
  fc.assert(
    fc.property(host, (text) => {
      const normal = normalizeHost(text);
      if (normal === undefined) return;
      assert.equal(normalizeHost(normal), normal);
      assert.equal(normal, normal.toLowerCase());
      assert.match(normal, /^(\*\.)?[a-z0-9.:-]+$/);
    }),
    { seed: 20261121, numRuns: 3000 },
  );
});
