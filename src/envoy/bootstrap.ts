// What an Envoy is started with: who it is, where its control plane is, and its part in DNS. Everything else comes over
// delta ADS. Without a control plane nothing listens on the redirect ports, so a proxy that never got configuration
// refuses everything. Envoy: config.bootstrap.v3.Bootstrap.
import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import { buildProxyCapture, type ProxyCaptureOptions } from './bootstrap-proxy-capture.ts';
import { type Bootstrap, BootstrapSchema } from './gen/envoy/config/bootstrap/v3/bootstrap_pb.js';
import { Cluster_DiscoveryType, type ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import type { Address } from './gen/envoy/config/core/v3/address_pb.js';
import {
  ApiConfigSource_ApiType,
  type ApiConfigSourceSchema,
  ApiVersion,
} from './gen/envoy/config/core/v3/config_source_pb.js';
import type { ClusterLoadAssignmentSchema } from './gen/envoy/config/endpoint/v3/endpoint_pb.js';
import type { ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { InternalListenerSchema } from './gen/envoy/extensions/bootstrap/internal_listener/v3/internal_listener_pb.js';
import { RouteSchema as UdpRouteSchema } from './gen/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.js';
import { UdpProxyConfigSchema } from './gen/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.js';
import { CaresDnsResolverConfigSchema } from './gen/envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver_pb.js';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { grpcMessageStats } from './grpc-messages.ts';
import { httpProtocolOptionsKey } from './http-protocol-options.ts';
import { buildTcpProxy } from './network-filters.ts';
import { buildStatsSink } from './stats-sink.ts';
import { pipeAddress, type SocketPlace, seconds, socketAddress } from './values.ts';

export interface BootstrapOptions {
  readonly nodeId: string;
  readonly nodeCluster: string;
  readonly metadata: JsonObject;
  /** Paths of Unix sockets. */
  readonly xdsSocket: string;
  readonly adminSocket: string;
  /** The resolver for clusters. */
  readonly dns: SocketPlace;
  /** Where the application asks, and what it is relayed to over UDP and TCP. Absent if it asks somewhere else. */
  readonly dnsRelay?: { readonly at: SocketPlace; readonly to: SocketPlace };
  /** Scopes of stats that its configuration will make, to be counted and pushed. */
  readonly countedScopes: readonly string[];
  /** The pod's own sockets, where connections are not redirected. */
  readonly proxyCapture?: ProxyCaptureOptions;
}

const xdsCluster = 'xds-grpc';
const dnsCluster = 'dns';

/** Answers to EDNS queries come in datagrams of up to 4,096 bytes; Envoy's own limit is 1,500. */
const largestDatagram = 9000n;

/** What Envoy counts of itself. */
const ownStats = ['cluster_manager.', 'listener_manager.', 'server.', 'control_plane.'];
/** Of clusters only these: all would cost some 20 kB for each. */
const clusterStats = [
  '.upstream_cx_rx_bytes_total',
  '.upstream_cx_tx_bytes_total',
  '.upstream_rq_body_size',
  '.upstream_rs_body_size',
  ...grpcMessageStats,
];

/** Istio's size of regular expressions; Envoy's own lets no more than 100 instructions pass. */
const runtime = { 're2.max_program_size.error_level': 32_768 };

export function buildBootstrap(options: BootstrapOptions): Bootstrap {
  const { dnsRelay } = options;
  const capture = options.proxyCapture === undefined ? undefined : buildProxyCapture(options.proxyCapture);
  return create(BootstrapSchema, {
    node: { id: options.nodeId, cluster: options.nodeCluster, metadata: options.metadata },
    admin: { address: pipeAddress(options.adminSocket) },
    dynamicResources: {
      adsConfig: buildAds(),
      cdsConfig: { resourceApiVersion: ApiVersion.V3, configSourceSpecifier: { case: 'ads', value: {} } },
      ldsConfig: { resourceApiVersion: ApiVersion.V3, configSourceSpecifier: { case: 'ads', value: {} } },
    },
    staticResources: {
      clusters: [
        buildXdsCluster(options.xdsSocket),
        ...(dnsRelay === undefined ? [] : [buildDnsUpstream(dnsRelay.to)]),
        ...(capture?.clusters ?? []),
      ],
      listeners: [
        ...(dnsRelay === undefined ? [] : [buildUdpRelay(dnsRelay.at), buildTcpRelay(dnsRelay.at)]),
        ...(capture?.listeners ?? []),
      ],
    },
    // Listeners without a socket come over xDS.
    bootstrapExtensions: [
      { name: 'envoy.bootstrap.internal_listener', typedConfig: anyOf(InternalListenerSchema, {}) },
    ],
    layeredRuntime: {
      layers: [
        { name: 'static', layerSpecifier: { case: 'staticLayer', value: { ...runtime, ...capture?.runtime } } },
        // As Envoy has it when no layers are given.
        { name: 'admin', layerSpecifier: { case: 'adminLayer', value: {} } },
      ],
    },
    typedDnsResolverConfig: {
      name: 'envoy.network.dns_resolver.cares',
      typedConfig: anyOf(CaresDnsResolverConfigSchema, {
        resolvers: [socketAddress(options.dns.address, options.dns.port)],
        dnsResolverOptions: { noDefaultSearchDomain: true },
        udpMaxQueries: 100,
        // Envoy acknowledges clusters only when none of them waits for its first answer: a silent resolver must not
        // hold back a change of policy for long (c-ares' own patience is 42 s).
        queryTimeoutSeconds: 1n,
        queryTries: 2,
      }),
    },
    clusterManager: { enableDeferredClusterCreation: true },
    deferredStatOptions: { enableDeferredCreationStats: true },
    statsSinks: [buildStatsSink(xdsCluster, ownStats)],
    statsFlushInterval: seconds(1),
    statsConfig: {
      // A cluster's name has dots in it, of which Envoy would make tags.
      useAllDefaultTags: false,
      statsMatcher: {
        statsMatcher: {
          case: 'inclusionList',
          value: {
            patterns: [
              ...[...ownStats, ...options.countedScopes.map((scope) => `${scope}.`)].map((prefix) => ({
                matchPattern: { case: 'prefix' as const, value: prefix },
              })),
              ...clusterStats.map((suffix) => ({ matchPattern: { case: 'suffix' as const, value: suffix } })),
            ],
          },
        },
      },
    },
  });
}

/** Envoy's own back-off grows to 30 s; after an outage of the control plane that is 8.5 s of old policy. */
function buildAds(): MessageInitShape<typeof ApiConfigSourceSchema> {
  return {
    apiType: ApiConfigSource_ApiType.DELTA_GRPC,
    transportApiVersion: ApiVersion.V3,
    grpcServices: [
      {
        targetSpecifier: {
          case: 'envoyGrpc',
          value: {
            clusterName: xdsCluster,
            retryPolicy: { retryBackOff: { baseInterval: seconds(0.1), maxInterval: seconds(1) } },
          },
        },
      },
    ],
  };
}

function buildXdsCluster(socket: string): MessageInitShape<typeof ClusterSchema> {
  return {
    name: xdsCluster,
    connectTimeout: seconds(1),
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: assignment(xdsCluster, pipeAddress(socket)),
    typedExtensionProtocolOptions: {
      [httpProtocolOptionsKey]: anyOf(HttpProtocolOptionsSchema, {
        upstreamProtocolOptions: {
          case: 'explicitHttpConfig',
          value: {
            protocolConfig: {
              case: 'http2ProtocolOptions',
              value: { connectionKeepalive: { interval: seconds(30), timeout: seconds(5) } },
            },
          },
        },
      }),
    },
  };
}

function buildDnsUpstream(dns: SocketPlace): MessageInitShape<typeof ClusterSchema> {
  return {
    name: dnsCluster,
    connectTimeout: seconds(2),
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: assignment(dnsCluster, socketAddress(dns.address, dns.port)),
  };
}

function assignment(clusterName: string, address: Address): MessageInitShape<typeof ClusterLoadAssignmentSchema> {
  return {
    clusterName,
    endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address } } }] }],
  };
}

