// Counts the messages of gRPC streams, as stats of their cluster: `cluster.<name>.grpc.request_message_count` and
// `…response_message_count`. Envoy: extensions.filters.http.grpc_stats.v3. The filter stands disabled in the chain, and
// runs on the routes of services that are declared gRPC.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { FilterConfigSchema as RouteFilterConfigSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { FilterConfigSchema } from './gen/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';

const filterName = 'envoy.filters.http.grpc_stats';

export const grpcMessageStats = ['.grpc.request_message_count', '.grpc.response_message_count'] as const;

export function buildGrpcMessagesFilter(): HttpFilter {
  const perMethod = { case: 'statsForAllMethods', value: { value: false } } as const;
  return {
    ...httpFilter(filterName, anyOf(FilterConfigSchema, { perMethodStatSpecifier: perMethod })),
    disabled: true,
  };
}

/** For a route's `typed_per_filter_config`. */
export const countGrpcMessages: Readonly<Record<string, Any>> = {
  [filterName]: anyOf(RouteFilterConfigSchema, { config: {} }),
};
