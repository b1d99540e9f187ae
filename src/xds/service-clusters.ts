// Service -> clusters, one for each port (istio-semantics 2.2). Pure; the same service and settings give the same
// bytes, whichever proxies see it.
import { typeUrls } from '../discovery/view.ts';
import {
  buildDnsCluster,
  buildDynamicForwardProxyCluster,
  buildEdsCluster,
  buildOriginalDstCluster,
} from '../envoy/cluster.ts';
import { type Cluster, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { buildHttpProtocolOptions, type HttpProtocol } from '../envoy/http-protocol-options.ts';
import type { AddressGuard } from '../envoy/upstream-address-guard.ts';
import { handlingOf, isHttp2 } from '../mesh/handling.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { originOf, type Service, type ServicePort } from '../mesh/service.ts';
import { exactHostGuard, listedAddressesGuard, wildcardHostGuard } from './address-policy.ts';
import type { Capture } from './capture.ts';
import { dynamicDnsCache } from './dynamic-dns.ts';
import { originalDestinationSubset, outboundCluster } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { buildLocalities, serviceEndpoints } from './service-endpoints.ts';
import { buildUpstreamFilters } from './upstream-filters.ts';

/** The cluster that traffic to this port of the service is sent to. */
export function clusterOf(service: Service, port: ServicePort): string {
  return outboundCluster(port.number, service.host, service.resolution === 'NONE' ? originalDestinationSubset : '');
}

/** A DNS cluster without endpoints is left out, as Istio does; its route then finds no cluster. */
export function buildServiceClusters(
  service: Service,
  config: MeshConfig,
  capture: Capture['kind'],
): readonly TypedResource[] {
  const resources: TypedResource[] = [];
  for (const port of service.ports) {
    if (handlingOf(port.protocol) === 'none') continue;
    const cluster = buildServiceCluster(service, port, config, capture);
    if (cluster === undefined) continue;
    resources.push(typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [originOf(service)]));
  }
  return resources;
}

function buildServiceCluster(
  service: Service,
  port: ServicePort,
  config: MeshConfig,
  capture: Capture['kind'],
): Cluster | undefined {
  const name = clusterOf(service, port);
  const http = capture === 'proxy' ? buildAsked(service, port, config) : buildHttp(service, port, config);
  const handling = handlingOf(port.protocol);
  // CONNECT passes a cluster as HTTP, whatever is inside.
  const countsBodies = capture === 'proxy' || handling === 'http' || handling === 'auto';
  const options = { name, countsBodies, ...(http === undefined ? {} : { http }) };
  switch (service.resolution) {
    case 'NONE':
      // A program that asks its proxy has connected nowhere: it names the address, or a name.
      if (capture === 'proxy') return buildDynamicForwardProxyCluster({ ...options, cache: dynamicDnsCache });
      return buildOriginalDstCluster({
        ...options,
        ...(port.targetPort === undefined ? {} : { port: port.targetPort }),
      });
    case 'STATIC':
    case 'CLUSTER_IP':
      return buildEdsCluster(options);
    case 'DYNAMIC_DNS':
      return buildDynamicForwardProxyCluster({ ...options, cache: dynamicDnsCache });
    case 'DNS':
    case 'DNS_ROUND_ROBIN': {
      const endpoints = serviceEndpoints(service, port);
      if (endpoints.length === 0) return undefined;
      const strict = service.resolution === 'DNS' && !service.raceFirstConnect;
      return buildDnsCluster({
        ...options,
        dns: strict ? 'strict' : 'logical',
        endpoints: buildLocalities(endpoints),
        allFamilies: service.raceFirstConnect,
      });
    }
  }
}

/**
 * Packed HTTP options, where the port is HTTP and differs from what Envoy does by itself. Services are the mesh's own,
 * and the addresses of their pods need no judgement.
 */
function buildHttp(service: Service, port: ServicePort, config: MeshConfig) {
  const handling = handlingOf(port.protocol);
  if (handling !== 'http' && handling !== 'auto') return undefined;
  const version = httpVersion(port);
  const guard = addressGuard(service, port, config);
  const own = service.resolution === 'CLUSTER_IP' || guard !== undefined;
  if (!own && version === 'http1') return undefined;
  return buildHttpProtocolOptions({ version, ...(own ? { upstreamFilters: buildUpstreamFilters(guard) } : {}) });
}

/**
 * The same where programs ask a proxy: CONNECT passes the upstream filters too, whatever is inside, so every port has
 * them.
 */
function buildAsked(service: Service, port: ServicePort, config: MeshConfig) {
  const handling = handlingOf(port.protocol);
  const version = handling === 'http' || handling === 'auto' ? httpVersion(port) : 'http1';
  const guard = addressGuard(service, port, config);
  const own = service.resolution === 'CLUSTER_IP' || guard !== undefined;
  if (!own && version === 'http1') return undefined;
  return buildHttpProtocolOptions({ version, ...(own ? { upstreamFilters: buildUpstreamFilters(guard) } : {}) });
}

function httpVersion(port: ServicePort): HttpProtocol['version'] {
  if (isHttp2(port.protocol)) return 'http2';
  return handlingOf(port.protocol) === 'auto' ? 'downstream' : 'http1';
}

/** The judgement of a service whose addresses are found connection by connection. */
export function forwardedGuard(service: Service, port: ServicePort, config: MeshConfig): AddressGuard {
  return addressGuard(service, port, config) ?? exactHostGuard(config.allowedRanges);
}

/** Where the judgement of addresses that stands in the router does not do. */
function addressGuard(service: Service, port: ServicePort, config: MeshConfig): AddressGuard | undefined {
  if (service.resolution === 'DYNAMIC_DNS') return wildcardHostGuard(config.allowedRanges, port.number);
  const listed = service.resolution === 'NONE' && !service.trustOriginalDestination && service.addresses.length > 0;
  return listed ? listedAddressesGuard(service.addresses) : undefined;
}
