// What a route does with a request: sends it to one cluster or to one of several by weight, redirects it, or answers
// itself. Envoy: config.route.v3.RouteAction, RedirectAction, DirectResponseAction.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import {
  RedirectAction_RedirectResponseCode,
  type RetryPolicySchema,
  type Route,
  RouteSchema,
} from './gen/envoy/config/route/v3/route_components_pb.js';
import { buildHashPolicy, type HashPolicy } from './hash-policy.ts';
import { withoutTimeLimit } from './route.ts';
import { buildHeaderEdits, type HeaderEdits } from './route-headers.ts';
import { buildRouteMatch, type RouteConditions } from './route-match.ts';
import { buildMirror, type RouteMirror } from './route-mirror.ts';
import { seconds } from './values.ts';

export interface BothHeaderEdits {
  readonly request: HeaderEdits;
  readonly response: HeaderEdits;
}

export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
  readonly headers?: BothHeaderEdits;
  /** What the Host becomes. */
  readonly authority?: string | undefined;
}

export interface RouteToClusters {
  readonly kind: 'clusters';
  /** At least one; the weight of a single one does not matter. */
  readonly clusters: readonly WeightedCluster[];
  /** Undefined: without limit. */
  readonly timeoutMs?: number | undefined;
  readonly retryPolicy?: MessageInitShape<typeof RetryPolicySchema> | undefined;
  readonly hashPolicies?: readonly HashPolicy[];
  /** Replaces what the path was matched by. */
  readonly pathRewrite?: string | undefined;
  readonly pathRegexRewrite?: { readonly match: string; readonly rewrite: string } | undefined;
  /** For every cluster that has none of its own. */
  readonly authority?: string | undefined;
  readonly mirrors?: readonly RouteMirror[];
}

export interface RouteRedirect {
  readonly kind: 'redirect';
  readonly path?: string | undefined;
  readonly authority?: string | undefined;
  readonly scheme?: string | undefined;
  readonly port?: number | undefined;
  readonly code: number;
}

export interface RouteResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly body?: Uint8Array | undefined;
}

export interface RouteOptions {
  readonly name: string;
  readonly conditions: RouteConditions;
  readonly action: RouteToClusters | RouteRedirect | RouteResponse;
  readonly headers?: BothHeaderEdits;
  /** Configuration for filters in the chain, by their names. */
  readonly perFilter?: Readonly<Record<string, Any>>;
}

export function buildRoute({ name, conditions, action, headers, perFilter }: RouteOptions): Route {
  return create(RouteSchema, {
    name,
    match: buildRouteMatch(conditions),
    action: actionOf(action),
    ...(headers === undefined ? {} : buildHeaderEdits(headers)),
    typedPerFilterConfig: { ...perFilter },
  });
}

function actionOf(action: RouteOptions['action']) {
  switch (action.kind) {
    case 'clusters':
      return { case: 'route', value: forward(action) } as const;
    case 'redirect':
      return { case: 'redirect', value: redirect(action) } as const;
    case 'response':
      return {
        case: 'directResponse',
        value: {
          status: action.status,
          ...(action.body === undefined
            ? {}
            : { body: { specifier: { case: 'inlineBytes', value: action.body } as const } }),
        },
      } as const;
  }
}

function forward(action: RouteToClusters) {
  const { timeoutMs, retryPolicy, hashPolicies = [], pathRewrite, pathRegexRewrite, mirrors = [] } = action;
  return {
    ...destination(action),
    // Envoy does not look at the time-out of a route that has a maxStreamDuration.
    ...(timeoutMs === undefined ? withoutTimeLimit : { timeout: seconds(timeoutMs / 1000) }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    hashPolicy: hashPolicies.map(buildHashPolicy),
    requestMirrorPolicies: mirrors.map(buildMirror),
    ...(pathRewrite === undefined ? {} : { prefixRewrite: pathRewrite }),
    ...(pathRegexRewrite === undefined
      ? {}
      : { regexRewrite: { pattern: { regex: pathRegexRewrite.match }, substitution: pathRegexRewrite.rewrite } }),
  };
}

function destination({ clusters, authority }: RouteToClusters) {
  const [only] = clusters;
  if (only !== undefined && clusters.length === 1 && only.headers === undefined) {
    return {
      clusterSpecifier: { case: 'cluster', value: only.name } as const,
      hostRewriteSpecifier: hostRewrite(only.authority ?? authority),
    };
  }
  return {
    clusterSpecifier: {
      case: 'weightedClusters',
      value: {
        clusters: clusters.map((cluster) => ({
          name: cluster.name,
          weight: clusters.length === 1 ? 100 : cluster.weight,
          hostRewriteSpecifier: hostRewrite(cluster.authority ?? authority),
          ...(cluster.headers === undefined ? {} : buildHeaderEdits(cluster.headers)),
        })),
      },
    } as const,
  };
}

function hostRewrite(authority: string | undefined) {
  if (authority === undefined) return { case: undefined } as const;
  return { case: 'hostRewriteLiteral', value: authority } as const;
}

const redirectCodes = new Map([
  [301, RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY],
  [302, RedirectAction_RedirectResponseCode.FOUND],
  [303, RedirectAction_RedirectResponseCode.SEE_OTHER],
  [307, RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT],
  [308, RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT],
]);

function redirect({ path, authority, scheme, port, code }: RouteRedirect) {
  return {
    ...(path === undefined ? {} : { pathRewriteSpecifier: { case: 'pathRedirect', value: path } as const }),
    ...(scheme === undefined ? {} : { schemeRewriteSpecifier: { case: 'schemeRedirect', value: scheme } as const }),
    hostRedirect: authority ?? '',
    portRedirect: port ?? 0,
    responseCode: redirectCodes.get(code) ?? RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  };
}
