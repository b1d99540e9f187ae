// What comes in to a workload (istio-semantics 1.9): handed to the application as it is, on ports that Services call HTTP
// request by request, so that the access log and what is counted speak of requests. No policy here: this is not egress.
// Istio: sniffs every other port; here: those are passed on unread, since a server that speaks first would wait.
import { typeUrls } from '../discovery/view.ts';
import { buildOriginalDstCluster } from '../envoy/cluster.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildInboundHttpManager } from '../envoy/inbound-http-manager.ts';
import { buildInternalListener } from '../envoy/internal-listener.ts';
import { buildFilterChain, buildListener, buildPortFilterChain, type FilterChain } from '../envoy/listener.ts';
import { buildTcpProxy } from '../envoy/network-filters.ts';
import { buildForwardRoute, buildVirtualHost } from '../envoy/route.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import type { Capture } from './capture.ts';
import type { InboundHandling, InboundPort } from './inbound-ports.ts';
import { buildLoopGuard } from './loop-guard.ts';
import { inboundCluster, inboundPassthroughCluster, inboundPort, virtualInbound } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { inboundHttpLogs, inboundTcpLogs } from './traffic-logs.ts';

export function buildInboundResources(
  ports: readonly InboundPort[],
  config: ProxySettings,
  capture: Capture['kind'],
): readonly TypedResource[] {
  const http = buildHttpProtocolOptions({ version: 'downstream' });
  const clusters = [
    buildOriginalDstCluster({ name: inboundPassthroughCluster, http }),
    ...ports.map(([port, handling]) =>
      buildOriginalDstCluster({ name: inboundCluster(port), http, countsBodies: handling === 'http' }),
    ),
  ];
  const listener = buildVirtualInbound(ports, config, capture);
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    typedResource(typeUrls.listener, ListenerSchema, listener.name, listener, config.origins ?? []),
  ];
}

/** Under proxy capture sockets of the pod's own hand connections over, with the program's address in filter state. */
function buildVirtualInbound(ports: readonly InboundPort[], config: ProxySettings, capture: Capture['kind']) {
  const chains = ports.map(([port, handling]) => buildInboundChain(port, handling, config));
  const common = {
    name: virtualInbound,
    direction: 'inbound',
    inspectors: [],
    defaultChain: buildFilterChain('virtualInbound', [
      buildTcpProxy({ statPrefix: inboundPassthroughCluster, cluster: inboundPassthroughCluster, accessLog: [] }),
    ]),
  } as const;
  if (capture === 'proxy') return buildInternalListener({ ...common, chains, addresses: 'filter-state' });
  return buildListener({
    ...common,
    address: '0.0.0.0',
    port: inboundPort,
    bind: true,
    originalDst: 'restore',
    chains: [buildLoopGuard('virtualInbound-blackhole', inboundPort), ...chains],
  });
}

function buildInboundChain(port: number, handling: InboundHandling, config: ProxySettings): FilterChain {
  const cluster = inboundCluster(port);
  if (handling === 'tcp') {
    return buildPortFilterChain(`0.0.0.0_${port}`, port, [
      buildTcpProxy({ statPrefix: cluster, cluster, accessLog: inboundTcpLogs(config) }),
    ]);
  }
  const virtualHost = buildVirtualHost(
    `inbound|http|${port}`,
    ['*'],
    [buildForwardRoute({ name: 'default', cluster })],
  );
  const manager = buildInboundHttpManager({
    statPrefix: `inbound_0.0.0.0_${port}`,
    virtualHost,
    accessLog: inboundHttpLogs(config),
  });
  return buildPortFilterChain(`0.0.0.0_${port}`, port, [manager]);
}
