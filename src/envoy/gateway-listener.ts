// A listener of a gateway: on a port of its own or, where sockets are the bootstrap's, inside Envoy under the same name.
// Chains are chosen by the SNI through one matcher over the whole listener, so that a server more or less drains no other
// server's connections. There is no default chain: what nobody serves is closed (Istio: flag NR in the listener's log).
import { create } from '@bufbuild/protobuf';
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import { buildServerNameMatcher, buildTransportMatcher, type ChainChoice } from './chain-matcher.ts';
import { TrafficDirection } from './gen/envoy/config/core/v3/base_pb.js';
import { type Listener, ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { TlsInspectorSchema } from './gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import type { Matcher } from './gen/xds/type/matcher/v3/matcher_pb.js';
import { restoring } from './internal-listener.ts';
import { buildFilterChain, listenerFilter } from './listener.ts';
import type { NetworkFilter } from './network-filters.ts';
import type { TransportSocket } from './transport-socket.ts';
import { seconds, socketAddress } from './values.ts';

export interface GatewayTlsChain {
  /** Unique in the listener. */
  readonly name: string;
  /** Exact, `*.example.com`, or `*` for every name and none. A name stands in one chain only. */
  readonly serverNames: readonly string[];
  readonly filters: readonly NetworkFilter[];
  /** Undefined: TLS passes through. */
  readonly tls?: TransportSocket | undefined;
}

export interface GatewayListenerOptions {
  readonly name: string;
  /** `internal`: connections are handed over by a cluster of the listener's name (internal-listener.ts, `caller`). */
  readonly bind: { readonly address?: string; readonly port: number } | 'internal';
  readonly tlsChains: readonly GatewayTlsChain[];
  /** For connections without TLS; at least one chain of either kind must be there. */
  readonly plainChain?: { readonly name: string; readonly filters: readonly NetworkFilter[] } | undefined;
  /** How long a caller that shows no TLS may be silent; undefined: Envoy's 15 s, and it is closed then. */
  readonly inspectSeconds?: number;
  /** Of the listener itself: connections that found no chain. */
  readonly accessLog: readonly AccessLog[];
}

export function buildGatewayListener(options: GatewayListenerOptions): Listener {
  const { bind, tlsChains, plainChain } = options;
  const tls = tlsChains.length > 0;
  const matcher = tls ? buildTransportMatcher({ tls: byServerName(tlsChains), plain: plainChain?.name }) : undefined;
  return create(ListenerSchema, {
    name: options.name,
    ...(bind === 'internal'
      ? { listenerSpecifier: { case: 'internalListener', value: {} } }
      : { address: socketAddress(bind.address ?? '0.0.0.0', bind.port) }),
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: [...(bind === 'internal' ? [restoring.caller] : []), ...(tls ? [tlsInspector] : [])],
    ...(options.inspectSeconds === undefined
      ? {}
      : { listenerFiltersTimeout: seconds(options.inspectSeconds), continueOnListenerFiltersTimeout: true }),
    ...(matcher === undefined ? {} : { filterChainMatcher: matcher }),
    filterChains: [
      ...tlsChains.map(({ name, filters, tls: ended }) => buildFilterChain(name, filters, ended)),
      ...(plainChain === undefined ? [] : [{ name: plainChain.name, filters: [...plainChain.filters] }]),
    ],
    accessLog: [...options.accessLog],
  });
}

function byServerName(chains: readonly GatewayTlsChain[]): ChainChoice | undefined {
  const everyName = chains.find(({ serverNames }) => serverNames.includes('*'))?.name;
  const named = chains
    .map(({ name, serverNames }) => ({ chain: name, names: serverNames.filter((serverName) => serverName !== '*') }))
    .filter(({ names }) => names.length > 0);
  const matcher: Matcher | undefined = buildServerNameMatcher(named, everyName);
  return matcher ?? everyName;
}

const tlsInspector = listenerFilter('envoy.filters.listener.tls_inspector', anyOf(TlsInspectorSchema, {}));