/** The application has no road for UDP; this is the one service it gets. */
function buildUdpRelay({ address, port }: SocketPlace): MessageInitShape<typeof ListenerSchema> {
  return {
    name: 'dns_udp',
    address: socketAddress(address, port, 'udp'),
    udpListenerConfig: { downstreamSocketConfig: { maxRxDatagramSize: largestDatagram } },
    listenerFilters: [
      {
        name: 'envoy.filters.udp_listener.udp_proxy',
        configType: {
          case: 'typedConfig',
          value: anyOf(UdpProxyConfigSchema, {
            statPrefix: 'dns',
            idleTimeout: seconds(5),
            upstreamSocketConfig: { maxRxDatagramSize: largestDatagram },
            routeSpecifier: {
              case: 'matcher',
              value: {
                onNoMatch: {
                  onMatch: {
                    case: 'action',
                    value: { name: 'route', typedConfig: anyOf(UdpRouteSchema, { cluster: dnsCluster }) },
                  },
                },
              },
            },
          }),
        },
      },
    ],
  };
}

function buildTcpRelay({ address, port }: SocketPlace): MessageInitShape<typeof ListenerSchema> {
  return {
    name: 'dns_tcp',
    address: socketAddress(address, port),
    filterChains: [{ filters: [buildTcpProxy({ statPrefix: 'dns', cluster: dnsCluster, accessLog: [] })] }],
  };
}
