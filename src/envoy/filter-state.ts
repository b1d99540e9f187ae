// Values that one filter leaves for a later one, on a connection or on a request; those that are shared go along to an
// internal listener. Envoy: filter state, extensions.filters.{network,http}.set_filter_state.v3.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import {
  FilterStateValue_SharedWithUpstream,
  type FilterStateValueSchema,
} from './gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.js';
import { ConfigSchema as HttpConfigSchema } from './gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import { ConfigSchema as NetworkConfigSchema } from './gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import type { NetworkFilter } from './network-filters.ts';

export interface FilterStateValue {
  readonly key: string;
  /** Command operators; literal text stands for itself. A value that comes out empty is not set. */
  readonly format: string;
  /** A key of one's own holds a string; Envoy's own keys have types of their own. */
  readonly ownKey?: boolean;
  /** With the next connection inside Envoy, and no further. */
  readonly shared?: boolean;
}

const httpFilterStateName = 'envoy.filters.http.set_filter_state';

/** `tls`: once the caller's handshake is done, before which nothing of its certificate is known. */
export function buildNetworkFilterState(
  values: readonly FilterStateValue[],
  when: 'accepted' | 'tls' = 'accepted',
): NetworkFilter {
  const set = values.map(filterStateValue);
  const config = anyOf(
    NetworkConfigSchema,
    when === 'tls' ? { onDownstreamTlsHandshake: set } : { onNewConnection: set },
  );
  return { name: 'envoy.filters.network.set_filter_state', configType: { case: 'typedConfig', value: config } };
}

/** `typed_per_filter_config` of a route: takes the place of what the set_filter_state filter in the chain would set. */
export function filterStateOfRoute(values: readonly FilterStateValue[]): Record<string, Any> {
  if (values.length === 0) return {};
  return { [httpFilterStateName]: anyOf(HttpConfigSchema, { onRequestHeaders: values.map(filterStateValue) }) };
}

function filterStateValue({
  key,
  format,
  ownKey,
  shared,
}: FilterStateValue): MessageInitShape<typeof FilterStateValueSchema> {
  return {
    key: { case: 'objectKey', value: key },
    ...(ownKey === true ? { factoryKey: 'envoy.string' } : {}),
    value: {
      case: 'formatString',
      value: {
        format: { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value: format } } },
        omitEmptyValues: true,
      },
    },
    sharedWithUpstream:
      shared === true ? FilterStateValue_SharedWithUpstream.ONCE : FilterStateValue_SharedWithUpstream.NONE,
    skipIfEmpty: true,
  };
}
