// Behind a server for TLS that ends the mesh's own mTLS (ISTIO_MUTUAL) stands whatever the application sends, most often TLS of
// its own. The SNI outside is the caller's proxy's word; what is inside says where the connection goes. So the bytes go on to a
// listener inside Envoy that reads the SNI once more and takes those alone that VirtualServices serve there.
// Istio: the tcp rules of such a server take any bytes, so that a caller who names an allowed host outside reaches any inside;
// here: the hosts of the VirtualService hold inside too, and its tls rules tell hosts apart by the SNI inside.
// Who the caller is comes along in filter state (peerIdentityKey): filters that judge callers stand in these chains.
import { typeUrls } from '../../discovery/view.ts';
import { buildNetworkFilterState } from '../../envoy/filter-state.ts';
import { buildGatewayListener } from '../../envoy/gateway-listener.ts';
import { ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildInternalCluster } from '../../envoy/internal-listener.ts';
import { buildTcpProxy, type NetworkFilter } from '../../envoy/network-filters.ts';
import { peerIdentityKey } from '../mutual-tls.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { refusedByGatewayLogs } from '../traffic-logs.ts';
import { type ClaimedChain, claimedChain, withoutTaken } from './claimed-chains.ts';
import { endsHttps } from './gateway-routes.ts';
import type { PlacedServer } from './merge-servers.ts';
import {
  askedAt,
  buildPassedChains,
  firstTcpRoute,
  type GatewayListenerContext,
  judgingCallers,
  passedOn,
  type TcpRoute,
} from './passed-chains.ts';

/** How long what comes out of mTLS may be silent before it counts as no TLS, where that goes on: a server that speaks first waits so long. */
const inspectSeconds = 1;

export function hasInnerListener(placed: PlacedServer): boolean {
  return placed.server.tls?.mode === 'ISTIO_MUTUAL' && !endsHttps(placed);
}

/** The listener and the cluster that leads to it; empty where nothing is served. */
export function buildInnerListener(placed: PlacedServer, context: GatewayListenerContext): readonly TypedResource[] {
  const { settings, proxies } = context;
  const { number } = placed.server.port;
  const tcp = firstTcpRoute(placed, context);
  const passed = ({ route, hosts }: TcpRoute) => passedOn(route, placed, context, hosts.keys());
  const byHost: readonly ClaimedChain[] =
    tcp === undefined
      ? []
      : claimedChain({ name: tcp.route.name, filters: passed(tcp) }, tcp.hosts.keys(), (host) => tcp.hosts.get(host));
  const byRule = buildPassedChains(placed, context);
  const tlsChains = withoutTaken([...byRule, ...byHost]);
  // Otherwise a caller who waits the inspection out could name anybody inside.
  const plain =
    tcp === undefined || tcp.route.expectsTls
      ? undefined
      : { name: 'plain', filters: passedOn(tcp.route, placed, context) };
  if (tlsChains.length === 0) return [];
  const name = innerListenerName(placed);
  const listener = buildGatewayListener({
    name,
    bind: 'internal',
    tlsChains: tlsChains.map((chain) => judgingCallers(chain, proxies)),
    plainChain: plain === undefined ? undefined : judgingCallers(plain, proxies),
    ...(plain === undefined ? {} : { inspectSeconds }),
    accessLog: refusedByGatewayLogs(settings, askedAt(number), proxies),
  });
  return [
    typedResource(typeUrls.cluster, ClusterSchema, name, buildInternalCluster(name, 'caller'), [placed.origin]),
    typedResource(typeUrls.listener, ListenerSchema, name, listener, [placed.origin]),
  ];
}

/** What the chain that ends mTLS does. */
export function innerFilters(placed: PlacedServer): readonly NetworkFilter[] {
  const name = innerListenerName(placed);
  const caller = { key: peerIdentityKey, format: '%DOWNSTREAM_PEER_URI_SAN%', ownKey: true, shared: true };
  return [
    buildNetworkFilterState([caller], 'tls'),
    buildTcpProxy({ statPrefix: name, cluster: name, accessLog: [], connectOnHandshake: true }),
  ];
}

/** `inner.443.tls.istio-egressgateway.default` */
function innerListenerName({ gateway, server }: PlacedServer): string {
  const [namespace, name] = gateway.split('/');
  const { number, name: portName } = server.port;
  return ['inner', number, portName, name, namespace, ...(server.bind === undefined ? [] : [server.bind])].join('.');
}
