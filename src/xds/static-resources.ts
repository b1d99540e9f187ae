// What every sidecar gets whatever is registered: the listener that connections out are redirected to, and the clusters
// that stand for "anywhere" and "nowhere" (istio-semantics 1.1, 1.6). Both clusters are sent in every mode.
import { typeUrls } from '../discovery/view.ts';
import { buildEmptyCluster, buildOriginalDstCluster } from '../envoy/cluster.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildListener } from '../envoy/listener.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { catchAllChain } from './filter-chains.ts';
import { buildLoopGuard } from './loop-guard.ts';
import { blackHoleCluster, outboundPort, passthroughCluster, virtualOutbound } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';

export function buildStaticResources(config: ProxySettings): readonly TypedResource[] {
  const sameAsCaller = buildHttpProtocolOptions({ version: 'downstream' });
  const clusters = [
    buildOriginalDstCluster({ name: passthroughCluster, http: sameAsCaller }),
    buildEmptyCluster(blackHoleCluster),
  ];
  const listeners = [buildVirtualOutbound(config)];
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    ...listeners.map((listener) =>
      typedResource(typeUrls.listener, ListenerSchema, listener.name, listener, config.origins ?? []),
    ),
  ];
}

function buildVirtualOutbound(config: ProxySettings) {
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
