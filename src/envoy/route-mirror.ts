// Copies of a route's requests for other clusters; what those answer is dropped. Envoy makes a copy of the request as the
// route has changed it; upgraded connections are not copied. Envoy: RouteAction.RequestMirrorPolicy.
// A copy that Envoy sends by itself is neither judged by an RBAC filter nor logged, and tells its own address in
// x-forwarded-for (test/envoy-lab/mirrors.test.ts). So all copies go to a listener inside Envoy, as requests like any other,
// with a header that names their cluster.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { HeaderValueOption_HeaderAppendAction } from './gen/envoy/config/core/v3/base_pb.js';
import {
  type Route,
  type RouteAction_RequestMirrorPolicySchema,
  RouteSchema,
} from './gen/envoy/config/route/v3/route_components_pb.js';
import { gatewayHeaders } from './header-stripping.ts';
import { withoutTimeLimit } from './route.ts';
import { fractionalPercent } from './values.ts';

/** No caller can send it: outbound chains take headers of this prefix off. */
const clusterHeader = 'x-envoy-mirror-cluster';

export interface RouteMirror {
  readonly cluster: string;
  /** Of a hundred requests; more than 0. */
  readonly percent: number;
  /** Undefined: the Host that the request itself goes on with. */
  readonly authority?: string | undefined;
  /** The cluster that leads to the listener of copies. */
  readonly through: string;
}

export function buildMirror({
  cluster,
  percent,
  authority = '',
  through,
}: RouteMirror): MessageInitShape<typeof RouteAction_RequestMirrorPolicySchema> {
  const append = {
    header: { key: clusterHeader, value: cluster },
    appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  };
  return {
    cluster: through,
    runtimeFraction: { defaultValue: fractionalPercent(percent) },
    traceSampled: false,
    disableShadowHostSuffixAppend: true,
    hostRewriteLiteral: authority,
    requestHeadersMutations: [{ action: { case: 'append', value: append } }],
  };
}

/** Of the listener that copies come to. What Envoys tell of callers is taken off, and none of it is added again. */
export function buildMirrorRoute(name: string): Route {
  return create(RouteSchema, {
    name,
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: {
      case: 'route',
      value: { clusterSpecifier: { case: 'clusterHeader', value: clusterHeader }, ...withoutTimeLimit },
    },
    requestHeadersToRemove: [clusterHeader, ...gatewayHeaders],
  });
}

export function hasMirrors({ action }: Route): boolean {
  return action.case === 'route' && action.value.requestMirrorPolicies.length > 0;
}
