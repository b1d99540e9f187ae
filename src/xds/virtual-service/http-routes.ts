// The HTTP rules of a VirtualService as routes of one virtual host, for sidecars and gateways alike (istio-semantics 3.3).
// Each match of a rule is a route. What stands behind a route that takes everything is not made.
import type { Any } from '@bufbuild/protobuf/wkt';
import { faultOnRoute } from '../../envoy/fault.ts';
import type { Route } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { countGrpcMessages } from '../../envoy/grpc-messages.ts';
import { gatewayHeaders } from '../../envoy/header-stripping.ts';
import { forwardOnRoute } from '../../envoy/http-filters.ts';
import { buildRoute, type RouteRedirect, type RouteToClusters } from '../../envoy/route-action.ts';
import type { RouteConditions } from '../../envoy/route-match.ts';
import { isHttp2 } from '../../mesh/handling.ts';
import {
  type Fault,
  type HttpDestination,
  type HttpMatch,
  type HttpRule,
  meshGateway,
  type Redirect,
  type VirtualService,
} from '../../mesh/virtual-service.ts';
import { hashPoliciesOf } from '../hash-policies.ts';
import { virtualServiceRoute } from '../names.ts';
import { retryPolicyOf } from '../retry-policy.ts';
import { authorityOf } from './authority.ts';
import { type FoundDestination, findDestination, isForHttp, type Routing, weighted } from './routing.ts';

/** `host`: the virtual host's, which is one of the VirtualService's or lies below one. Empty if no rule is for these proxies. */
export function buildHttpRoutes(virtualService: VirtualService, host: string, routing: Routing): readonly Route[] {
  const routes: Route[] = [];
  for (const [index, rule] of virtualService.http.entries()) {
    const matches = rule.matches.filter((match) => isForHttp(match, routing));
    if (rule.matches.length > 0 && matches.length === 0) continue;
    for (const match of rule.matches.length === 0 ? [undefined] : matches) {
      const name = virtualServiceRoute({
        host,
        port: routing.port,
        virtualService,
        rule: [rule.name || String(index), ...(match?.name ? [match.name] : [])].join('.'),
      });
      routes.push(buildRuleRoute(virtualService, rule, match, { host, name, routing }));
      if (takesEverything(match)) return routes;
    }
  }
  return routes;
}

interface RoutePlace {
  readonly host: string;
  readonly name: string;
  readonly routing: Routing;
}

function buildRuleRoute(
  virtualService: VirtualService,
  rule: HttpRule,
  match: HttpMatch | undefined,
  place: RoutePlace,
): Route {
  const { action, headers, fault } = rule;
  const conditions = match === undefined ? {} : conditionsOf(match);
  const perFilter = fault === undefined ? {} : faultOf(fault);
  const common = { name: place.name, conditions, headers };
  switch (action.kind) {
    case 'redirect':
      return buildRoute({ ...common, action: redirectTo(action.redirect, place.routing), perFilter });
    case 'response':
      return buildRoute({ ...common, action, perFilter });
    case 'route': {
      const found = weighted(action.destinations).map((destination) => ({
        ...destination,
        ...findDestination(destination.destination, place.routing),
      }));
      return buildRoute({
        ...common,
        action: toClusters(virtualService, rule, found, place),
        perFilter: { ...perFilter, ...Object.assign({}, ...found.map(filtersFor)) },
      });
    }
  }
}

function toClusters(
  virtualService: VirtualService,
  { rewrite, headers, timeoutMs, retries }: HttpRule,
  found: readonly (HttpDestination & FoundDestination)[],
  { host, routing }: RoutePlace,
): RouteToClusters {
  const hashPolicies = hashPoliciesOf(found.map(({ policy }) => policy));
  return {
    kind: 'clusters',
    clusters: found.map((destination) => ({
      name: destination.cluster,
      weight: destination.weight,
      ...editsFor(destination, routing),
      authority: rewrite?.authority ?? headers.request.authority ?? authorityOf(destination, virtualService, host),
    })),
    timeoutMs,
    retryPolicy: retryPolicyOf(retries, hashPolicies.length > 0),
    hashPolicies,
    pathRewrite: rewrite?.uri,
    pathRegexRewrite: rewrite?.regex,
  };
}

/** What a gateway has added for services of the mesh does not leave it; what the rule sets is set after that. */
function editsFor({ headers, service }: HttpDestination & FoundDestination, { gateway }: Routing) {
  const leaves = gateway !== meshGateway && service?.external === true;
  const request = leaves
    ? { ...headers.request, remove: [...headers.request.remove, ...gatewayHeaders] }
    : headers.request;
  const edits = { request, response: headers.response };
  const none = [edits.request, edits.response].every(
    ({ set, add, remove }) => set.length + add.length + remove.length === 0,
  );
  return none ? {} : { headers: edits };
}

/** Filters that requests to this destination need. */
function filtersFor({ service, port }: FoundDestination): Record<string, Any> {
  const servicePort = service?.ports.find(({ number }) => number === port);
  if (service === undefined || servicePort === undefined) return {};
  return {
    ...(service.resolution === 'DYNAMIC_DNS' ? forwardOnRoute(servicePort.targetPort ?? port) : {}),
    ...(isHttp2(servicePort.protocol) ? countGrpcMessages : {}),
  };
}

function conditionsOf(match: HttpMatch): RouteConditions {
  const special = [
    [':method', match.method],
    [':scheme', match.scheme],
    [':authority', match.authority],
  ] as const;
  return {
    path: match.uri,
    ignorePathCase: match.ignoreUriCase,
    headers: [
      ...special.flatMap(([name, text]) => (text === undefined ? [] : [{ name, match: text }])),
      ...match.headers.map(([name, text]) => ({ name, match: text })),
      ...match.withoutHeaders.map(([name, text]) => ({ name, match: text, negated: true })),
    ],
    queryParameters: match.queryParams.map(([name, text]) => ({ name, match: text })),
  };
}

function takesEverything(match: HttpMatch | undefined): boolean {
  if (match === undefined) return true;
  const { uri, method, scheme, authority, headers, withoutHeaders, queryParams } = match;
  const anyPath =
    uri === undefined || (uri.kind === 'prefix' && uri.value === '/') || (uri.kind === 'regex' && uri.value === '.*');
  const asksMore = [method, scheme, authority].some((text) => text !== undefined);
  return anyPath && !asksMore && headers.length + withoutHeaders.length + queryParams.length === 0;
}

function redirectTo({ uri, authority, scheme, port, code }: Redirect, routing: Routing): RouteRedirect {
  return {
    kind: 'redirect',
    path: uri,
    authority,
    scheme,
    port: port === 'request' ? routing.port : port,
    code,
  };
}

function faultOf({ delay, abort }: Fault): Record<string, Any> {
  const error =
    abort?.status !== undefined
      ? { status: abort.status, percent: abort.percent }
      : abort?.grpcStatus !== undefined
        ? { grpcStatus: abort.grpcStatus, percent: abort.percent }
        : undefined;
  if (delay === undefined && error === undefined) return {};
  return faultOnRoute({
    ...(error === undefined ? {} : { abort: error }),
    ...(delay === undefined ? {} : { delay: { ms: delay.milliseconds, percent: delay.percent } }),
  });
}
