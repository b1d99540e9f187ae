// Packing of typed messages into google.protobuf.Any, as Envoy's extension points want them.
import { create, type DescMessage, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { AnySchema } from '@bufbuild/protobuf/wkt';

function typeUrlOf(schema: DescMessage): string {
  return `type.googleapis.com/${schema.typeName}`;
}

/** The message as an Any; a misspelled field does not compile. */
export function anyOf<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return create(AnySchema, { typeUrl: typeUrlOf(schema), value: encode(schema, create(schema, init)) });
}

/** Deterministic bytes: the same message gives the same bytes in every process (map fields are built sorted). */
export function encode<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  return toBinary(schema, message);
}
