// The sockets of an Envoy to which nothing is redirected: of a sidecar the proxy that its program is told of, and the ports
// at which others reach the program; of a gateway its ports. Only they are bound here, since they are this pod's own; what
// is done with a connection comes over xDS like all policy, in the internal listeners that they hand it to. Until those are
// there it is closed.
import { create } from '@bufbuild/protobuf';
import { buildNetworkFilterState } from './filter-state.ts';
import type { Cluster } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import { TrafficDirection } from './gen/envoy/config/core/v3/base_pb.js';
import { type Listener, ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { buildInternalCluster, originalDestinationKeys } from './internal-listener.ts';
import { buildTcpProxy, type NetworkFilter } from './network-filters.ts';
import { type SocketPlace, socketAddress } from './values.ts';

export type ProxyCaptureOptions = SidecarSockets | GatewaySockets;

export interface SidecarSockets {
  /** Where the program's HTTP proxy is. */
  readonly outboundProxy: SocketPlace;
  /** Internal listener of what comes there. */
  readonly outboundListener: string;
  /** Connections to `at` are for the program at `program`. */
  readonly inbound: readonly { readonly at: SocketPlace; readonly program: SocketPlace }[];
  /** Internal listener of what comes there; it finds the program's address as that of the connection. */
  readonly inboundListener: string;
}

export interface GatewaySockets {
  /** Connections to `at` go to the internal listener, which finds their addresses by the PROXY protocol. */
  readonly gateway: readonly { readonly at: SocketPlace; readonly listener: string }[];
}

type Sockets = Pick<ProxyCapture, 'clusters' | 'listeners'>;

export interface ProxyCapture {
  readonly clusters: readonly Cluster[];
  readonly listeners: readonly Listener[];
  /** Flags of Envoy's runtime. */
  readonly runtime: Readonly<Record<string, boolean>>;
}

export function buildProxyCapture(options: ProxyCaptureOptions): ProxyCapture {
  return {
    ...('gateway' in options ? gatewaySockets(options) : sidecarSockets(options)),
    // Envoy 1.40 takes the end of a connection inside itself for a reset and passes that on, which overtakes the
    // answer before it: a request with `Connection: close` got nothing (envoyproxy/envoy#45190).
    runtime: { 'envoy.reloadable_features.enable_send_rst_on_user_space_socket': false },
  };
}

function sidecarSockets(options: SidecarSockets): Sockets {
  const { outboundProxy, outboundListener, inboundListener } = options;
  // A pod may declare a port twice, under two names.
  const inbound = new Map(options.inbound.map((entry) => [`${entry.at.address}_${entry.at.port}`, entry]));
  return {
    clusters: [buildInternalCluster(outboundListener, 'caller'), buildInternalCluster(inboundListener, 'filter-state')],
    listeners: [
      buildSocket('outbound_proxy', outboundProxy, TrafficDirection.OUTBOUND, [passTo(outboundListener)]),
      ...[...inbound].map(([name, { at, program }]) =>
        buildSocket(`inbound_${name}`, at, TrafficDirection.INBOUND, [
          buildNetworkFilterState([
            { key: originalDestinationKeys.local, format: `${program.address}:${program.port}`, shared: true },
            { key: originalDestinationKeys.remote, format: '%DOWNSTREAM_REMOTE_ADDRESS%', shared: true },
          ]),
          passTo(inboundListener),
        ]),
      ),
    ],
  };
}

function gatewaySockets({ gateway }: GatewaySockets): Sockets {
  const sockets = new Map(gateway.map((entry) => [`${entry.at.address}_${entry.at.port}`, entry]));
  return {
    clusters: [...sockets.values()].map(({ listener }) => buildInternalCluster(listener, 'caller')),
    listeners: [...sockets].map(([name, { at, listener }]) =>
      buildSocket(`gateway_${name}`, at, TrafficDirection.OUTBOUND, [passTo(listener)]),
    ),
  };
}

function buildSocket(
  name: string,
  { address, port }: SocketPlace,
  trafficDirection: TrafficDirection,
  filters: readonly NetworkFilter[],
): Listener {
  return create(ListenerSchema, {
    name,
    address: socketAddress(address, port),
    trafficDirection,
    filterChains: [{ filters: [...filters] }],
  });
}

function passTo(listener: string): NetworkFilter {
  return buildTcpProxy({ statPrefix: listener, cluster: listener, accessLog: [] });
}
