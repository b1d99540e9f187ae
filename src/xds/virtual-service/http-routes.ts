// The HTTP rules of a VirtualService as routes of one virtual host, for sidecars and gateways alike (istio-semantics 3.3).
// Each match of a rule is a route. What stands behind a route that takes everything is not made.
import { isDeepStrictEqual } from 'node:util';
import { normalizeHost } from '../../api/host-name.ts';
import type { Route } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { gatewayHeaders } from '../../envoy/header-stripping.ts';
import { buildRoute, type RouteRedirect, type RouteToClusters } from '../../envoy/route-action.ts';
import type { RouteConditions } from '../../envoy/route-match.ts';
import {
  type Delegation,
  type HttpAction,
  type HttpDestination,
  type HttpMatch,
  type HttpRule,
  meshGateway,
  type Redirect,
  type VirtualService,
} from '../../mesh/virtual-service.ts';
import { type Judgement, judgedRequests, withoutPaths } from '../egress-policy/judgement.ts';
import { hashPoliciesOf } from '../hash-policies.ts';
import { virtualServiceRoute } from '../names.ts';
import { retryPolicyOf } from '../retry-policy.ts';
import { authorityOf } from './authority.ts';
import { mirrorsOf } from './mirrors.ts';
import { filtersFor, filtersOfRule } from './route-filters.ts';
import {
  clusterFor,
  type FoundDestination,
  findDestination,
  isFor,
  type Routing,
  resolvesAny,
  weighted,
} from './routing.ts';

/** What is asked for, and what EgressPolicies leave of it there. */
export interface AskedHost {
  readonly host: string;
  readonly judgement: Judgement | undefined;
}

/**
 * `host`: the virtual host's, which is one of the VirtualService's or lies below one. `asked`: that, if nothing else. Empty if no
 * rule is for these proxies.
 */
export function buildHttpRoutes(
  virtualService: VirtualService,
  host: string,
  routing: Routing,
  asked: AskedHost = { host, judgement: routing.judge(host, routing.port) },
): readonly Route[] {
  const routes: Route[] = [];
  for (const rule of virtualService.http) {
    const matches = rule.matches.filter((match) => isFor(match, routing));
    const { action } = rule;
    if (action.kind === 'delegate' || (rule.matches.length > 0 && matches.length === 0)) continue;
    for (const match of rule.matches.length === 0 ? [undefined] : matches) {
      const name = virtualServiceRoute({
        host,
        port: routing.port,
        virtualService,
        rule: [rule.name, ...(match?.name ? [match.name] : [])].join('.'),
      });
      routes.push(buildRuleRoute({ ...rule, action }, match, { host, asked, name, routing }));
      if (takesEverything(match)) return routes;
    }
  }
  return routes;
}

interface RoutePlace {
  readonly host: string;
  readonly asked: AskedHost;
  readonly name: string;
  readonly routing: Routing;
}

/** That says itself what is to be done. */
type DecidedRule = HttpRule & { readonly action: Exclude<HttpAction, Delegation> };

function buildRuleRoute(rule: DecidedRule, match: HttpMatch | undefined, place: RoutePlace): Route {
  const { action, headers } = rule;
  const conditions = match === undefined ? {} : conditionsOf(match);
  const perFilter = filtersOfRule(rule);
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
        action: toClusters(rule, found, place),
        perFilter: {
          ...perFilter,
          ...Object.assign({}, ...found.map(filtersFor)),
          ...judgedOnRoute(rule, found, place),
        },
      });
    }
  }
}

/** Where other hosts than the one that was asked for are led to, their rules hold beside its own. */
function judgedOnRoute(
  rule: HttpRule,
  found: readonly (HttpDestination & FoundDestination)[],
  { host, asked, routing }: RoutePlace,
) {
  const rewritten = rule.rewrite?.uri !== undefined || rule.rewrite?.regex !== undefined;
  const led = found.flatMap((destination): readonly Judgement[] => {
    const name = authorityFor(destination, rule, host) ?? asked.host;
    const to = resolvesAny(destination.service) ? (normalizeHost(name) ?? name) : destination.destination.host;
    const judgement = routing.judge(to, destination.port);
    if (judgement === undefined) return [];
    // What is judged is the path that the program wrote.
    const known = rewritten ? withoutPaths(judgement) : judgement;
    return isDeepStrictEqual(known, asked.judgement) ? [] : [known];
  });
  return led.length === 0 ? {} : judgedRequests(asked.judgement, ...led);
}

/** Undefined: the one that the caller sent. */
function authorityFor(destination: HttpDestination & FoundDestination, rule: HttpRule, host: string) {
  return rule.rewrite?.authority ?? rule.headers.request.authority ?? authorityOf(destination, rule, host);
}

function toClusters(
  rule: HttpRule,
  found: readonly (HttpDestination & FoundDestination)[],
  { host, routing }: RoutePlace,
): RouteToClusters {
  const { rewrite, timeoutMs, retries } = rule;
  const hashPolicies = hashPoliciesOf(found.map(({ policy }) => policy));
  return {
    kind: 'clusters',
    clusters: found.map((destination) => {
      const authority = authorityFor(destination, rule, host);
      return {
        name: clusterFor(destination, authority ?? host),
        weight: destination.weight,
        ...editsFor(destination, routing),
        authority,
      };
    }),
    timeoutMs,
    retryPolicy: retryPolicyOf(retries, hashPolicies.length > 0),
    hashPolicies,
    pathRewrite: rewrite?.uri,
    pathRegexRewrite: rewrite?.regex,
    mirrors: mirrorsOf({
      rule,
      host,
      routing,
      changesAuthority: found.some((destination) => authorityOf(destination, rule, host) !== undefined),
    }),
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
