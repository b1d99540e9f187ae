import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { decodeManifestBytes, decodeManifests, decodeObject } from './decode.ts';

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.tuple(label, label).map(([name, domain]) => `${name}.${domain}.example`);

const entry = fc.record(
  {
    name: label,
    annotation: fc.string({ unit: 'grapheme' }),
    hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 3 }),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 3 }),
    protocol: fc.constantFrom('HTTP', 'https', 'TLS', 'gRPC'),
  },
  { noNullPrototype: true },
);

test('what is printed is decoded to the same object', () => {
  fc.assert(
    fc.property(entry, ({ name, annotation, hosts, ports, protocol }) => {
      const object = {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name, namespace: 'default', annotations: { note: annotation } },
        spec: {
          hosts,
          ports: ports.map((number) => ({ number, name: `p-${number}`, protocol })),
          resolution: 'DNS',
        },
      };
      for (const text of [stringify(object), JSON.stringify(object), JSON.stringify(object, null, '\t')]) {
        const { objects, diagnostics } = decodeManifests(text, 'f');
        assert.deepEqual(diagnostics, []);
        assert.deepEqual(objects[0]?.object, object);
      }
    }),
    { seed: 20261121, numRuns: 200 },
  );
});

test('no text and no value is thrown at', () => {
  const fragment = fc.constantFrom(
    'apiVersion: networking.istio.io/v1\n',
    'kind: ServiceEntry\n',
    'kind: List\n',
    'items:\n- ',
    'metadata:\n  name: a\n',
    'spec:\n  hosts:\n',
    '  - ',
    '---\n',
    '...\n',
    '&a ',
    '*a',
    '? ',
    ': ',
    '!!binary ',
    '|\n',
    '{',
    '}',
    '[',
    ']',
    '"',
    '\t',
    '\r\n',
    '%',
    '#',
    '__proto__: ',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(fragment, fc.string({ maxLength: 4 }))).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      for (const { source } of decodeManifests(given, 'f').diagnostics) {
        assert.ok(source !== undefined && source.line >= 1 && source.column >= 1);
      }
    }),
    { seed: 20261121, numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => void decodeManifestBytes(bytes, 'f')),
    { seed: 20261121, numRuns: 500 },
  );
  const spec = fc.dictionary(
    fc.constantFrom('hosts', 'ports', 'addresses', 'endpoints', 'exportTo', 'x'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(spec, fc.jsonValue(), (given, metadata) => {
      decodeObject({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec: given });
    }),
    { seed: 20261121, numRuns: 1000 },
  );
});
