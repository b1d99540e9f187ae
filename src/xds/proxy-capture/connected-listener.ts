// What is inside a CONNECT that must be looked into: HTTP by its Host, TLS by its SNI, as if the network had redirected
// it to the listener of that port. It has no socket; virtual hosts of `http_proxy` hand connections over to it.
// Invariant: what is told by neither goes to the service that was asked for, if its route allows that, else nowhere.
import { typeUrls } from '../../discovery/view.ts';
import { buildNetworkFilterState, type FilterStateValue } from '../../envoy/filter-state.ts';
import { ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildInternalCluster, buildInternalListener } from '../../envoy/internal-listener.ts';
import { buildFilterChain } from '../../envoy/listener.ts';
import { handlingOf } from '../../mesh/handling.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import { authorizeConnections, judgedProxy } from '../authorization/filters.ts';
import { outboundSide } from '../authorization/sides.ts';
import { forwardedGuard } from '../cluster-http.ts';
import { forwardedChain, serviceChain } from '../filter-chains.ts';
import { blackHoleCluster, listenerName } from '../names.ts';
import { buildNamedChains } from '../outbound-listeners.ts';
import type { PortService, PortUse } from '../port-use.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { buildPortRoutes } from '../routes.ts';

import { outboundTcpLogs } from '../traffic-logs.ts';

/** The listener and the cluster that leads to it. */
export function connectedListenerName(port: number): string {
  return listenerName('0.0.0.0', port);
}

const clusterKey = 'sallyport.connected_cluster';

/** What is neither HTTP nor TLS inside goes to this cluster. */
export function connectedTo(cluster: string): FilterStateValue {
  return { key: clusterKey, format: cluster, ownKey: true, shared: true };
}

export function buildConnectedListener(port: number, use: PortUse, config: ProxySettings): readonly TypedResource[] {
  const serverNames = lookedInto(use, config);
  const http = use.http.size > 0;
  if (!http && serverNames.size === 0) return [];
  const name = connectedListenerName(port);
  const nothing = new Map<string, PortService>();
  const authorization = authorizeConnections(outboundSide(config, { reads: 'nothing', port, capture: 'proxy' }));
  const { refusal } = authorization;
  const accessLog = outboundTcpLogs(config, 'unregistered', { destination: `0.0.0.0:${port}`, refusal });
  const chains = buildNamedChains(port, { ...use, serverNames, addressed: nothing, tcp: nothing }, config, {
    capture: 'proxy',
    http,
    tls: serverNames.size > 0,
    chainOf: (entry) => namedChain(entry, config),
    byAddress: [],
  });
  const listener = buildInternalListener({
    name,
    direction: 'outbound',
    addresses: 'caller',
    inspectors: [...(chains.inspectsTls ? (['tls'] as const) : []), ...chains.inspectsHttp],
    chains: chains.chains,
    ...(chains.matcher === undefined ? {} : { matcher: chains.matcher }),
    defaultChain: buildFilterChain(
      'connected',
      judgedProxy({
        authorization,
        before: [
          buildNetworkFilterState([{ key: 'envoy.tcp_proxy.cluster', format: `%FILTER_STATE(${clusterKey}:PLAIN)%` }]),
        ],
        proxy: { statPrefix: 'connected', cluster: blackHoleCluster, accessLog },
        waits: true,
      }),
    ),
  });
  return [
    typedResource(typeUrls.cluster, ClusterSchema, name, buildInternalCluster(name, 'caller'), []),
    typedResource(typeUrls.listener, ListenerSchema, name, listener, chains.origins.concat(config.origins ?? [])),
    ...(http ? [buildPortRoutes(port, config)] : []),
  ];
}

/** Under ALLOW_ANY only those whose connections a VirtualService sends elsewhere. */
function lookedInto(use: PortUse, config: ProxySettings): ReadonlyMap<string, PortService> {
  const tls = tlsServices(use);
  if (config.outboundTrafficPolicy === 'REGISTRY_ONLY') return tls;
  return new Map([...tls].filter(([, { passed }]) => passed.length > 0));
}

/** Inside a CONNECT only the name counts: whether the address was one of a service's is what its route has decided. */
function tlsServices({ serverNames, addressed }: PortUse): ReadonlyMap<string, PortService> {
  const tls = [...addressed].filter(([, { port }]) => handlingOf(port.protocol) === 'tls');
  return new Map([...serverNames, ...tls].map(([host, entry]) => [host, { ...entry, ranged: [] }]));
}

function namedChain(entry: PortService, config: ProxySettings) {
  const { service, port } = entry;
  if (service.resolution !== 'NONE') return serviceChain(entry, config, 'proxy');
  return forwardedChain(entry, forwardedGuard(service, port, config), config, 'proxy');
}
