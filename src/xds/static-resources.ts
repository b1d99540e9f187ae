// What every sidecar gets whatever is registered: the listeners that connections are redirected to, and the clusters
// that stand for "anywhere" and "nowhere" (istio-semantics 1.1, 1.6). Both clusters are sent in every mode.
import { typeUrls } from '../discovery/view.ts';
import { buildEmptyCluster, buildOriginalDstCluster } from '../envoy/cluster.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildFilterChain, buildListener, buildPortFilterChain } from '../envoy/listener.ts';
import { buildTcpProxy } from '../envoy/network-filters.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { catchAllChain } from './filter-chains.ts';
import {
  blackHoleCluster,
  inboundPassthroughCluster,
  inboundPort,
  outboundPort,
  passthroughCluster,
  virtualInbound,
  virtualOutbound,
} from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';

export function buildStaticResources(config: MeshConfig): readonly TypedResource[] {
  const sameAsCaller = buildHttpProtocolOptions({ version: 'downstream' });
  const clusters = [
    buildOriginalDstCluster({ name: passthroughCluster, http: sameAsCaller }),
    buildEmptyCluster(blackHoleCluster),
    buildOriginalDstCluster({ name: inboundPassthroughCluster, http: sameAsCaller }),
  ];
  const listeners = [buildVirtualOutbound(config), buildVirtualInbound()];
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    ...listeners.map((listener) => typedResource(typeUrls.listener, ListenerSchema, listener.name, listener, [])),
  ];
}

function buildVirtualOutbound(config: MeshConfig) {
  return buildListener({
    name: virtualOutbound,
    address: '0.0.0.0',
    port: outboundPort,
    direction: 'outbound',
    bind: true,
    originalDst: 'hand-over',
    inspectors: [],
    chains: [buildLoopGuard('virtualOutbound-blackhole', outboundPort)],
    defaultChain: catchAllChain(config),
  });
}

/** Hands what comes in to the application as it is; policy on what comes in is not egress. */
function buildVirtualInbound() {
  return buildListener({
    name: virtualInbound,
    address: '0.0.0.0',
    port: inboundPort,
    direction: 'inbound',
    bind: true,
    originalDst: 'restore',
    inspectors: [],
    chains: [buildLoopGuard('virtualInbound-blackhole', inboundPort)],
    defaultChain: buildFilterChain('virtualInbound', [
      buildTcpProxy({ statPrefix: inboundPassthroughCluster, cluster: inboundPassthroughCluster, accessLog: [] }),
    ]),
  });
}

/** A connection made straight to the listener's own port would be sent to itself for ever. */
function buildLoopGuard(name: string, port: number) {
  return buildPortFilterChain(name, port, [
    buildTcpProxy({ statPrefix: blackHoleCluster, cluster: blackHoleCluster, accessLog: [] }),
  ]);
}
