// A request in an HTTP connection manager: its virtual host and route, the filters, and what the route does with it.
import { typeUrls } from '../../discovery/view.ts';
import {
  RedirectAction_RedirectResponseCode,
  VirtualHost_TlsRequirementType,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.js';
import { RouterSchema } from '../../envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import type {
  HttpConnectionManager,
  HttpFilter,
} from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HeaderMutationSchema } from '../../envoy/gen/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { testOf } from '../matching/text.ts';
import { readAny, readResource } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import { toCluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { destinationOf, rewritten } from './http-destination.ts';
import { runHttpFilters } from './http-filters.ts';
import { normalized } from './path.ts';
import type { Request } from './request.ts';
import { chooseRoute } from './route-choice.ts';
import { findVirtualHost } from './virtual-host-search.ts';
import type { Event, ProxyPlace, Terminal, Walk } from './walk.ts';

export function passHttp(
  walk: Walk,
  proxy: ProxyPlace,
  manager: HttpConnectionManager,
  connection: Connection,
): Terminal {
  const { payload } = connection;
  const stopped = (event: Event, how: number | 'closed'): Terminal => {
    return { kind: 'stopped', proxy, event, cluster: '', route: proxy.hop.route, how, reported: false };
  };
  if (payload.kind !== 'http') {
    const fields = { c: 400, f: 'DPE', d: 'http1.codec_error', m: '', a: '', p: '' };
    // An answer in the clear is none to who began TLS.
    return stopped(httpEvent(manager, connection, fields), payload.kind === 'tls' ? 'closed' : 400);
  }
  const request = asRead(payload, manager);
  const routes = routesOf(manager, proxy);
  const virtualHost = routes && findVirtualHost(proxy.view, routes, request.authority);
  const redirectsToTls = virtualHost?.requireTls === VirtualHost_TlsRequirementType.ALL && request.scheme !== 'https';
  const route =
    virtualHost === undefined || redirectsToTls ? undefined : chooseRoute(virtualHost, request, walk.questions);
  proxy.hop.route = route?.name ?? '';
  noteOrigins(proxy, routes?.name ?? '', virtualHost?.name ?? '');
  const destination = destinationOf(walk, route);
  const [router, filters] = splitRouter(manager.httpFilters);
  const routed = { virtualHost, route, perCluster: destination?.perFilter ?? {} };
  const filtered = runHttpFilters(walk, filters, routed, connection, request);
  const fields = {
    m: request.method.value() ?? '',
    a: request.authority,
    p: request.path.value() ?? '',
    r: route?.name ?? '',
    ...(filtered.reported ? { w: 'denied' } : {}),
  };
  const event = (more: Event['fields']) => httpEvent(manager, connection, { ...fields, ...more });
  const { answer } = filtered;
  if (answer !== undefined) {
    const { code, details, flags, denied } = answer;
    const told = event({ c: code, f: flags, d: details, ...(denied === true ? { z: 'denied' } : {}) });
    return flags === 'FI' || code < 400 ? { ...stopped(told, code), kind: 'answered' } : stopped(told, code);
  }
  const answered = (code: number): Terminal => ({
    ...stopped(event({ c: code, d: 'direct_response' }), code),
    kind: 'answered',
  });
  if (redirectsToTls) return answered(301);
  if (route === undefined) return stopped(event({ c: 404, f: 'NR', d: 'route_not_found' }), 404);
  if (route.action.case === 'directResponse') {
    // What refuses is a record's to tell.
    const { status } = route.action.value;
    const told = event({ c: status, d: 'direct_response' });
    return { ...stopped(told, status), kind: 'answered' };
  }
  if (route.action.case === 'redirect') return answered(redirectCodes.get(route.action.value.responseCode) ?? 301);
  if (destination === undefined) throw new Untellable(`a route that does ${route.action.case}`);
  const sent = rewritten(request, route, destination);
  return toCluster(walk, proxy, {
    cluster: destination.cluster,
    route: route.name,
    // A CONNECT ends here, and what is inside goes on.
    connection: { ...filtered.connection, payload: sent.inside ?? sent },
    request: sent,
    asked: request,
    upstreamFilters: router,
    reported: filtered.reported,
    event,
  });
}

const redirectCodes = new Map([
  [RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY, 301],
  [RedirectAction_RedirectResponseCode.FOUND, 302],
  [RedirectAction_RedirectResponseCode.SEE_OTHER, 303],
  [RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT, 307],
  [RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT, 308],
]);

/** As filters and routes see it. */
function asRead(request: Request, manager: HttpConnectionManager): Request {
  const removed = manager.earlyHeaderMutationExtensions.flatMap(({ name, typedConfig }) => {
    const config = readAny(HeaderMutationSchema, typedConfig);
    if (config === undefined) throw new Untellable(`an early mutation ${name}`);
    return config.mutations;
  });
  const isRemoved = (name: string) =>
    removed.some(({ action }) => {
      if (action.case === 'remove') return action.value.toLowerCase() === name;
      if (action.case !== 'removeOnMatch' || action.value.keyMatcher === undefined) {
        throw new Untellable(`an early mutation ${action.case}`);
      }
      const { kind, value } = testOf(action.value.keyMatcher);
      if (kind !== 'prefix') throw new Untellable(`an early mutation by ${kind}`);
      return name.startsWith(value);
    });
  return {
    ...request,
    path: manager.normalizePath === true ? normalized(request.path) : request.path,
    header: (name) => (isRemoved(name) ? undefined : request.header(name)),
  };
}

function routesOf({ routeSpecifier }: HttpConnectionManager, { view }: ProxyPlace): RouteConfiguration | undefined {
  if (routeSpecifier.case === 'routeConfig') return routeSpecifier.value;
  if (routeSpecifier.case !== 'rds') throw new Untellable(`routes by ${routeSpecifier.case}`);
  const resource = view.resources(typeUrls.route).get(routeSpecifier.value.routeConfigName);
  return resource && readResource(RouteConfigurationSchema, resource);
}

function noteOrigins({ view, hop }: ProxyPlace, routes: string, virtualHost: string): void {
  const found = [
    view.resources(typeUrls.virtualHost).get(virtualHost),
    view.resources(typeUrls.route).get(routes),
  ].find((resource) => resource !== undefined);
  for (const origin of found?.origins ?? []) hop.objects.add(origin);
}

/** The last one, with its upstream filters, and those before it. */
function splitRouter(filters: readonly HttpFilter[]): readonly [readonly HttpFilter[], readonly HttpFilter[]] {
  const last = filters.at(-1);
  const router = last?.configType.case === 'typedConfig' ? readAny(RouterSchema, last.configType.value) : undefined;
  if (router === undefined) throw new Untellable(`an HTTP filter ${last?.name} in the place of the router`);
  return [router.upstreamHttpFilters, filters.slice(0, -1)];
}

function httpEvent(
  { accessLog }: HttpConnectionManager,
  { place, port, source }: Connection,
  fields: Event['fields'],
): Event {
  const o = `${place.address ?? '0.0.0.0'}:${port}`;
  return { family: 'http', accessLog, fields: { o, b: source ?? '', ...fields } };
}
