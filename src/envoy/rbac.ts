// Envoy's RBAC filters: what rules deny is answered with 403, or its connection is closed. Shadow rules deny nothing; what they
// would have denied stands in dynamic metadata. Envoy: filters.http.rbac.v3 and filters.network.rbac.v3.
import { anyOf } from './any.ts';
import {
  RBACSchema as HttpRbacSchema,
  RBACPerRouteSchema,
} from './gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { RBACSchema as NetworkRbacSchema } from './gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { buildRules, type RbacRules } from './rbac-rules.ts';

export interface Rbac {
  readonly rules?: RbacRules;
  readonly shadow?: { readonly prefix: string; readonly rules: RbacRules };
}

export interface HttpRbac extends Rbac {
  /** Before what the rules came to, which they leave too: `<prefix>enforced_engine_result`. */
  readonly resultPrefix?: string;
}

/** Where the filters leave what shadow rules came to, each under its prefix: `<prefix>shadow_engine_result`. */
export const httpShadowNamespace = 'envoy.filters.http.rbac';
export const networkShadowNamespace = 'envoy.filters.network.rbac';

/** `name`: by which routes bring their own rules. */
export function buildHttpRbac(name: string, { resultPrefix = '', ...rbac }: HttpRbac): HttpFilter {
  return httpFilter(name, anyOf(HttpRbacSchema, { ...configOf(rbac), rulesStatPrefix: resultPrefix }));
}

/** For the `typed_per_filter_config` of a route or virtual host; it takes the place of what the filter says. */
export function rbacOnRoute(name: string, rbac: Rbac) {
  return { [name]: anyOf(RBACPerRouteSchema, { rbac: configOf(rbac) }) };
}

/** `statPrefix` must not be empty. */
export function buildNetworkRbac(statPrefix: string, rbac: Rbac): NetworkFilter {
  const value = anyOf(NetworkRbacSchema, { statPrefix, ...configOf(rbac) });
  return { name: 'envoy.filters.network.rbac', configType: { case: 'typedConfig', value } };
}

function configOf({ rules, shadow }: Rbac) {
  return {
    ...(rules === undefined ? {} : { rules: buildRules(rules) }),
    ...(shadow === undefined ? {} : { shadowRules: buildRules(shadow.rules), shadowRulesStatPrefix: shadow.prefix }),
  };
}
