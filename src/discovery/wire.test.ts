// The bytes put together by hand against those that the generated code makes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { DeltaDiscoveryResponseSchema, ResourceSchema } from '../envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import { typeUrls } from './view.ts';
import { encodeResponse, frameHeaderBytes } from './wire.ts';

const resource = fc.record({
  name: fc.string({ unit: 'grapheme', minLength: 1 }),
  version: fc.string({ minLength: 1 }),
  bytes: fc.uint8Array({ maxLength: 40_000 }),
  origins: fc.constant([]),
});

test('a response says what went in', () => {
  fc.assert(
    fc.property(fc.array(resource, { maxLength: 5 }), fc.array(fc.string({ minLength: 1 })), (updated, removed) => {
      const frame = encodeResponse({ type: typeUrls.cluster, nonce: 'n', updated, removed });
      assert.equal(frame[0], 0);
      assert.equal(frame.readUInt32BE(1), frame.length - frameHeaderBytes);
      const message = fromBinary(DeltaDiscoveryResponseSchema, frame.subarray(frameHeaderBytes));
      const expected = create(DeltaDiscoveryResponseSchema, {
        typeUrl: typeUrls.cluster,
        nonce: 'n',
        removedResources: removed,
        resources: updated.map(({ name, version, bytes }) =>
          create(ResourceSchema, {
            name,
            version,
            resource: create(AnySchema, { typeUrl: typeUrls.cluster, value: bytes }),
          }),
        ),
      });
      assert.deepEqual(plain(message), plain(expected));
    }),
    { seed: 5, numRuns: 50 },
  );
});

function plain({
  typeUrl,
  nonce,
  removedResources,
  resources,
}: ReturnType<typeof create<typeof DeltaDiscoveryResponseSchema>>) {
  const parts = resources.map(({ name, version, resource }) => [
    name,
    version,
    resource?.typeUrl,
    Buffer.from(resource?.value ?? []).toString('hex'),
  ]);
  return { typeUrl, nonce, removedResources, parts };
}
