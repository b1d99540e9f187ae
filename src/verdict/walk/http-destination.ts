// The cluster of a route's action, one of several by weight, and what the request has become by then.
import type { Any } from '@bufbuild/protobuf/wkt';
import type { Route, RouteAction } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { Untellable } from '../untellable.ts';
import { withPrefix, withRegex } from './path.ts';
import { type HeaderChanges, type Request, withHeaders } from './request.ts';
import { matchedPath } from './route-choice.ts';
import type { Walk } from './walk.ts';
import { weigh } from './weights.ts';

export interface Destination {
  readonly cluster: string;
  /** In place of the caller's Host; empty: that. */
  readonly authority: string;
  readonly headers: readonly HeaderChanges[];
  readonly perFilter: Readonly<Record<string, Any>>;
}

/** Undefined: the route goes to no cluster. */
export function destinationOf({ questions }: Walk, route: Route | undefined): Destination | undefined {
  if (route?.action.case !== 'route') return undefined;
  const { clusterSpecifier: chosen, hostRewriteSpecifier } = route.action.value;
  const own = { add: route.requestHeadersToAdd, remove: route.requestHeadersToRemove };
  const authority = hostRewriteSpecifier.case === 'hostRewriteLiteral' ? hostRewriteSpecifier.value : '';
  if (chosen.case === 'cluster') return { cluster: chosen.value, authority, headers: [own], perFilter: {} };
  if (chosen.case !== 'weightedClusters') throw new Untellable(`a route to a ${chosen.case}`);
  const taken = weigh(questions, chosen.value.clusters);
  if (taken === undefined) throw new Untellable('a route to none of its clusters');
  const { name, requestHeadersToAdd: add, requestHeadersToRemove: remove, hostRewriteSpecifier: rewritten } = taken;
  return {
    cluster: name,
    authority: rewritten.case === 'hostRewriteLiteral' ? rewritten.value : authority,
    headers: [{ add, remove }, own],
    perFilter: taken.typedPerFilterConfig,
  };
}

/** As it leaves by this route. */
export function rewritten(request: Request, route: Route, { authority, headers }: Destination): Request {
  const changed = withHeaders(request, headers);
  return {
    ...changed,
    ...(authority === '' ? {} : { authority }),
    path: route.action.case === 'route' ? rewrittenPath(request, route, route.action.value) : request.path,
  };
}

function rewrittenPath(request: Request, route: Route, { prefixRewrite, regexRewrite }: RouteAction) {
  if (prefixRewrite !== '') return withPrefix(request.path, matchedPath(route, request), prefixRewrite);
  if (regexRewrite?.pattern === undefined) return request.path;
  return withRegex(request.path, regexRewrite.pattern.regex, regexRewrite.substitution);
}
