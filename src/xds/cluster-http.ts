// The HTTP side of a service's clusters: which version is spoken, and what is done with a request once its upstream
// address is known. Nothing is sent where Envoy's own ways and the router's filters do.
import type { Any } from '@bufbuild/protobuf/wkt';
import { buildHttpProtocolOptions, type HttpProtocol } from '../envoy/http-protocol-options.ts';
import type { AddressGuard } from '../envoy/upstream-address-guard.ts';
import { handlingOf, isHttp2 } from '../mesh/handling.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import type { TrafficPolicy } from '../mesh/traffic-policy.ts';
import { exactHostGuard, listedAddressesGuard, wildcardHostGuard } from './address-policy.ts';
import { upstreamConnectionsOf } from './cluster-policy.ts';
import type { ClusterTls } from './cluster-tls.ts';
import type { ClusterSettings } from './service-clusters.ts';
import { buildUpstreamFilters } from './upstream-filters.ts';

export interface ClusterHttpOptions extends ClusterSettings {
  readonly policy: TrafficPolicy;
  readonly tls: ClusterTls | undefined;
}

export function buildClusterHttp(service: Service, port: ServicePort, options: ClusterHttpOptions): Any | undefined {
  const { capture, policy, tls, routed } = options;
  const handling = handlingOf(port.protocol);
  const readable = handling === 'http' || handling === 'auto';
  // CONNECT passes the upstream filters too, whatever is inside, and so do requests that TLS is put around.
  if (!readable && capture !== 'proxy' && tls === undefined && !routed) return undefined;
  const version = httpVersion(port, policy, readable);
  const filters = ownFilters(service, port, options);
  const connections = upstreamConnectionsOf(policy);
  const autoSni = tls?.autoSni === true;
  if (filters === undefined && version === 'http1' && connections === undefined && !autoSni) return undefined;
  return buildHttpProtocolOptions({
    version,
    connections,
    ...(filters === undefined ? {} : { upstreamFilters: filters }),
    autoSni,
    autoSanValidation: tls?.autoSanValidation === true,
  });
}

/** Undefined: those of the router. Services are the mesh's own, and the addresses of their pods need no judgement. */
function ownFilters(service: Service, port: ServicePort, { config, capture, routed }: ClusterHttpOptions) {
  if (service.resolution === 'CLUSTER_IP') return [];
  const guard = addressGuard(service, port, config);
  if (routed && (port.from ?? service).external) {
    return buildUpstreamFilters(guard ?? exactHostGuard(config.allowedRanges, capture), { stripsHeaders: true });
  }
  return guard === undefined ? undefined : buildUpstreamFilters(guard);
}

function httpVersion(port: ServicePort, policy: TrafficPolicy, readable: boolean): HttpProtocol['version'] {
  const { useClientProtocol, h2Upgrade } = policy.connectionPool ?? {};
  if (useClientProtocol === true) return 'downstream';
  if (isHttp2(port.protocol) || h2Upgrade === 'UPGRADE') return 'http2';
  return readable && handlingOf(port.protocol) === 'auto' ? 'downstream' : 'http1';
}

/** The judgement of a service whose addresses are found connection by connection. */
export function forwardedGuard(service: Service, port: ServicePort, config: MeshConfig): AddressGuard {
  return addressGuard(service, port, config) ?? exactHostGuard(config.allowedRanges);
}

/** Where the judgement of addresses that stands in the router does not do. */
function addressGuard(service: Service, port: ServicePort, config: MeshConfig): AddressGuard | undefined {
  if (service.resolution === 'DYNAMIC_DNS')
    return wildcardHostGuard(config.allowedRanges, port.targetPort ?? port.number);
  const listed = service.resolution === 'NONE' && !service.trustOriginalDestination && service.addresses.length > 0;
  return listed ? listedAddressesGuard(service.addresses) : undefined;
}
