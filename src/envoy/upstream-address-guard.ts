// Refuses upstream addresses after a name was resolved: the answer to DNS rebinding and to names that point at
// loopback or cloud metadata. Envoy: http.upstream_rbac runs per request before a connection is made; for TLS
// passed through, network rbac runs behind sni_dynamic_forward_proxy (envoy-lab section 8).
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import type { CidrRangeSchema } from './gen/envoy/config/core/v3/address_pb.js';
import type { TypedExtensionConfigSchema } from './gen/envoy/config/core/v3/extension_pb.js';
import { type Permission, PermissionSchema, RBAC_Action } from './gen/envoy/config/rbac/v3/rbac_pb.js';
import { RBACSchema as HttpRbacSchema } from './gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { RBACSchema as NetworkRbacSchema } from './gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { UpstreamIpPortMatcherSchema } from './gen/envoy/extensions/rbac/matchers/upstream_ip_port/v3/upstream_ip_port_matcher_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';
import { cidrRange } from './values.ts';

export interface AddressGuard {
  /** Shown in response details and logs as `rbac_access_denied_matched_policy[name]`. */
  readonly name: string;
  /** `deny`: these are refused. `only`: all others are. */
  readonly action: 'deny' | 'only';
  readonly ranges: readonly string[];
  /** Ranges in `ranges` that are let through all the same. */
  readonly except?: readonly string[];
  /** With `deny`: every other port is refused too, as policy `port-not-registered`. */
  readonly port?: number;
}

export function buildUpstreamAddressFilter(guard: AddressGuard): HttpFilter {
  return httpFilter('envoy.filters.http.upstream_rbac', anyOf(HttpRbacSchema, { rules: rulesOf(guard) }));
}

export function buildNetworkAddressFilter(guard: AddressGuard, statPrefix: string) {
  return {
    name: 'envoy.filters.network.rbac',
    configType: { case: 'typedConfig', value: anyOf(NetworkRbacSchema, { statPrefix, rules: rulesOf(guard) }) },
  } as const;
}

function rulesOf(guard: AddressGuard) {
  const listed = listedRules(guard.ranges);
  const except = guard.except ?? [];
  const permission: Permission =
    except.length === 0
      ? anyOfRules(listed)
      : create(PermissionSchema, {
          rule: {
            case: 'andRules',
            value: {
              rules: [anyOfRules(listed), not(anyOfRules(except.map((range) => upstreamIn(cidrRange(range)))))],
            },
          },
        });
  return {
    action: guard.action === 'deny' ? RBAC_Action.DENY : RBAC_Action.ALLOW,
    policies: {
      [guard.name]: { permissions: [permission], principals: [anyPrincipal] },
      ...(guard.port === undefined
        ? {}
        : {
            'port-not-registered': {
              permissions: [
                not(
                  upstreamMatches({ upstreamPortRange: { start: BigInt(guard.port), end: BigInt(guard.port) + 1n } }),
                ),
              ],
              principals: [anyPrincipal],
            },
          }),
    },
  };
}

/** Each rule is asked for every request: those of the other family behind one that tells the family. */
function listedRules(ranges: readonly string[]): readonly Permission[] {
  const [v4 = [], v6 = []] = [false, true].map((six) =>
    ranges.filter((range) => range.includes(':') === six).map((range) => upstreamIn(cidrRange(range))),
  );
  if (v4.length === 0 || v6.length < 2) return [...v4, ...v6];
  const isV6 = not(upstreamIn(cidrRange('0.0.0.0/0')));
  return [...v4, create(PermissionSchema, { rule: { case: 'andRules', value: { rules: [isV6, anyOfRules(v6)] } } })];
}

const anyPrincipal = { identifier: { case: 'any', value: true } } as const;

function anyOfRules(rules: readonly Permission[]): Permission {
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return only;
  return create(PermissionSchema, { rule: { case: 'orRules', value: { rules: [...rules] } } });
}

function not(rule: Permission): Permission {
  return create(PermissionSchema, { rule: { case: 'notRule', value: rule } });
}

function upstreamIn(upstreamIp: MessageInitShape<typeof CidrRangeSchema>): Permission {
  return upstreamMatches({ upstreamIp });
}

function upstreamMatches(condition: MessageInitShape<typeof UpstreamIpPortMatcherSchema>): Permission {
  const matcher: MessageInitShape<typeof TypedExtensionConfigSchema> = {
    name: 'envoy.rbac.matchers.upstream_ip_port',
    typedConfig: anyOf(UpstreamIpPortMatcherSchema, condition),
  };
  return create(PermissionSchema, { rule: { case: 'matcher', value: matcher } });
}
