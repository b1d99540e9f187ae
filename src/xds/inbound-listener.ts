// What comes in to a workload (istio-semantics 1.9): mTLS is ended, and the bytes handed to the application as they are, on
// ports that Services call HTTP request by request, so that the access log and what is counted speak of requests.
// Istio: sniffs every other port; here: those are passed on unread, since a server that speaks first would wait.
// Filters that judge callers go in front of a chain's last filter, or of the router: buildInboundFilters.
import { typeUrls } from '../discovery/view.ts';
import { buildOriginalDstCluster } from '../envoy/cluster.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildInboundHttpManager } from '../envoy/inbound-http-manager.ts';
import { buildInternalListener } from '../envoy/internal-listener.ts';
import { buildFilterChain, buildListener, buildPortFilterChain } from '../envoy/listener.ts';
import type { NetworkFilter } from '../envoy/network-filters.ts';
import { buildForwardRoute, buildVirtualHost } from '../envoy/route.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { asksForPaths, authorizeConnections, authorizeRequests, judgedProxy } from './authorization/filters.ts';
import { inboundSide } from './authorization/sides.ts';
import type { Capture } from './capture.ts';
import { buildPeerChains, type CallerKind } from './inbound-mtls.ts';
import type { InboundHandling, InboundPort } from './inbound-ports.ts';
import { inboundCluster, inboundPassthroughCluster, inboundPort, virtualInbound } from './names.ts';
import type { PeerOutlook } from './outlook.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { inboundHttpLogs, inboundTcpLogs } from './traffic-logs.ts';

export interface InboundOptions {
  readonly config: ProxySettings;
  /** Undefined: proxy capture, where there is no mTLS, and sockets of the pod's own hand connections over. */
  readonly peers: PeerOutlook | undefined;
}

export function buildInboundResources(
  ports: readonly InboundPort[],
  options: InboundOptions,
): readonly TypedResource[] {
  const { config, peers } = options;
  const http = buildHttpProtocolOptions({ version: 'downstream' });
  const clusters = [
    buildOriginalDstCluster({ name: inboundPassthroughCluster, http }),
    ...ports.map(([port, handling]) =>
      buildOriginalDstCluster({ name: inboundCluster(port), http, countsBodies: handling === 'http' }),
    ),
  ];
  const { listener, secrets } =
    peers === undefined ? buildPlainListener(ports, config) : buildMutualListener(ports, config, peers);
  const origins = [...(config.origins ?? []), ...(peers?.origins ?? [])];
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    typedResource(typeUrls.listener, ListenerSchema, listener.name, listener, origins, secrets),
  ];
}

/** The program's address stands in filter state. */
function buildPlainListener(ports: readonly InboundPort[], config: ProxySettings) {
  const capture = 'proxy';
  const listener = buildInternalListener({
    name: virtualInbound,
    direction: 'inbound',
    inspectors: [],
    chains: ports.map(([port, handling]) =>
      buildPortFilterChain(
        `0.0.0.0_${port}`,
        port,
        buildInboundFilters(port, handling, { config, capture, callers: 'anyone' }),
      ),
    ),
    defaultChain: buildFilterChain(virtualInbound, buildPassedFilters(config, capture)),
    addresses: 'filter-state',
  });
  return { listener, secrets: [] };
}

function buildMutualListener(ports: readonly InboundPort[], config: ProxySettings, peers: PeerOutlook) {
  const handled = new Map(ports);
  const capture = 'redirect';
  const { secrets, ...chains } = buildPeerChains([...handled.keys()], { config, peers }, (port, callers) => {
    const handling = port === undefined ? undefined : handled.get(port);
    return port === undefined || handling === undefined
      ? buildPassedFilters(config, capture)
      : buildInboundFilters(port, handling, { config, capture, callers });
  });
  const listener = buildListener({
    name: virtualInbound,
    direction: 'inbound',
    address: '0.0.0.0',
    port: inboundPort,
    bind: true,
    originalDst: 'restore',
    ...chains,
  });
  return { listener, secrets };
}

/** Of ports that no Service sends to. */
function buildPassedFilters(config: ProxySettings, capture: Capture['kind']): readonly NetworkFilter[] {
  const authorization = authorizeConnections(inboundSide(config, { reads: 'nothing', port: undefined, capture }));
  const proxy = { statPrefix: inboundPassthroughCluster, cluster: inboundPassthroughCluster, accessLog: [] };
  return judgedProxy({ authorization, proxy, waits: false });
}

interface InboundPlace {
  readonly config: ProxySettings;
  readonly capture: Capture['kind'];
  readonly callers: CallerKind;
}

/** Programs that speak first do so before their caller is judged, as in Istio: for others nobody is made to wait. */
function buildInboundFilters(
  port: number,
  handling: InboundHandling,
  { config, capture, callers }: InboundPlace,
): readonly NetworkFilter[] {
  const cluster = inboundCluster(port);
  if (handling === 'tcp') {
    const authorization = authorizeConnections(inboundSide(config, { reads: 'nothing', port, capture }));
    const proxy = { statPrefix: cluster, cluster, accessLog: inboundTcpLogs(config, callers === 'mesh') };
    return judgedProxy({ authorization, proxy, waits: false });
  }
  const virtualHost = buildVirtualHost(
    `inbound|http|${port}`,
    ['*'],
    [buildForwardRoute({ name: 'default', cluster })],
  );
  return [
    buildInboundHttpManager({
      statPrefix: `inbound_0.0.0.0_${port}`,
      virtualHost,
      accessLog: inboundHttpLogs(config, callers === 'mesh'),
      knowsCallers: callers === 'mesh',
      filters: authorizeRequests(inboundSide(config, { reads: 'requests', port, capture })).filters,
      normalizesPaths: asksForPaths(config.authorization?.inbound),
    }),
  ];
}
