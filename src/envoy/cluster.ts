// Clusters in the shapes that Sallyport sends. Envoy: config.cluster.v3.Cluster. Circuit breakers are opened wide
// in all of them, as Istio does: Envoy's own limit of 1,024 connections would be a policy nobody wrote.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  type Cluster_TransportSocketMatchSchema,
  ClusterSchema,
} from './gen/envoy/config/cluster/v3/cluster_pb.js';
import type { LocalityLbEndpointsSchema } from './gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { DnsLookupFamily } from './gen/envoy/extensions/clusters/common/dns/v3/dns_pb.js';
import { DnsClusterSchema } from './gen/envoy/extensions/clusters/dns/v3/dns_cluster_pb.js';
import { ClusterConfigSchema } from './gen/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster_pb.js';
import type { DnsCacheConfigSchema } from './gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.js';
import { httpProtocolOptionsKey } from './http-protocol-options.ts';
import { mutualTlsMark, rawSocket, type TransportSocket } from './transport-socket.ts';
import { buildUpstreamPolicy, type UpstreamPolicy } from './upstream-policy.ts';
import { adsConfigSource, seconds } from './values.ts';

export interface ClusterOptions {
  readonly name: string;
  /** Packed HttpProtocolOptions. */
  readonly http?: Any;
  /** Counts the sizes of bodies: `cluster.<name>.upstream_{rq,rs}_body_size`. */
  readonly countsBodies?: boolean;
  /** Plain TCP if absent. */
  readonly transportSocket?: TransportSocket | undefined;
  /** In its place for endpoints that take Istio's mTLS (service-endpoints.ts marks them). */
  readonly mutualTls?: TransportSocket | undefined;
  readonly policy?: UpstreamPolicy;
}

const unlimited = 0xffffffff;

export const openCircuitBreakers = {
  thresholds: [
    { maxConnections: unlimited, maxPendingRequests: unlimited, maxRequests: unlimited, maxRetries: unlimited },
  ],
};

function common({ name, http, countsBodies, transportSocket, mutualTls }: ClusterOptions) {
  return {
    name,
    connectTimeout: seconds(10),
    circuitBreakers: openCircuitBreakers,
    ...(transportSocket === undefined ? {} : { transportSocket }),
    ...(mutualTls === undefined ? {} : { transportSocketMatches: socketMatches(mutualTls) }),
    ...(countsBodies === true ? { trackClusterStats: { requestResponseSizes: true } } : {}),
    typedExtensionProtocolOptions: http === undefined ? {} : { [httpProtocolOptionsKey]: http },
  };
}

/** Istio's names. What matches neither takes the cluster's own, plain TCP if there is none. */
function socketMatches(mutualTls: TransportSocket): MessageInitShape<typeof Cluster_TransportSocketMatchSchema>[] {
  return [
    { name: 'tlsMode-istio', match: mutualTlsMark, transportSocket: mutualTls },
    { name: 'tlsMode-disabled', match: {}, transportSocket: rawSocket },
  ];
}

function discovery(type: Cluster_DiscoveryType) {
  return { case: 'type', value: type } as const;
}

/** No endpoints: whatever is routed here is refused. */
export function buildEmptyCluster(name: string): Cluster {
  return create(ClusterSchema, {
    name,
    connectTimeout: seconds(10),
    clusterDiscoveryType: discovery(Cluster_DiscoveryType.STATIC),
  });
}

/** Goes to the address that the caller connected to. */
export function buildOriginalDstCluster(options: ClusterOptions & { readonly port?: number }): Cluster {
  return create(ClusterSchema, {
    ...common(options),
    ...buildUpstreamPolicy({ ...options.policy, loadBalancing: undefined }),
    clusterDiscoveryType: discovery(Cluster_DiscoveryType.ORIGINAL_DST),
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
    ...(options.port === undefined
      ? {}
      : {
          lbConfig: { case: 'originalDstLbConfig', value: { upstreamPortOverride: options.port } } as const,
        }),
  });
}

export interface DnsClusterOptions extends ClusterOptions {
  /** `strict`: every address is an endpoint. `logical`: one at a time, new connections follow the answer. */
  readonly dns: 'strict' | 'logical';
  readonly endpoints: readonly MessageInitShape<typeof LocalityLbEndpointsSchema>[];
  /** Resolve both families and race them. */
  readonly allFamilies?: boolean;
}

export function buildDnsCluster(options: DnsClusterOptions): Cluster {
  return create(ClusterSchema, {
    ...common(options),
    clusterDiscoveryType: {
      case: 'clusterType',
      value: {
        name: 'envoy.cluster.dns',
        typedConfig: anyOf(DnsClusterSchema, {
          respectDnsTtl: true,
          dnsRefreshRate: seconds(60),
          dnsFailureRefreshRate: { baseInterval: seconds(1), maxInterval: seconds(10) },
          dnsJitter: seconds(0.1),
          dnsLookupFamily: options.allFamilies === true ? DnsLookupFamily.ALL : DnsLookupFamily.V4_ONLY,
          allAddressesInSingleEndpoint: options.dns === 'logical',
        }),
      },
    },
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    ...buildUpstreamPolicy(options.policy ?? {}),
    loadAssignment: { clusterName: options.name, endpoints: [...options.endpoints] },
  });
}

/** Endpoints come by EDS over the same ADS stream. */
export function buildEdsCluster(options: ClusterOptions): Cluster {
  return create(ClusterSchema, {
    ...common(options),
    clusterDiscoveryType: discovery(Cluster_DiscoveryType.EDS),
    lbPolicy: Cluster_LbPolicy.LEAST_REQUEST,
    ...buildUpstreamPolicy(options.policy ?? {}),
    edsClusterConfig: {
      edsConfig: adsConfigSource,
    },
  });
}

/** Resolves the name each request or connection asks for, out of a cache shared with the filter that asks. */
export function buildDynamicForwardProxyCluster(
  options: ClusterOptions & { readonly cache: MessageInitShape<typeof DnsCacheConfigSchema> },
): Cluster {
  return create(ClusterSchema, {
    ...common(options),
    ...buildUpstreamPolicy({ ...options.policy, loadBalancing: undefined }),
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
    clusterDiscoveryType: {
      case: 'clusterType',
      value: {
        name: 'envoy.clusters.dynamic_forward_proxy',
        typedConfig: anyOf(ClusterConfigSchema, {
          clusterImplementationSpecifier: { case: 'dnsCacheConfig', value: options.cache },
          allowInsecureClusterOptions: true,
        }),
      },
    },
  });
}
