// Who tells of an event: the counters of its proxy, or its line in the records. Both speak of each that was blocked or
// left unregistered; told twice it would be counted twice. The counters' key alone decides, and a record has all that
// stands in it, so that the two can be held against each other.
// Invariant: of the same event both sides come to the same answer. xds/traffic-records.ts writes what is told here.
import type { CounterKey, Reporter } from '../../xds/counter-key.ts';
import {
  allowAnyRoute,
  blackHoleCluster,
  blockAllRoute,
  blockConnectRoute,
  parseVirtualServiceRoute,
  passthroughCluster,
} from '../../xds/names.ts';

/** `nobody`: no event of its own; it was handed over to another listener, or was over before it was a request. */
export type Teller = 'counters' | 'records' | 'nobody';

const unregisteredRoutes: readonly string[] = [blockAllRoute, blockConnectRoute, allowAnyRoute];

export function tellerOf(key: CounterKey, family: 'http' | 'tcp'): Teller {
  if (key.reporter === 'destination') return 'counters';
  return family === 'http' ? tellerOfRequest(key) : tellerOfConnection(key);
}

/** `outbound|443||api.example.com`. */
export function isServiceCluster(cluster: string): boolean {
  return cluster.startsWith('outbound|');
}

/** As the flags of events that Envoy refused stand in a list: `DPE`, `UF,URX`. */
export function hasFlag(flags: string, ...wanted: readonly string[]): boolean {
  return flags.split(',').some((flag) => wanted.includes(flag));
}

function tellerOfRequest(key: CounterKey): Teller {
  const { cluster, route, code, flags } = key;
  if (cluster === blackHoleCluster || cluster === passthroughCluster || unregisteredRoutes.includes(route)) {
    return 'records';
  }
  // What a filter in front of the rule refused looks like a rule that answers so by itself: only records tell which.
  const forbidden = code === 403 || isForbiddenGrpc(key);
  if (cluster === '' && !isMisdirected(key) && isRuled(key)) {
    return forbidden || hasFlag(flags, 'DPE') ? 'records' : 'counters';
  }
  if (cluster === '') return isRefused(key) ? 'records' : 'nobody';
  // Of a registered host: a refused address and upgrade are 403 like the server's own, and only records tell which.
  if (isServiceCluster(cluster)) return forbidden || hasFlag(flags, 'DPE') ? 'records' : 'counters';
  return code >= 400 ? 'records' : 'nobody';
}

/**
 * Whether what reached no cluster was refused: the caller may also have left before it had asked for anything, and a route
 * may answer by itself. To gRPC Envoy refuses with 200 and a status.
 */
function isRefused({ route, code, flags, grpcStatus }: CounterKey): boolean {
  if (code >= 400 || hasFlag(flags, 'DPE', 'NR', 'NC')) return true;
  return grpcStatus === permissionDenied || (route === '' && grpcStatus !== '');
}

/** As gRPC is told of a 403; not the fault that a rule injects. */
function isForbiddenGrpc({ flags, grpcStatus }: CounterKey): boolean {
  return grpcStatus === permissionDenied && !hasFlag(flags, 'FI');
}

const permissionDenied = '7';

function tellerOfConnection(key: CounterKey): Teller {
  const { cluster, route, flags } = key;
  // Without a flag it was refused before its cluster was asked for, or over.
  if (cluster === '' && flags !== '-' && !isMisdirected(key) && isRuled(key)) return 'counters';
  // What passes a Sidecar's egress proxy, which bears a service's name.
  if (route === allowAnyRoute) return 'records';
  if (cluster === '' || cluster === blackHoleCluster || cluster === passthroughCluster) return 'records';
  return isServiceCluster(cluster) ? 'counters' : 'nobody';
}

/** What a VirtualService's rule took: the counters know what was asked for. */
export function isRuled({ route }: CounterKey): boolean {
  return parseVirtualServiceRoute(route) !== undefined;
}

/** A gateway's rule leads to what is not there: a decision of the gateway. To a sidecar it is how the request ended. */
export function isMisdirected({ reporter, route, flags }: CounterKey): boolean {
  return isOfGateway(reporter) && hasFlag(flags, 'NC') && parseVirtualServiceRoute(route) !== undefined;
}

export function isOfGateway(reporter: Reporter): boolean {
  return reporter === 'gateway' || reporter === 'relay';
}

/** For observations: whose event it is, and nothing where that is plain. */
export function byOf(reporter: Reporter): { readonly by?: 'gateway' | 'relay' } {
  return reporter === 'gateway' || reporter === 'relay' ? { by: reporter } : {};
}
