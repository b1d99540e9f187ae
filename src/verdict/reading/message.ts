// Envoy messages out of the bytes that discovery sends, each read once. What a message says and nobody here knows is an
// Untellable: a field that is new to the builders must be made known here before verdicts go on.
import { type DescMessage, fromBinary, isFieldSet, type Message, type MessageShape } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { Resource } from '../../discovery/view.ts';
import { Untellable } from '../untellable.ts';
import { knownFields } from './known-fields.ts';

const read = new WeakMap<object, Message>();

export function readResource<Desc extends DescMessage>(schema: Desc, resource: Resource): MessageShape<Desc> {
  return readOnce(schema, resource, resource.bytes);
}

/** Undefined: it is of another type. */
export function readAny<Desc extends DescMessage>(schema: Desc, any: Any | undefined): MessageShape<Desc> | undefined {
  if (any === undefined || !any.typeUrl.endsWith(`/${schema.typeName}`)) return undefined;
  return readOnce(schema, any, any.value);
}

/** Invariant: one holder is always read by one schema. */
function readOnce<Desc extends DescMessage>(schema: Desc, holder: object, bytes: Uint8Array): MessageShape<Desc> {
  const known = read.get(holder);
  if (known !== undefined && known.$typeName === schema.typeName) return known as MessageShape<Desc>;
  const message = fromBinary(schema, bytes);
  checkKnown(schema, message);
  read.set(holder, message);
  return message;
}

function checkKnown(schema: DescMessage, message: Message): void {
  const known = knownFields.get(schema.typeName);
  if (known === undefined) return;
  if ((message.$unknown?.length ?? 0) > 0) throw new Untellable(`a field of ${schema.typeName} that has no name here`);
  const reflected = reflect(schema, message, false);
  for (const field of schema.fields) {
    if (!isFieldSet(message, field)) continue;
    if (!known.has(field.name)) throw new Untellable(`${schema.typeName}.${field.name}`);
    if (field.fieldKind === 'message') checkKnown(field.message, reflected.get(field).message);
    else if (field.fieldKind === 'list' && field.listKind === 'message') {
      for (const item of reflected.get(field)) {
        if (isReflected(item)) checkKnown(field.message, item.message);
      }
    }
  }
}

function isReflected(item: unknown): item is { readonly message: Message } {
  return typeof item === 'object' && item !== null && 'message' in item;
}
