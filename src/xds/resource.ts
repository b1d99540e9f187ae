// From an Envoy message to what discovery serves: its bytes, and a version that is a hash of them, so that the same
// content has the same version in every process and a restart resends nothing.
import { createHash } from 'node:crypto';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Resource, TypeUrl } from '../discovery/view.ts';
import { encode } from '../envoy/any.ts';

/** A resource with the type it belongs to. */
export interface TypedResource {
  readonly type: TypeUrl;
  readonly resource: Resource;
  /** Names of the secrets that it fetches by SDS. */
  readonly secrets?: readonly string[];
  /** Copies of its requests go through the listener of mirrors. */
  readonly mirrors?: boolean;
}

export function typedResource<Desc extends DescMessage>(
  type: TypeUrl,
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
  origins: readonly string[],
  secrets: readonly string[] = [],
): TypedResource {
  const bytes = encode(schema, message);
  const version = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
  return { type, resource: { name, version, bytes, origins }, ...(secrets.length === 0 ? {} : { secrets }) };
}
