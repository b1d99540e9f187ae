// Bytes of delta discovery responses, put together by hand from parts that are encoded once: a resource is encoded
// when it is first sent to anyone, a response when the first stream needs it. Envoy: service.discovery.v3, and gRPC's
// five bytes in front of a message (flag, length).
import type { Resource, TypeUrl } from './view.ts';

/** Field number and wire type of length-delimited fields. */
const tag = (field: number) => (field << 3) | 2;

/** DeltaDiscoveryResponse */
const responseTags = { resources: tag(2), typeUrl: tag(4), nonce: tag(5), removedResources: tag(6) };
/** Resource */
const resourceTags = { version: tag(1), resource: tag(2), name: tag(3) };
/** google.protobuf.Any */
const anyTags = { typeUrl: tag(1), value: tag(2) };

export const frameHeaderBytes = 5;

export interface ResponseParts {
  readonly type: TypeUrl;
  readonly nonce: string;
  readonly updated: readonly Resource[];
  readonly removed: readonly string[];
}

/** One framed DeltaDiscoveryResponse. */
export function encodeResponse({ type, nonce, updated, removed }: ResponseParts): Buffer {
  const parts: Buffer[] = [Buffer.alloc(frameHeaderBytes)];
  for (const resource of updated) parts.push(encodedResource(type, resource));
  parts.push(textField(responseTags.typeUrl, type), textField(responseTags.nonce, nonce));
  for (const name of removed) parts.push(textField(responseTags.removedResources, name));
  const frame = Buffer.concat(parts);
  frame.writeUInt32BE(frame.length - frameHeaderBytes, 1);
  return frame;
}

const encoded = new WeakMap<Resource, Buffer>();

/** The resource as a field of the response. A resource object belongs to one type, so the type is no part of the key. */
function encodedResource(type: TypeUrl, resource: Resource): Buffer {
  const known = encoded.get(resource);
  if (known !== undefined) return known;
  const any = Buffer.concat([textField(anyTags.typeUrl, type), bytesField(anyTags.value, resource.bytes)]);
  const message = Buffer.concat([
    textField(resourceTags.version, resource.version),
    bytesField(resourceTags.resource, any),
    textField(resourceTags.name, resource.name),
  ]);
  const field = bytesField(responseTags.resources, message);
  encoded.set(resource, field);
  return field;
}

function textField(fieldTag: number, text: string): Buffer {
  return bytesField(fieldTag, Buffer.from(text, 'utf8'));
}

function bytesField(fieldTag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([fieldTag, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
