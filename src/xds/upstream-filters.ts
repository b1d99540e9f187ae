// What happens to a request once its upstream address is known, on every attempt: the address is judged and the headers
// that the router made for Envoys behind it are taken off. Stands in the router for all clusters; a cluster that needs
// another judgement brings a whole list of its own, which replaces the router's (tried on Envoy 1.40).
import { buildHeaderRemoval, type HttpFilter } from '../envoy/http-filters.ts';
import { type AddressGuard, buildUpstreamAddressFilter } from '../envoy/upstream-address-guard.ts';

const routerHeaders = [
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-attempt-count',
  'x-envoy-is-timeout-retry',
  'x-envoy-original-host',
  'x-envoy-original-path',
];

export function buildUpstreamFilters(guard: AddressGuard | undefined): readonly HttpFilter[] {
  const removal = buildHeaderRemoval({ names: routerHeaders });
  return guard === undefined ? [removal] : [buildUpstreamAddressFilter(guard), removal];
}
