// At a gateway: whether a connection comes from a proxy of the mesh, which tells of it too, or from elsewhere. It is judged
// once for each connection, by its address, which no caller can make up; counters and records have what came out.
// Envoy: the expression language of its access logs, on attributes of the connection.
import { buildNetworkFilterState } from '../envoy/filter-state.ts';
import type { NetworkFilter } from '../envoy/network-filters.ts';
import type { Reporter } from './counter-key.ts';
import type { GatewayRecordFields } from './record-line.ts';

const key = 'sallyport.reporter';

const relay: Reporter = 'relay';
const alone: Reporter = 'gateway';

/** In front of all other filters of a gateway's chain; `proxies` as in Capture, undefined: nobody is known. */
export function buildCallerFilter(proxies: string | undefined): NetworkFilter {
  return buildNetworkFilterState([{ key, format: judged(proxies), ownKey: true }]);
}

/** The reporter of an event on a chain that begins with the caller filter. */
export const gatewayReporter = `%FILTER_STATE(${key}:PLAIN)%`;

/** The same where there is no chain. */
export function judged(proxies: string | undefined): string {
  return proxies === undefined ? alone : `%CEL(source.address.matches('${proxies}') ? '${relay}' : '${alone}')%`;
}

/**
 * Of requests the address that the connection itself has, whatever their headers say. A connection may come from inside
 * Envoy, and tells then by the PROXY protocol where it came from. `peerKey`: of a listener behind the one that ended TLS, where
 * that left who calls.
 */
export function gatewayRecordFields(
  reporter: string,
  of: 'requests' | 'connections',
  peerKey?: string,
): GatewayRecordFields {
  const address = of === 'requests' ? 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS' : 'DOWNSTREAM_REMOTE_ADDRESS';
  const peer = peerKey === undefined ? '%DOWNSTREAM_PEER_URI_SAN%' : `%FILTER_STATE(${peerKey}:PLAIN)%`;
  return { v: reporter, b: `%${address}_WITHOUT_PORT%`, i: peer };
}
