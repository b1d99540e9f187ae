// Network filters that carry raw connections: tcp_proxy to fixed clusters, to the cluster an SNI names, and to the host
// an SNI names (envoy-lab sections 3 and 8).
import { isIPv6 } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import type { FilterSchema } from './gen/envoy/config/listener/v3/listener_components_pb.js';
import type { DnsCacheConfigSchema } from './gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.js';
import { ConfigSchema as SetFilterStateSchema } from './gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { FilterConfigSchema as SniDynamicForwardProxySchema } from './gen/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy_pb.js';
import {
  TcpProxySchema,
  UpstreamConnectMode,
} from './gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { seconds } from './values.ts';

export type NetworkFilter = MessageInitShape<typeof FilterSchema>;

export interface WeightedCluster {
  readonly cluster: string;
  /** Its share of new connections; at least 1. */
  readonly weight: number;
}

export interface TcpProxyOptions {
  readonly statPrefix: string;
  readonly cluster: string | readonly WeightedCluster[];
  readonly accessLog: readonly AccessLog[];
  /** Connect upstream only when the caller has sent something: filters before this one then judge first. */
  readonly connectOnData?: boolean;
  /** Connect once the caller's TLS handshake is done: what is left of it in filter state goes along. */
  readonly connectOnHandshake?: boolean;
  /** Closed when nothing passed for so long, either way. Undefined: an hour; 0: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** Closed when this old, whatever passes. */
  readonly maxConnectionDurationMs?: number | undefined;
  /** For clusters that choose their endpoint by a hash: that of the caller's address. */
  readonly hashesSource?: boolean | undefined;
  /** The cluster's endpoints are HTTP proxies: the connection is asked of them. */
  readonly tunnel?: Tunnel | undefined;
}

export interface Tunnel {
  readonly method: 'CONNECT' | 'POST';
  readonly host: string;
  readonly port: number;
}

export function buildTcpProxy(options: TcpProxyOptions): NetworkFilter {
  const { statPrefix, cluster, accessLog, idleTimeoutMs, maxConnectionDurationMs } = options;
  const { hashesSource, tunnel } = options;
  return {
    name: 'envoy.filters.network.tcp_proxy',
    configType: {
      case: 'typedConfig',
      value: anyOf(TcpProxySchema, {
        statPrefix,
        clusterSpecifier: clusterSpecifier(cluster),
        accessLog: [...accessLog],
        ...(accessLog.length === 0 ? {} : { accessLogOptions: { flushAccessLogOnConnected: true } }),
        ...connectModeOf(options),
        ...(idleTimeoutMs === undefined ? {} : { idleTimeout: seconds(idleTimeoutMs / 1000) }),
        ...(maxConnectionDurationMs === undefined
          ? {}
          : { maxDownstreamConnectionDuration: seconds(maxConnectionDurationMs / 1000) }),
        ...(hashesSource === true ? { hashPolicy: [{ policySpecifier: { case: 'sourceIp', value: {} } }] } : {}),
        ...(tunnel === undefined ? {} : { tunnelingConfig: tunnelingOf(tunnel) }),
      }),
    },
  };
}

function connectModeOf({ connectOnData = false, connectOnHandshake = false }: TcpProxyOptions) {
  const { ON_DOWNSTREAM_DATA, ON_DOWNSTREAM_TLS_HANDSHAKE } = UpstreamConnectMode;
  if (connectOnData) return { upstreamConnectMode: ON_DOWNSTREAM_DATA, maxEarlyDataBytes: 16_384 };
  // Nothing can be read before the handshake, so nothing is kept.
  return connectOnHandshake ? { upstreamConnectMode: ON_DOWNSTREAM_TLS_HANDSHAKE, maxEarlyDataBytes: 0 } : {};
}

function tunnelingOf({ method, host, port }: Tunnel) {
  const hostname = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  return { hostname, usePost: method === 'POST' };
}

function clusterSpecifier(cluster: TcpProxyOptions['cluster']) {
  if (typeof cluster === 'string') return { case: 'cluster', value: cluster } as const;
  const clusters = cluster.map(({ cluster: name, weight }) => ({ name, weight }));
  return { case: 'weightedClusters', value: { clusters } } as const;
}

/** Sets the cluster that tcp_proxy uses to `<prefix><SNI>`; Envoy has put the SNI into lower case. */
export function buildClusterFromSni(prefix: string): NetworkFilter {
  return {
    name: 'envoy.filters.network.set_filter_state',
    configType: {
      case: 'typedConfig',
      value: anyOf(SetFilterStateSchema, {
        onNewConnection: [
          {
            key: { case: 'objectKey', value: 'envoy.tcp_proxy.cluster' },
            value: {
              case: 'formatString',
              value: {
                format: {
                  case: 'textFormatSource',
                  value: { specifier: { case: 'inlineString', value: `${prefix}%REQUESTED_SERVER_NAME%` } },
                },
              },
            },
          },
        ],
      }),
    },
  };
}

/** Resolves the SNI and keeps the address, so that a filter behind it can judge it before anything is dialled. */
export function buildSniDynamicForwardProxy(
  cache: MessageInitShape<typeof DnsCacheConfigSchema>,
  port: number,
): NetworkFilter {
  return {
    name: 'envoy.filters.network.sni_dynamic_forward_proxy',
    configType: {
      case: 'typedConfig',
      value: anyOf(SniDynamicForwardProxySchema, {
        dnsCacheConfig: cache,
        portSpecifier: { case: 'portValue', value: port },
        saveUpstreamAddress: true,
      }),
    },
  };
}
