// A connection in a listener: a chain is chosen, TLS that ends there is taken off, and its filters do what they do, one after the
// other, until one of them sends it on or ends it.
import { type Resource, typeUrls } from '../../discovery/view.ts';
import type { AccessLog } from '../../envoy/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { HttpConnectionManagerSchema } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { RBACSchema } from '../../envoy/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { ConfigSchema as SetFilterStateSchema } from '../../envoy/gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { FilterConfigSchema as SniForwardSchema } from '../../envoy/gen/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy_pb.js';
import {
  type TcpProxy,
  TcpProxySchema,
} from '../../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { readAny, readResource } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import { chooseChain } from './chain-choice.ts';
import { toCluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { withState } from './filter-state.ts';
import { passHttp } from './http.ts';
import { inspect } from './inspection.ts';
import { judgeRbac } from './rbac.ts';
import { endTls } from './server-tls.ts';
import type { Event, ProxyPlace, Terminal, Walk } from './walk.ts';
import { weigh } from './weights.ts';

export function enterListener(walk: Walk, proxy: ProxyPlace, resource: Resource, connection: Connection): Terminal {
  const { hop, view } = proxy;
  const listener = readResource(ListenerSchema, resource);
  hop.listener = listener.name;
  for (const origin of resource.origins) hop.objects.add(origin);
  const inspected = inspect(listener, connection);
  const seen = { ...connection, sni: inspected.sni };
  const chain = chooseChain(listener, seen, inspected, walk.questions);
  if (chain === undefined) return closed(proxy, eventOf(listener.accessLog, seen, { f: 'NR' }));
  hop.chain = chain.name;
  const { transportSocket } = chain;
  const opened = transportSocket === undefined ? seen : endTls(transportSocket, seen, view);
  if (typeof opened === 'string') {
    return { ...closed(proxy, eventOf([], seen, {})), kind: 'unanswered', why: opened };
  }
  return runFilters(walk, proxy, chain.filters, opened);
}

function runFilters(walk: Walk, proxy: ProxyPlace, filters: readonly Filter[], arrived: Connection): Terminal {
  let connection = arrived;
  let upstream: Parameters<typeof judgeRbac>[1]['upstream'];
  const proxyFilter = filters.at(-1);
  const tcp = proxyFilter === undefined ? undefined : configOf(TcpProxySchema, proxyFilter);
  for (const filter of filters) {
    const state = configOf(SetFilterStateSchema, filter);
    const rbac = configOf(RBACSchema, filter);
    const forward = configOf(SniForwardSchema, filter);
    const http = configOf(HttpConnectionManagerSchema, filter);
    if (state !== undefined) {
      const values = [
        ...state.onNewConnection,
        ...(connection.peer === undefined ? [] : state.onDownstreamTlsHandshake),
      ];
      connection = { ...connection, state: withState(connection.state, values, connection) };
    } else if (rbac?.rules !== undefined) {
      const { allowed, policy } = judgeRbac(rbac.rules, { connection, upstream, questions: walk.questions });
      if (allowed) continue;
      const d = `rbac_access_denied_matched_policy[${policy ?? 'none'}]`;
      const judged = rbac.shadowRules === undefined ? {} : { z: 'denied' };
      return closed(proxy, eventOf(tcp?.accessLog ?? [], connection, { d, ...judged, ...at(upstream) }));
    } else if (forward !== undefined) {
      const port = forward.portSpecifier.case === 'portValue' ? forward.portSpecifier.value : 443;
      const address = walk.proxies.resolve(connection.sni, port);
      upstream = { place: { subject: `the address of ${connection.sni}`, address }, port };
    } else if (http !== undefined) {
      return passHttp(walk, proxy, http, connection);
    } else if (filter === proxyFilter && tcp !== undefined) {
      return passTcp(walk, proxy, tcp, connection);
    } else throw new Untellable(`a network filter ${filter.name}`);
  }
  throw new Untellable('a chain that ends nowhere');
}

function configOf<Schema extends Parameters<typeof readAny>[0]>(schema: Schema, { configType }: Filter) {
  return configType.case === 'typedConfig' ? readAny(schema, configType.value) : undefined;
}

function passTcp(walk: Walk, proxy: ProxyPlace, tcp: TcpProxy, connection: Connection): Terminal {
  const cluster = connection.state.get('envoy.tcp_proxy.cluster') ?? clusterOf(walk, tcp);
  return toCluster(walk, proxy, {
    cluster,
    route: '',
    connection,
    upstreamFilters: [],
    reported: false,
    event: (fields) => eventOf(tcp.accessLog, connection, fields),
  });
}

function clusterOf({ questions }: Walk, { clusterSpecifier: chosen }: TcpProxy): string {
  if (chosen.case === 'cluster') return chosen.value;
  if (chosen.case === 'weightedClusters') {
    const shares = chosen.value.clusters.map(({ name, weight }) => ({ name, weight }));
    return weigh(questions, shares)?.name ?? '';
  }
  throw new Untellable('a tcp_proxy without a cluster');
}

function at(upstream: Parameters<typeof judgeRbac>[1]['upstream']): Readonly<Record<string, string>> {
  const address = upstream?.place.address;
  return address === undefined ? {} : { h: `${address}:${upstream?.port}` };
}

function eventOf(
  accessLog: readonly AccessLog[],
  { sni, place, port, source }: Connection,
  fields: Event['fields'],
): Event {
  return {
    family: 'tcp',
    accessLog,
    fields: { s: sni, o: `${place.address ?? '0.0.0.0'}:${port}`, b: source ?? '', ...fields },
  };
}

function closed(proxy: ProxyPlace, event: Event): Terminal {
  return { kind: 'stopped', proxy, event, cluster: '', route: '', how: 'closed', reported: false };
}

/** By its name; undefined: the proxy has no such listener. */
export function listenerNamed({ view }: ProxyPlace, name: string): Resource | undefined {
  return view.resources(typeUrls.listener).get(name);
}
