// Takes request headers away as soon as they are read, before anything obeys or adds one. A filter in the chain would cost
// every request more. Envoy: extensions.http.early_header_mutation.header_mutation.v3.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import type { TypedExtensionConfigSchema } from './gen/envoy/config/core/v3/extension_pb.js';
import { HeaderMutationSchema } from './gen/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';

export interface RemovedHeaders {
  readonly names?: readonly string[];
  readonly prefixes?: readonly string[];
}

export function buildHeaderRemoval({
  names = [],
  prefixes = [],
}: RemovedHeaders): MessageInitShape<typeof TypedExtensionConfigSchema> {
  const byName = names.map((name) => ({ action: { case: 'remove' as const, value: name } }));
  const byPrefix = prefixes.map((prefix) => ({
    action: {
      case: 'removeOnMatch' as const,
      value: { keyMatcher: { matchPattern: { case: 'prefix' as const, value: prefix } } },
    },
  }));
  return {
    name: 'envoy.http.early_header_mutation.header_mutation',
    typedConfig: anyOf(HeaderMutationSchema, { mutations: [...byName, ...byPrefix] }),
  };
}
