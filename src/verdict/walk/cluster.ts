// What a proxy sends to a cluster: to one of its endpoints, with TLS of the proxy's own or as it is. Behind an endpoint that is a
// pod of the mesh its proxy takes it; inside an Envoy the next listener does.

import { clusterIpRange } from '../../api/kinds/service.ts';
import { spiffeIdentity } from '../../api/spiffe.ts';
import { typeUrls } from '../../discovery/view.ts';
import { ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { RBACSchema } from '../../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import type { HttpFilter } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  type HttpProtocolOptions,
  HttpProtocolOptionsSchema,
} from '../../envoy/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { httpProtocolOptionsKey } from '../../envoy/http-protocol-options.ts';
import { allocatedRange } from '../../mesh/allocated-addresses.ts';
import { listenerName, virtualInbound } from '../../xds/names.ts';
import { isWithin } from '../matching/address.ts';
import { readAny, readResource } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import { type Spoken, socketFor, speak } from './client-tls.ts';
import type { Connection } from './connection.ts';
import { type Target, targetsOf } from './endpoints.ts';
import { enterListener, listenerNamed } from './listener.ts';
import { judgeRbac } from './rbac.ts';
import type { Request } from './request.ts';
import { type Event, openHop, type ProxyPlace, type Terminal, type Walk } from './walk.ts';

export interface Sending {
  readonly cluster: string;
  readonly route: string;
  /** With what is to be sent. */
  readonly connection: Connection;
  /** As it is sent, and as it was asked for; undefined: a connection. */
  readonly request?: Request;
  readonly asked?: Request;
  /** The router's. */
  readonly upstreamFilters: readonly HttpFilter[];
  readonly reported: boolean;
  readonly event: (fields: Event['fields']) => Event;
}

export function toCluster(walk: Walk, proxy: ProxyPlace, sending: Sending): Terminal {
  const { hop, view } = proxy;
  const { cluster: name, route, reported, event, request } = sending;
  hop.cluster = name;
  const isHttp = request !== undefined;
  const terminal = (kind: Terminal['kind'], cluster: string, fields: Event['fields'], code = 503): Terminal => {
    const told = event({ u: cluster, ...(isHttp ? { c: kind === 'left' ? 200 : code } : {}), ...fields });
    return { kind, proxy, event: told, cluster, route, how: isHttp ? code : 'closed', reported };
  };
  const resource = view.resources(typeUrls.cluster).get(name);
  if (resource === undefined)
    return terminal('stopped', '', { f: 'NC', ...(isHttp ? { d: 'cluster_not_found' } : {}) });
  for (const origin of resource.origins) hop.objects.add(origin);
  const cluster = readResource(ClusterSchema, resource);
  const target = targetsOf(walk, proxy, cluster, sending);
  if (target === undefined) return terminal('stopped', name, { f: 'UH' });
  if (target.kind === 'inside') {
    const next = listenerNamed(proxy, target.listener);
    if (next === undefined) throw new Untellable(`a listener ${target.listener} that is not there`);
    return enterListener(walk, proxy, next, { ...sending.connection, sni: '' });
  }
  const http = readAny(HttpProtocolOptionsSchema, cluster.typedExtensionProtocolOptions[httpProtocolOptionsKey]);
  const { upstream } = target;
  const h = upstream.place.address === undefined ? {} : { h: `${upstream.place.address}:${upstream.port}` };
  if (isHttp) {
    const refused = refusedUpstream(walk, sending, http, target);
    if (refused !== undefined) return terminal('stopped', name, { ...h, d: refused, f: '-' }, 403);
  }
  const { peer } = target;
  if (peer === undefined && isNowhere(upstream.place.address)) {
    const why = `${upstream.place.address} is an address that the mesh gave, and nobody has it outside of its proxies`;
    return { ...terminal('unanswered', name, { ...h, f: 'UF' }), why };
  }
  const { trustDomain } = walk.proxies;
  const identity = peer && spiffeIdentity({ ...peer, trustDomain });
  const autoSni = http?.upstreamHttpProtocolOptions?.autoSni === true;
  const payload = spokenVersion(sending, http);
  const spoken = speak(socketFor(cluster, target.endpoint), payload, proxy, { trustDomain, peer: identity, autoSni });
  if (typeof spoken === 'string') return { ...terminal('unanswered', name, { f: 'UF' }), why: spoken };
  hop.tls = spoken.tls;
  if (peer === undefined || proxy.inbound) return terminal('left', name, h);
  const end = toPod(walk, proxy, peer, target, spoken, sending, terminal('left', name, h));
  // To a request a connection that was closed on its way is this proxy's own answer; a CONNECT had its answer by then.
  return isHttp && request.inside === undefined && end.how === 'closed' ? { ...end, how: 503 } : end;
}

