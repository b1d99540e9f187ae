// Listeners of a sidecar. Envoy: config.listener.v3.Listener. Those for single ports are not bound: virtualOutbound
// takes every redirected connection and hands it to the one that fits its original destination.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import { TrafficDirection } from './gen/envoy/config/core/v3/base_pb.js';
import type {
  FilterChainSchema,
  ListenerFilterChainMatchPredicateSchema,
  ListenerFilterSchema,
} from './gen/envoy/config/listener/v3/listener_components_pb.js';
import { type Listener, ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { HttpInspectorSchema } from './gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { OriginalDstSchema } from './gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { TlsInspectorSchema } from './gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import type { Matcher } from './gen/xds/type/matcher/v3/matcher_pb.js';
import type { NetworkFilter } from './network-filters.ts';
import type { TransportSocket } from './transport-socket.ts';
import { seconds, socketAddress } from './values.ts';

export type FilterChain = MessageInitShape<typeof FilterChainSchema>;
type ListenerFilter = MessageInitShape<typeof ListenerFilterSchema>;

/** `tls`: what callers' bytes are taken out of. */
export function buildFilterChain(name: string, filters: readonly NetworkFilter[], tls?: TransportSocket): FilterChain {
  if (tls === undefined) return { name, filters: [...filters] };
  return { name, filters: [...filters], transportSocket: tls, transportSocketConnectTimeout: seconds(15) };
}

/** A chain for connections whose first destination had this port. */
export function buildPortFilterChain(name: string, port: number, filters: readonly NetworkFilter[]): FilterChain {
  return { name, filterChainMatch: { destinationPort: port }, filters: [...filters] };
}

export type PortChoice = { readonly only: readonly number[] } | { readonly except: readonly number[] };

/** What a listener does with a connection that it has, however that came to it. */
export interface ListenerChains {
  readonly inspectors: readonly ('tls' | 'http')[];
  /** Of connections to these ports nothing is looked for, or of those to these alone. */
  readonly inspectedPorts?: PortChoice;
  /** How long to wait for what they look for; for ever if absent. */
  readonly inspectSeconds?: number;
  readonly chains: readonly FilterChain[];
  /** Chooses among `chains` by name. */
  readonly matcher?: Matcher;
  /** What the matcher does not choose, or all; closed where it is absent. */
  readonly defaultChain?: FilterChain;
  readonly accessLog?: readonly AccessLog[];
}

export interface ListenerOptions extends ListenerChains {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly direction: 'inbound' | 'outbound';
  /** Whether a socket is opened; false: connections are handed over by original destination. */
  readonly bind: boolean;
  /**
   * Takes redirected connections: `restore` reads their first destination, `hand-over` also gives each to the
   * listener of that address, if there is one.
   */
  readonly originalDst?: 'restore' | 'hand-over';
}

export function buildListener(options: ListenerOptions): Listener {
  const { listenerFilters, ...chains } = chainsOf(options);
  return create(ListenerSchema, {
    name: options.name,
    address: socketAddress(options.address, options.port),
    trafficDirection: options.direction === 'inbound' ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
    ...(options.bind ? {} : { bindToPort: false }),
    ...(options.originalDst === 'hand-over' ? { useOriginalDst: true } : {}),
    ...chains,
    listenerFilters: [...(options.originalDst === undefined ? [] : [originalDst]), ...listenerFilters],
  });
}

/** The fields of a listener that say what it does with a connection. */
export function chainsOf(options: ListenerChains) {
  const inspects = options.inspectors.length > 0;
  return {
    listenerFilters: options.inspectors.map((inspector) => inspecting(inspector, options.inspectedPorts)),
    // Istio: protocolDetectionTimeout, 0 for wait as long as it takes; a caller that opens early and sends late
    // must not be taken for something else than HTTP.
    ...(inspects
      ? { listenerFiltersTimeout: seconds(options.inspectSeconds ?? 0), continueOnListenerFiltersTimeout: true }
      : {}),
    filterChains: [...options.chains],
    ...(options.matcher === undefined ? {} : { filterChainMatcher: options.matcher }),
    ...(options.defaultChain === undefined ? {} : { defaultFilterChain: options.defaultChain }),
    accessLog: [...(options.accessLog ?? [])],
  };
}

type Predicate = MessageInitShape<typeof ListenerFilterChainMatchPredicateSchema>;

function disabledFor(choice: PortChoice): Predicate {
  if ('except' in choice) return anyPort(choice.except);
  return { rule: { case: 'notMatch', value: anyPort(choice.only) } };
}

function anyPort(ports: readonly number[]): Predicate {
  const rules = ports.map((port): Predicate => {
    return { rule: { case: 'destinationPortRange', value: { start: port, end: port + 1 } } };
  });
  // Envoy takes no choice among fewer than two.
  const [only] = rules;
  return only !== undefined && rules.length === 1 ? only : { rule: { case: 'orMatch', value: { rules } } };
}

export function listenerFilter(
  name: string,
  value: ReturnType<typeof anyOf>,
  filterDisabled?: Predicate,
): ListenerFilter {
  return {
    name,
    configType: { case: 'typedConfig', value },
    ...(filterDisabled === undefined ? {} : { filterDisabled }),
  };
}

const originalDst = listenerFilter('envoy.filters.listener.original_dst', anyOf(OriginalDstSchema, {}));

const inspectors = {
  tls: ['envoy.filters.listener.tls_inspector', anyOf(TlsInspectorSchema, {})],
  http: ['envoy.filters.listener.http_inspector', anyOf(HttpInspectorSchema, {})],
} as const;

function inspecting(inspector: keyof typeof inspectors, ports: PortChoice | undefined): ListenerFilter {
  const [name, config] = inspectors[inspector];
  return listenerFilter(name, config, ports === undefined ? undefined : disabledFor(ports));
}
