// Refuses upstream addresses after a name was resolved: the answer to DNS rebinding and to names that point at
// loopback or cloud metadata. Envoy: http.upstream_rbac runs per request before a connection is made; for TLS
// passed through, network rbac runs behind sni_dynamic_forward_proxy (envoy-lab section 8).
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import type { CidrRangeSchema } from './gen/envoy/config/core/v3/address_pb.js';
import type { TypedExtensionConfigSchema } from './gen/envoy/config/core/v3/extension_pb.js';
import { RBACSchema as HttpRbacSchema } from './gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { UpstreamIpPortMatcherSchema } from './gen/envoy/extensions/rbac/matchers/upstream_ip_port/v3/upstream_ip_port_matcher_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { buildNetworkRbac } from './rbac.ts';
import {
  anyPrincipal,
  buildRules,
  eachPermission,
  notPermission,
  type Permission,
  permission,
  type RbacPolicy,
  type RbacRules,
  somePermission,
} from './rbac-rules.ts';
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
  return httpFilter('envoy.filters.http.upstream_rbac', anyOf(HttpRbacSchema, { rules: buildRules(rulesOf(guard)) }));
}

export function buildNetworkAddressFilter(guard: AddressGuard, statPrefix: string): NetworkFilter {
  return buildNetworkRbac(statPrefix, { rules: rulesOf(guard) });
}

function rulesOf(guard: AddressGuard): RbacRules {
  const listed = listedRules(guard.ranges);
  const except = guard.except ?? [];
  const refused =
    except.length === 0
      ? somePermission(listed)
      : eachPermission([
          somePermission(listed),
          notPermission(somePermission(except.map((range) => upstreamIn(cidrRange(range))))),
        ]);
  return {
    action: guard.action === 'deny' ? 'deny' : 'allow',
    policies: {
      [guard.name]: { permissions: [refused], principals: [anyPrincipal] },
      ...(guard.port === undefined ? {} : { 'port-not-registered': otherPorts(guard.port) }),
    },
  };
}

function otherPorts(port: number): RbacPolicy {
  const range = { start: BigInt(port), end: BigInt(port) + 1n };
  return { permissions: [notPermission(upstreamMatches({ upstreamPortRange: range }))], principals: [anyPrincipal] };
}

/** Each rule is asked for every request: those of the other family behind one that tells the family. */
function listedRules(ranges: readonly string[]): readonly Permission[] {
  const [v4 = [], v6 = []] = [false, true].map((six) =>
    ranges.filter((range) => range.includes(':') === six).map((range) => upstreamIn(cidrRange(range))),
  );
  if (v4.length === 0 || v6.length < 2) return [...v4, ...v6];
  return [...v4, eachPermission([notPermission(upstreamIn(cidrRange('0.0.0.0/0'))), somePermission(v6)])];
}

function upstreamIn(upstreamIp: MessageInitShape<typeof CidrRangeSchema>): Permission {
  return upstreamMatches({ upstreamIp });
}

function upstreamMatches(condition: MessageInitShape<typeof UpstreamIpPortMatcherSchema>): Permission {
  const matcher: MessageInitShape<typeof TypedExtensionConfigSchema> = {
    name: 'envoy.rbac.matchers.upstream_ip_port',
    typedConfig: anyOf(UpstreamIpPortMatcherSchema, condition),
  };
  return permission({ case: 'matcher', value: matcher });
}
