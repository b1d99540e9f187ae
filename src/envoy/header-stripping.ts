// Takes from a request, as it leaves, what Envoys told each other on it: the router adds headers for routes with time-outs,
// rewrites and retries, a gateway adds its caller's address. Only the router's upstream filters come after all that, and
// they run again for each attempt. Envoy: filters.http.header_mutation.v3 as an upstream filter; it may stand there
// disabled (`whereRoutesAsk`) and run on routes that bring names of their own.
// Invariant: names are listed one by one, so what a route sets under another name is obeyed.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { HeaderValueOption_HeaderAppendAction } from './gen/envoy/config/core/v3/base_pb.js';
import {
  HeaderMutationPerRouteSchema,
  HeaderMutationSchema,
} from './gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';

const filterName = 'envoy.filters.http.header_mutation';

/** What the router adds for routes with a time-out, a rewrite of path or host, or attempts that are counted. */
export const routerHeaders = [
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-original-path',
  'x-envoy-original-host',
  'x-envoy-attempt-count',
  'x-envoy-is-timeout-retry',
] as const;

/** What a gateway's connection manager adds besides, of its caller. */
export const gatewayHeaders = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-client-cert',
  'x-envoy-internal',
  'x-envoy-external-address',
] as const;

/** An upstream filter, of a cluster or of the router for all clusters that bring none; takes these off everywhere. */
export function buildHeaderStripping(names: readonly string[]): HttpFilter {
  return httpFilter(filterName, anyOf(HeaderMutationSchema, { mutations: { requestMutations: removals(names) } }));
}

/**
 * For a route's `typed_per_filter_config`, besides what the filter takes off everywhere. `set`: headers of these names
 * that the route itself wants to send; under `request_headers_to_add` they would go with the others.
 */
export function stripOnRoute(
  names: readonly string[],
  set: ReadonlyMap<string, string> = new Map(),
): Record<string, Any> {
  const additions = [...set].map(([key, value]) => ({
    action: {
      case: 'append' as const,
      value: {
        header: { key, value },
        appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
      },
    },
  }));
  const requestMutations = [...removals(names), ...additions];
  return { [filterName]: anyOf(HeaderMutationPerRouteSchema, { mutations: { requestMutations } }) };
}

function removals(names: readonly string[]) {
  return names.map((name) => ({ action: { case: 'remove' as const, value: name } }));
}
