// The one gRPC method of the services, `/allspark/Incoming`: nothing in, a text out. Its messages are so small that they
// are written by hand: `message Params {}` and `message Msg { string text = 1; }`.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export const incomingPath = '/allspark/Incoming';

export function encodeText(text: string): Buffer {
  return Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish());
}

export function decodeText(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  let text = '';
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) text = reader.string();
    else reader.skip(type, field);
  }
  return text;
}
