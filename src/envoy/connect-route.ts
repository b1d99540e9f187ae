// Routes for CONNECT, by which a program asks its HTTP proxy for a connection. The proxy ends the request itself and
// passes what is inside on as bytes. Envoy: RouteMatch.connect_matcher; other routes never match CONNECT, nor do these
// match anything else.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { type FilterStateValue, filterStateOfRoute } from './filter-state.ts';
import {
  HeaderMatcherSchema,
  type Route,
  RouteMatchSchema,
  RouteSchema,
} from './gen/envoy/config/route/v3/route_components_pb.js';
import { buildHashPolicy } from './hash-policy.ts';
import type { WeightedCluster } from './network-filters.ts';
import { withoutTimeLimit } from './route.ts';

export interface ConnectCluster extends WeightedCluster {
  /** In place of the route's. */
  readonly filterState?: readonly FilterStateValue[];
}

export interface ConnectRouteOptions {
  readonly name: string;
  readonly cluster: string | readonly ConnectCluster[];
  /** For clusters that choose their endpoint by a hash: that of the caller's address. */
  readonly hashesSource?: boolean;
  /** The cluster leads to an internal listener, whose log will tell of this connection. */
  readonly handedOver?: boolean;
  readonly filterState?: readonly FilterStateValue[];
  /** Configuration for filters in the chain, by their names. */
  readonly perFilter?: Readonly<Record<string, Any>>;
}

/**
 * Stands on requests that were handed over, from the router on; the prefix is one that callers cannot send
 * (filter-chains.ts takes it off), and CONNECT's own headers go nowhere.
 */
export const handedOverHeader = 'x-envoy-handed-over';

export function buildConnectRoute(options: ConnectRouteOptions): Route {
  const { name, cluster, hashesSource, handedOver, filterState = [], perFilter } = options;
  return create(RouteSchema, {
    name,
    match: connectMatch,
    action: {
      case: 'route',
      value: {
        clusterSpecifier: clusterSpecifier(cluster),
        ...withoutTimeLimit,
        hashPolicy: hashesSource === true ? [buildHashPolicy({ kind: 'source' })] : [],
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
    ...(handedOver === true ? { requestHeadersToAdd: [{ header: { key: handedOverHeader, value: '1' } }] } : {}),
    typedPerFilterConfig: { ...filterStateOfRoute(filterState), ...perFilter },
  });
}

function clusterSpecifier(cluster: ConnectRouteOptions['cluster']) {
  if (typeof cluster === 'string') return { case: 'cluster', value: cluster } as const;
  const clusters = cluster.map(({ cluster: name, weight, filterState = [] }) => ({
    name,
    weight: cluster.length === 1 ? 100 : weight,
    typedPerFilterConfig: filterStateOfRoute(filterState),
  }));
  return { case: 'weightedClusters', value: { clusters } } as const;
}

/** Answers CONNECT with this status: the caller learns at once that there is no connection. */
export function buildConnectStatusRoute(name: string, status: number): Route {
  return create(RouteSchema, { name, match: connectMatch, action: { case: 'directResponse', value: { status } } });
}

/** The route for those requests alone whose host and port match this expression (RE2, the whole text). */
export function forAuthority(route: Route, regex: string): Route {
  return whereAuthority(route, regex, false);
}

/** And for those alone that do not. */
export function exceptAuthority(route: Route, regex: string): Route {
  return whereAuthority(route, regex, true);
}

function whereAuthority(route: Route, regex: string, invertMatch: boolean): Route {
  const header = create(HeaderMatcherSchema, {
    name: ':authority',
    invertMatch,
    headerMatchSpecifier: { case: 'stringMatch', value: { matchPattern: { case: 'safeRegex', value: { regex } } } },
  });
  const pathSpecifier = route.match?.pathSpecifier ?? { case: undefined };
  return create(RouteSchema, { ...route, match: create(RouteMatchSchema, { pathSpecifier, headers: [header] }) });
}

const connectMatch: MessageInitShape<typeof RouteMatchSchema> = {
  pathSpecifier: { case: 'connectMatcher', value: {} },
};
