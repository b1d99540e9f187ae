// A mark that a route leaves on its requests, for access loggers that take marked ones only: no native filter asks for
// the route. header_to_metadata sets dynamic metadata where a header is absent, and this one always is. The filter
// stands disabled in the chain and runs on routes that bring their own configuration, so others pay nothing.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import {
  Config_ValueType,
  ConfigSchema,
} from './gen/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';

const filterName = 'envoy.filters.http.header_to_metadata';
/** No caller can send it: the chain takes headers of this prefix off. */
const neverSent = 'x-envoy-none';

export function buildRouteMarkFilter(): HttpFilter {
  return { ...httpFilter(filterName, anyOf(ConfigSchema, {})), disabled: true };
}

/** For a route's `typed_per_filter_config`. */
export function routeMark(namespace: string, key: string): Record<string, Any> {
  const onHeaderMissing = { metadataNamespace: namespace, key, value: '1', type: Config_ValueType.STRING };
  return { [filterName]: anyOf(ConfigSchema, { requestRules: [{ header: neverSent, onHeaderMissing }] }) };
}
