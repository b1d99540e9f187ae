// Routes and virtual hosts. Envoy: config.route.v3. Virtual hosts travel one by one over VHDS, the catch-all stands
// inline in its RouteConfiguration (envoy-lab section 1), so that a host more costs the size of that host.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { type FilterStateValue, filterStateOfRoute } from './filter-state.ts';
import {
  type RetryPolicySchema,
  type Route,
  RouteSchema,
  type VirtualHost,
  VirtualHost_TlsRequirementType,
  VirtualHostSchema,
} from './gen/envoy/config/route/v3/route_components_pb.js';
import { type RouteConfiguration, RouteConfigurationSchema } from './gen/envoy/config/route/v3/route_pb.js';
import { buildHashPolicy, type HashPolicy } from './hash-policy.ts';
import { adsConfigSource, seconds } from './values.ts';

export interface ForwardOptions {
  readonly name: string;
  readonly cluster: string;
  readonly retryPolicy?: MessageInitShape<typeof RetryPolicySchema> | undefined;
  readonly hashPolicies?: readonly HashPolicy[];
  /** In place of what the chain's filter of that name sets. */
  readonly filterState?: readonly FilterStateValue[];
  /** Configuration for filters in the chain, by their names. */
  readonly perFilter?: Readonly<Record<string, Any>>;
}

/** Of a route's action: requests and streams may last. Envoy's own limit is 15 s. */
export const withoutTimeLimit = {
  timeout: seconds(0),
  maxStreamDuration: { maxStreamDuration: seconds(0), grpcTimeoutHeaderMax: seconds(0) },
};

/** Forwards every path, without a time limit. */
export function buildForwardRoute(options: ForwardOptions): Route {
  const { name, cluster, retryPolicy, hashPolicies = [], filterState = [], perFilter } = options;
  return create(RouteSchema, {
    name,
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: cluster },
        ...withoutTimeLimit,
        ...(retryPolicy === undefined ? {} : { retryPolicy }),
        hashPolicy: hashPolicies.map(buildHashPolicy),
      },
    },
    typedPerFilterConfig: { ...filterStateOfRoute(filterState), ...perFilter },
  });
}

/** Answers every path with this status and no body; gRPC with a status of its own, and 200. */
export function buildStatusRoute(name: string, status: number, perFilter: Readonly<Record<string, Any>> = {}): Route {
  return create(RouteSchema, {
    name,
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: { case: 'directResponse', value: { status } },
    typedPerFilterConfig: { ...perFilter },
  });
}

export interface VirtualHostOptions {
  /** Requests without TLS are sent there again with it. */
  readonly requiresTls?: boolean;
  /** Configuration for filters in the chain, by their names; that of a route comes before it. */
  readonly perFilter?: Readonly<Record<string, Any>>;
}

export function buildVirtualHost(
  name: string,
  domains: readonly string[],
  routes: readonly Route[],
  { requiresTls = false, perFilter = {} }: VirtualHostOptions = {},
): VirtualHost {
  const requireTls = requiresTls ? VirtualHost_TlsRequirementType.ALL : VirtualHost_TlsRequirementType.NONE;
  const typedPerFilterConfig = { ...perFilter };
  return create(VirtualHostSchema, {
    name,
    domains: [...domains],
    routes: [...routes],
    requireTls,
    typedPerFilterConfig,
  });
}

export interface RouteConfigurationOptions {
  readonly name: string;
  /** Inline; usually just the catch-all. */
  readonly virtualHosts: readonly VirtualHost[];
  /** Domains name ports; else the port of a Host header is ignored. */
  readonly portsInDomains?: boolean;
  /** Requests go on to others of the mesh, who may want to know of the first caller. */
  readonly keepsForwarded?: boolean;
}

/** Further virtual hosts are awaited by VHDS under the names `<name>/<host>`. */
export function buildRouteConfiguration(options: RouteConfigurationOptions): RouteConfiguration {
  return create(RouteConfigurationSchema, {
    name: options.name,
    virtualHosts: [...options.virtualHosts],
    vhds: { configSource: adsConfigSource },
    validateClusters: false,
    // Istio's; Envoy's own is 4 kB.
    maxDirectResponseBodySizeBytes: 1_048_576,
    // Envoy's own addition to every request (header-removal.ts takes off what callers sent).
    ...(options.keepsForwarded === true
      ? {}
      : // Before what routes set themselves.
        { requestHeadersToRemove: ['x-forwarded-proto'], mostSpecificHeaderMutationsWins: true }),
    ignorePortInHostMatching: options.portsInDomains !== true,
  });
}
