// Takes from a request, as it leaves, what Envoys told each other on it: the router adds headers for routes with time-outs,
// rewrites and retries, a gateway adds its caller's address. Only the router's upstream filters come after all that, and
// they run again for each attempt. Envoy: filters.http.header_mutation.v3 as an upstream filter.
// Invariant: names are listed one by one, so what a route sets under another name is obeyed.
import { anyOf } from './any.ts';
import { HeaderMutationSchema } from './gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';

/** What the router adds for routes with a time-out, a rewrite of path or host, or attempts that are counted. */
export const routerHeaders = [
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-original-path',
  'x-envoy-original-host',
  'x-envoy-attempt-count',
  'x-envoy-is-timeout-retry',
] as const;

/** What a gateway's connection manager adds besides, of its caller; routes remove these, since they precede the router. */
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
  const requestMutations = names.map((name) => ({ action: { case: 'remove' as const, value: name } }));
  return httpFilter(
    'envoy.filters.http.header_mutation',
    anyOf(HeaderMutationSchema, { mutations: { requestMutations } }),
  );
}
