// Listeners without a socket, and the clusters that lead to them: a connection goes on inside Envoy, from a listener that
// has a socket or from a CONNECT request. Addresses of the first connection are carried along by the PROXY protocol, so
// that logs name the caller, and filter state that is shared with upstream comes along too.
import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { openCircuitBreakers } from './cluster.ts';
import { type Cluster, Cluster_DiscoveryType, ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import { AddressSchema } from './gen/envoy/config/core/v3/address_pb.js';
import { TrafficDirection } from './gen/envoy/config/core/v3/base_pb.js';
import { type Listener, ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { OriginalDstSchema } from './gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { ProxyProtocolSchema } from './gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.js';
import { InternalUpstreamTransportSchema } from './gen/envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream_pb.js';
import { httpProtocolOptionsKey } from './http-protocol-options.ts';
import { chainsOf, type ListenerChains, listenerFilter } from './listener.ts';
import { proxyProtocolSocket, rawSocket, type TransportSocket } from './transport-socket.ts';
import { seconds } from './values.ts';

/**
 * Where the addresses of a connection that came inside are taken from: `caller` those of the first connection,
 * `filter-state` those that stand in filter state (the keys of `originalDestinationKeys`).
 * `none`: nothing asks for them.
 */
export type InternalAddresses = 'caller' | 'filter-state' | 'none';

/** Filter state from which `filter-state` addresses come. */
export const originalDestinationKeys = {
  local: 'envoy.filters.listener.original_dst.local_ip',
  remote: 'envoy.filters.listener.original_dst.remote_ip',
} as const;

export interface InternalListenerOptions extends ListenerChains {
  readonly name: string;
  readonly direction: 'inbound' | 'outbound';
  readonly addresses: InternalAddresses;
}

export function buildInternalListener(options: InternalListenerOptions): Listener {
  const { listenerFilters, ...chains } = chainsOf(options);
  return create(ListenerSchema, {
    name: options.name,
    trafficDirection: options.direction === 'inbound' ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    listenerSpecifier: { case: 'internalListener', value: {} },
    ...chains,
    listenerFilters: [...(options.addresses === 'none' ? [] : [restoring[options.addresses]]), ...listenerFilters],
  });
}

/** The listener filter that restores them. */
export const restoring = {
  caller: listenerFilter('envoy.filters.listener.proxy_protocol', anyOf(ProxyProtocolSchema, {})),
  'filter-state': listenerFilter('envoy.filters.listener.original_dst', anyOf(OriginalDstSchema, {})),
} as const;

/** The cluster of the same name as the listener. */
export function buildInternalCluster(listener: string, addresses: InternalAddresses, http?: Any): Cluster {
  const address = create(AddressSchema, {
    address: {
      case: 'envoyInternalAddress',
      value: { addressNameSpecifier: { case: 'serverListenerName', value: listener } },
    },
  });
  return create(ClusterSchema, {
    name: listener,
    connectTimeout: seconds(10),
    circuitBreakers: openCircuitBreakers,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: {
      clusterName: listener,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address } } }] }],
    },
    transportSocket: addresses === 'caller' ? withProxyProtocol : withFilterState,
    typedExtensionProtocolOptions: http === undefined ? {} : { [httpProtocolOptionsKey]: http },
  });
}

const withFilterState: TransportSocket = {
  name: 'envoy.transport_sockets.internal_upstream',
  configType: {
    case: 'typedConfig',
    value: anyOf(InternalUpstreamTransportSchema, { transportSocket: rawSocket }),
  },
};

const withProxyProtocol = proxyProtocolSocket('V2', withFilterState);
