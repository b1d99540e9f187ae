// Counts the messages of gRPC streams, for loggers to tell. Envoy: extensions.filters.http.grpc_stats.v3. Disabled in the
// chain, and run on the routes of services that are declared gRPC.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { FilterConfigSchema as RouteFilterConfigSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { FilterConfigSchema } from './gen/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';

const filterName = 'envoy.filters.http.grpc_stats';

/** Command operators of the numbers. */
export const grpcMessages = {
  request: `%FILTER_STATE(${filterName}:FIELD:request_message_count)%`,
  response: `%FILTER_STATE(${filterName}:FIELD:response_message_count)%`,
} as const;

export function buildGrpcMessagesFilter(): HttpFilter {
  return { ...httpFilter(filterName, anyOf(FilterConfigSchema, { emitFilterState: true })), disabled: true };
}

/** For a route's `typed_per_filter_config`. */
export const countGrpcMessages: Readonly<Record<string, Any>> = {
  [filterName]: anyOf(RouteFilterConfigSchema, { config: {} }),
};
