// What happens to a request once its upstream address is known, on every attempt: the address is judged. Stands in the
// router for all clusters; a cluster that needs another judgement, or none, brings a whole list of its own, which replaces
// the router's (tried on Envoy 1.40). Headers that a router adds for Envoys behind it (x-envoy-expected-rq-timeout-ms, …)
// come with time-outs, rewrites and mirrors, which only VirtualServices bring: clusters that those lead to take them off here.
import { buildHeaderStripping, routerHeaders } from '../envoy/header-stripping.ts';
import type { HttpFilter } from '../envoy/http-filters.ts';
import { type AddressGuard, buildUpstreamAddressFilter } from '../envoy/upstream-address-guard.ts';

export interface UpstreamFilterOptions {
  readonly stripsHeaders?: boolean;
}

export function buildUpstreamFilters(
  guard: AddressGuard | undefined,
  { stripsHeaders = false }: UpstreamFilterOptions = {},
): readonly HttpFilter[] {
  return [
    ...(guard === undefined ? [] : [buildUpstreamAddressFilter(guard)]),
    ...(stripsHeaders ? [buildHeaderStripping(routerHeaders)] : []),
  ];
}
