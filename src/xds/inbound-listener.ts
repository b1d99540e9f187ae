// What comes in to a workload (istio-semantics 1.9): handed to the application as it is, on ports that Services call HTTP
// request by request, so that the access log and what is counted speak of requests. No policy here: this is not egress.
// Istio: sniffs every other port; here: those are passed on unread, since a server that speaks first would wait.
import { typeUrls } from '../discovery/view.ts';
import { buildOriginalDstCluster } from '../envoy/cluster.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildInboundHttpManager } from '../envoy/inbound-http-manager.ts';
import { buildFilterChain, buildListener, buildPortFilterChain, type FilterChain } from '../envoy/listener.ts';
import { buildTcpProxy } from '../envoy/network-filters.ts';
import { buildForwardRoute, buildVirtualHost } from '../envoy/route.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { buildAccessLog } from './access-log.ts';
import type { InboundHandling } from './inbound-ports.ts';
import { buildLoopGuard } from './loop-guard.ts';
import { inboundCluster, inboundPassthroughCluster, inboundPort, virtualInbound } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';

type InboundPort = readonly [number, InboundHandling];

export function buildInboundResources(ports: readonly InboundPort[], config: MeshConfig): readonly TypedResource[] {
  const http = buildHttpProtocolOptions({ version: 'downstream' });
  const names = [inboundPassthroughCluster, ...ports.map(([port]) => inboundCluster(port))];
  const clusters = names.map((name) => buildOriginalDstCluster({ name, http }));
  const listener = buildVirtualInbound(ports, config);
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    typedResource(typeUrls.listener, ListenerSchema, listener.name, listener, []),
  ];
}

function buildVirtualInbound(ports: readonly InboundPort[], config: MeshConfig) {
  return buildListener({
    name: virtualInbound,
    address: '0.0.0.0',
    port: inboundPort,
    direction: 'inbound',
    bind: true,
    originalDst: 'restore',
    inspectors: [],
    chains: [
      buildLoopGuard('virtualInbound-blackhole', inboundPort),
      ...ports.map(([port, handling]) => buildInboundChain(port, handling, config)),
    ],
    defaultChain: buildFilterChain('virtualInbound', [
      buildTcpProxy({ statPrefix: inboundPassthroughCluster, cluster: inboundPassthroughCluster, accessLog: [] }),
    ]),
  });
}

function buildInboundChain(port: number, handling: InboundHandling, config: MeshConfig): FilterChain {
  const cluster = inboundCluster(port);
  const accessLog = buildAccessLog(config);
  if (handling === 'tcp') {
    return buildPortFilterChain(`0.0.0.0_${port}`, port, [buildTcpProxy({ statPrefix: cluster, cluster, accessLog })]);
  }
  const virtualHost = buildVirtualHost(
    `inbound|http|${port}`,
    ['*'],
    [buildForwardRoute({ name: 'default', cluster })],
  );
  const manager = buildInboundHttpManager({ statPrefix: `inbound_0.0.0.0_${port}`, virtualHost, accessLog });
  return buildPortFilterChain(`0.0.0.0_${port}`, port, [manager]);
}
