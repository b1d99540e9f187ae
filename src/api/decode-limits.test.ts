// Text made to exhaust or confuse a reader ends in a diagnostic with a place, soon.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests, decodeObject } from './decode.ts';
import { withinASecond } from './testing/work.ts';

const laughs = Array.from({ length: 9 }, (_, level) => {
  const name = String.fromCharCode(98 + level);
  const before = `*${String.fromCharCode(97 + level)}`;
  return `${name}: &${name} [${Array.from({ length: 9 }, () => before).join(', ')}]`;
});

const cases: readonly (readonly [what: string, text: string, code: string, line: number, column: number])[] = [
  ['a billion laughs', `a: &a [x]\n${laughs.join('\n')}`, 'SP0005', 3, 8],
  ['few aliases of much', `a: &a [${'x,'.repeat(26_000)}]\nb: [*a, *a, *a, *a]`, 'SP0005', 2, 17],
  ['an anchor within itself', 'a: &a [*a]', 'SP0004', 1, 7],
  ['an unknown anchor', 'a: *x', 'SP0012', 1, 4],
  ['ten thousand brackets', '['.repeat(10_000), 'SP0004', 1, 144],
  ['ten thousand dashes', '- '.repeat(10_000), 'SP0004', 1, 287],
  ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, 'SP0004', 1, 65],
  ['a huge document', `# small\n---\na: ${'x'.repeat(11 * 1024 * 1024)}`, 'SP0002', 2, 1],
  ['200,000 fields', `# small\n---\n${'x: 1\n'.repeat(200_000)}`, 'SP0002', 2, 1],
  ['700,000 items in a line', `a: [${'b,'.repeat(700_000)}]`, 'SP0002', 1, 1],
  ['a million documents that are none', `a: 1\n${'---\n'.repeat(1_000_000)}`, 'SP0106', 1, 1],
  ['a million documents that are wrong', '---\na\n'.repeat(1_000_000), 'SP0110', 2001, 1],
  ['a key twice', 'kind: a\nkind: b', 'SP0006', 2, 1],
  ['a merge key', 'a: &a {b: c}\nd:\n  <<: *a', 'SP0007', 3, 3],
  ['a custom tag', 'a: 1\nb: !!js/function "x"', 'SP0008', 2, 18],
  ['a local tag', 'a: !include secret.yaml', 'SP0008', 1, 13],
  ['a key that is a list', '[a]: 1', 'SP0009', 1, 1],
  ['a key that is nothing', '? \n: 1', 'SP0009', 1, 3],
  ['an integer above 2^53', 'a: 9007199254740993', 'SP0010', 1, 4],
  ['infinity', 'a: .inf', 'SP0010', 1, 4],
  ['a NUL', 'a: b\nc: \u0000', 'SP0011', 2, 4],
  ['a tab as indent', 'a:\n\tb: 1', 'SP0003', 2, 1],
  ['a quote left open', 'a: "b', 'SP0003', 1, 6],
];

for (const [what, text, code, line, column] of cases) {
  test(`${what} is ${code}`, () => {
    const { objects, diagnostics } = withinASecond(() => decodeManifests(text, 'f'));
    const found = diagnostics.find((diagnostic) => diagnostic.code === code);
    assert.deepEqual(found?.source, { file: 'f', line, column });
    assert.deepEqual(objects, []);
    assert.ok(diagnostics.every(({ message }) => message.length < 300));
  });
}

test('64 levels, CRLF, a byte order mark, a directive and aliases are read', () => {
  const deep = `${'['.repeat(61)}${']'.repeat(61)}`;
  const text = `\uFEFF%YAML 1.2\n---\napiVersion: v1\nkind: Namespace\nmetadata: &m {name: a}\nspec: {deep: ${deep}}\n`;
  assert.deepEqual(decodeManifests(text.replaceAll('\n', '\r\n'), 'f').diagnostics, []);
  const shared = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: &l {a: b}, annotations: *l}';
  assert.deepEqual(decodeManifests(shared, 'f').objects[0]?.object.metadata.annotations, { a: 'b' });
});

test('a hundred mistakes of an object are shown, soon, however many there are', () => {
  const fields = Array.from({ length: 30_000 }, (_, index) => `resolutoin${index}: x\n`).join('');
  const text = `apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n${fields}`;
  const { diagnostics } = withinASecond(() => decodeManifests(text, 'f'));
  assert.deepEqual([diagnostics.length, diagnostics.filter(({ code }) => code === 'SP0110').length], [101, 1]);
});

test('a document with thousands of mistakes in its text shows a hundred, and gives no object', () => {
  const text = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {${'a: 1, '.repeat(5000)}}`;
  const { objects, diagnostics } = decodeManifests(text, 'f');
  assert.deepEqual(objects, []);
  assert.equal(diagnostics.filter(({ code }) => code === 'SP0006').length, 100);
  assert.equal(diagnostics.filter(({ code }) => code === 'SP0110').length, 1);
});

test('a List of very many items is no danger to the stack', () => {
  const { diagnostics } = decodeManifests(`{"kind":"List","items":[${'1,'.repeat(150_000)}1]}`, 'f');
  assert.deepEqual([diagnostics.length, diagnostics.at(-1)?.code], [1002, 'SP0110']);
});

test('a value nested without end over the API is refused', () => {
  let value: unknown = {};
  for (let level = 0; level < 20_000; level += 1) value = { a: value };
  assert.deepEqual(
    decodeObject(value).diagnostics.map(({ code }) => code),
    ['SP0004'],
  );
});

test('a thousand entries are decoded within a second', () => {
  const entry = (index: number) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: host-${index}}
spec:
  hosts: [host-${index}.example.com]
  resolution: DNS
  ports:
  - {number: 80, name: http, protocol: HTTP}
  - {number: 443, name: https, protocol: HTTPS}
`;
  const text = Array.from({ length: 1000 }, (_, index) => entry(index)).join('---\n');
  const { objects, diagnostics } = withinASecond(() => decodeManifests(text, 'f'));
  assert.deepEqual([objects.length, diagnostics], [1000, []]);
});

test('warnings, however many, keep no object out', () => {
  const items = Array.from({ length: 1100 }, (_, index) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: `wide-${index}` },
    spec: { hosts: ['a.example.com'], resolution: 'DNS' },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items };
  const { objects, diagnostics } = decodeManifests(JSON.stringify(list), 'f');
  assert.equal(objects.length, items.length);
  assert.ok(diagnostics.length >= items.length && diagnostics.every(({ severity }) => severity === 'warning'));
});
