// Errors and delays on purpose. The filter stands in the chain without a fault of its own, disabled (`whereRoutesAsk`),
// and runs on routes that bring one. Envoy: filters.http.fault.v3; an abort answers `fault filter abort`, flags FI and DI.
// Invariant: the caller has no say in it (no header faults), and its words do not become stats.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { HTTPFaultSchema } from './gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';
import { fractionalPercent, seconds } from './values.ts';

const filterName = 'envoy.filters.http.fault';

export interface Fault {
  /** A status of HTTP, or one of gRPC. */
  readonly abort?: ({ readonly status: number } | { readonly grpcStatus: number }) & { readonly percent: number };
  readonly delay?: { readonly ms: number; readonly percent: number };
}

export function buildFaultFilter(): HttpFilter {
  return httpFilter(filterName, anyOf(HTTPFaultSchema, { disableDownstreamClusterStats: true }));
}

/** For a route's `typed_per_filter_config`; at least one of both must be there. */
export function faultOnRoute({ abort, delay }: Fault): Record<string, Any> {
  const fault = anyOf(HTTPFaultSchema, {
    ...(abort === undefined
      ? {}
      : { abort: { errorType: errorOf(abort), percentage: fractionalPercent(abort.percent) } }),
    ...(delay === undefined
      ? {}
      : {
          delay: {
            faultDelaySecifier: { case: 'fixedDelay', value: seconds(delay.ms / 1000) },
            percentage: fractionalPercent(delay.percent),
          },
        }),
    disableDownstreamClusterStats: true,
  });
  return { [filterName]: fault };
}

function errorOf(abort: NonNullable<Fault['abort']>) {
  return 'status' in abort
    ? ({ case: 'httpStatus', value: abort.status } as const)
    : ({ case: 'grpcStatus', value: abort.grpcStatus } as const);
}
