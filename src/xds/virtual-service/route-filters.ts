// What filters that stand disabled in the chain are to do on the routes of a rule, as `typed_per_filter_config`.
import type { Any } from '@bufbuild/protobuf/wkt';
import { corsOnRoute } from '../../envoy/cors.ts';
import { faultOnRoute } from '../../envoy/fault.ts';
import { countGrpcMessages } from '../../envoy/grpc-messages.ts';
import { forwardOnRoute } from '../../envoy/http-filters.ts';
import { isHttp2 } from '../../mesh/handling.ts';
import type { Cors, Fault, HttpRule } from '../../mesh/virtual-service.ts';
import type { FoundDestination } from './routing.ts';

type PerFilter = Readonly<Record<string, Any>>;

/** Whatever becomes of the request. */
export function filtersOfRule({ fault, cors }: HttpRule): PerFilter {
  return { ...(fault === undefined ? {} : faultOf(fault)), ...(cors === undefined ? {} : corsOf(cors)) };
}

/** Of requests to this destination. */
export function filtersFor({ service, port }: FoundDestination): PerFilter {
  const servicePort = service?.ports.find(({ number }) => number === port);
  if (service === undefined || servicePort === undefined) return {};
  return {
    ...(service.resolution === 'DYNAMIC_DNS' ? forwardOnRoute(servicePort.targetPort ?? port) : {}),
    ...(isHttp2(servicePort.protocol) ? countGrpcMessages : {}),
  };
}

function corsOf({ origins, ...policy }: Cors): PerFilter {
  return corsOnRoute({ ...policy, origins: origins.filter((origin) => origin.kind !== 'present') });
}

function faultOf({ delay, abort }: Fault): PerFilter {
  const error =
    abort?.status !== undefined
      ? { status: abort.status, percent: abort.percent }
      : abort?.grpcStatus !== undefined
        ? { grpcStatus: abort.grpcStatus, percent: abort.percent }
        : undefined;
  if (delay === undefined && error === undefined) return {};
  return faultOnRoute({
    ...(error === undefined ? {} : { abort: error }),
    ...(delay === undefined ? {} : { delay: { ms: delay.milliseconds, percent: delay.percent } }),
  });
}