function toPod(
  walk: Walk,
  caller: ProxyPlace,
  identity: NonNullable<Target['peer']>,
  { upstream }: Target,
  { payload }: Spoken,
  { connection }: Sending,
  left: Terminal,
): Terminal {
  if (walk.hops.length > mostHops) throw new Untellable('more proxies than a way can have');
  const hop = openHop(identity);
  const inbound = identity.type === 'sidecar';
  const next: ProxyPlace = { identity, view: walk.proxies.viewOf(identity), hop, inbound };
  const arriving: Connection = {
    place: upstream.place,
    port: upstream.port,
    source: walk.proxies.callsFrom(caller.identity),
    peer: undefined,
    sni: '',
    state: new Map(),
    payload,
  };
  if (inbound) {
    const listener = listenerNamed(next, virtualInbound);
    const end = listener && enterListener(walk, next, listener, arriving);
    if (end === undefined || end.kind === 'left') return left;
    walk.hops.push(hop);
    return end;
  }
  walk.hops.push(hop);
  const { address = '' } = upstream.place;
  const listener =
    listenerNamed(next, listenerName(address, upstream.port)) ??
    listenerNamed(next, listenerName('0.0.0.0', upstream.port));
  if (listener !== undefined)
    return enterListener(walk, next, listener, { ...arriving, place: { subject: connection.place.subject, address } });
  const why = `the gateway ${identity.namespace}/${identity.workload} listens on no port ${upstream.port}`;
  return { ...left, kind: 'unanswered', why };
}

/** Addresses that mean a service to proxies which know it, and to all others nobody. */
function isNowhere(address: string | undefined): boolean {
  if (address === undefined) return false;
  return [clusterIpRange, allocatedRange].some((range) => {
    const [prefix = '', length = ''] = range.split('/');
    return isWithin(address, prefix, Number(length));
  });
}

/** A loop among gateways is none that Envoy would see. */
const mostHops = 8;

/** Envoy's word; undefined: it is let through. */
function refusedUpstream(
  { questions }: Walk,
  { upstreamFilters, connection, asked }: Sending,
  http: HttpProtocolOptions | undefined,
  { upstream }: Target,
): string | undefined {
  const own = http?.httpFilters ?? [];
  for (const { name, configType } of own.length > 0 ? own : upstreamFilters) {
    if (withoutSay.has(name)) continue;
    const rbac = configType.case === 'typedConfig' ? readAny(RBACSchema, configType.value) : undefined;
    if (rbac?.rules === undefined) throw new Untellable(`an upstream filter ${name}`);
    const { allowed, policy } = judgeRbac(rbac.rules, { connection, request: asked, upstream, questions });
    if (!allowed) return `rbac_access_denied_matched_policy[${policy ?? 'none'}]`;
  }
  return undefined;
}

const withoutSay = new Set(['envoy.filters.http.upstream_codec', 'envoy.filters.http.header_mutation']);

function spokenVersion({ connection }: Sending, http: HttpProtocolOptions | undefined): Connection['payload'] {
  const { payload } = connection;
  const protocol = http?.upstreamProtocolOptions;
  if (payload.kind !== 'http' || protocol?.case !== 'explicitHttpConfig') return payload;
  const http2 = protocol.value.protocolConfig.case === 'http2ProtocolOptions';
  return { ...payload, version: http2 ? 'h2c' : 'http/1.1' };
}
