import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaOf } from './json-schema.ts';
import { serviceEntryKind } from './kinds/service-entry.ts';
import { virtualServiceKind } from './kinds/virtual-service.ts';
import { kinds } from './kinds.ts';

function* nodesOf(schema: unknown): Iterable<Readonly<Record<string, unknown>>> {
  if (typeof schema !== 'object' || schema === null) return;
  if (!Array.isArray(schema)) yield Object(schema);
  for (const value of Object.values(schema)) yield* nodesOf(value);
}

for (const kind of kinds) {
  test(`${kind.kind} has a schema as Kubernetes takes it`, () => {
    for (const node of nodesOf(jsonSchemaOf(kind))) {
      assert.ok(!('$ref' in node), 'no references');
      const listed = typeof node['properties'] === 'object' && 'additionalProperties' in node;
      const others = JSON.stringify(node['additionalProperties']);
      // A status takes what other releases wrote.
      if (listed && node['type'] === 'object') assert.ok(others === 'false' || others === '{}', others);
    }
  });
}

test('fields, types, words and bounds are those that are accepted', () => {
  const { properties } = Object(jsonSchemaOf(serviceEntryKind));
  const { spec, apiVersion, kind } = properties;
  assert.equal(spec.additionalProperties, false);
  assert.deepEqual(spec.required, ['hosts']);
  assert.deepEqual(spec.properties.location.enum, ['MESH_EXTERNAL', 'MESH_INTERNAL']);
  assert.deepEqual([spec.properties.hosts.minItems, spec.properties.hosts.maxItems], [1, 256]);
  assert.deepEqual([kind.const, apiVersion.enum[0]], ['ServiceEntry', 'networking.istio.io/v1']);
});

test('maps say what their values are', () => {
  const { spec } = Object(jsonSchemaOf(virtualServiceKind)).properties;
  const { headers } = spec.properties.http.items.properties.match.items.properties;
  assert.equal(headers.type, 'object');
  assert.deepEqual(Object.keys(headers.additionalProperties.properties).sort(), ['exact', 'prefix', 'regex']);
});
