// Which requests to a host EgressPolicies allow, judged in the chain of HTTP before anything else is done with them. The filter
// stands disabled in the chain and runs on virtual hosts that bring rules, so that other hosts pay nothing.
// Refused: 403. Reported: let through, with `denied` in dynamic metadata, which makes a record of it.
import type { Any } from '@bufbuild/protobuf/wkt';
import type { HttpFilter } from '../../envoy/http-filters.ts';
import { buildHttpRbac, type Rbac, rbacOnRoute } from '../../envoy/rbac.ts';
import {
  anyPermission,
  anyPrincipal,
  eachPermission,
  methodIs,
  notPermission,
  type Permission,
  pathIs,
  type RbacRules,
  somePermission,
} from '../../envoy/rbac-rules.ts';
import type { Access } from '../../mesh/egress-policy/access.ts';
import { egressPolicyOrigin, type PolicyRequests } from '../../mesh/egress-policy/egress-policy.ts';

const filterName = 'egress-policy';

/** Of what shadow rules leave in dynamic metadata: reportedKey of record-line.ts. */
const reportPrefix = 'egress_policy_';

export function buildRequestFilter(): HttpFilter {
  return { ...buildHttpRbac(filterName, {}), disabled: true };
}

/** For the `typed_per_filter_config` of the host's virtual host; empty where everything is allowed. */
export function requestsOnHost(access: Access | undefined): Readonly<Record<string, Any>> {
  if (access === undefined || access.allowed === 'everything') return {};
  const policies = access.allowed.map(
    ({ policy, requests }) =>
      [egressPolicyOrigin(policy), { permissions: [permissionOf(requests)], principals: [anyPrincipal] }] as const,
  );
  const rules: RbacRules = { action: 'allow', policies: Object.fromEntries(policies) };
  return rulesOnHost(access.mode === 'enforce' ? { rules } : { shadow: { prefix: reportPrefix, rules } });
}

export function rulesOnHost(rbac: Rbac): Readonly<Record<string, Any>> {
  return rbacOnRoute(filterName, rbac);
}

export function permissionOf({ methods, paths }: PolicyRequests): Permission {
  return eachPermission([
    ...(methods === undefined ? [] : [somePermission(methods.map(methodIs))]),
    ...(paths === undefined ? [] : [somePermission(paths.map(pathPermission)), ...ambiguousSlashes.map(notPermission)]),
  ]);
}

/** The proxy leaves them as they are, and a server may read them as slashes: `/v1/..%2fadmin`. */
const ambiguousSlashes = ['%2f', '%5c'].map((value) => pathIs({ kind: 'contains', value }, true));

function pathPermission(path: string): Permission {
  if (path === '*') return anyPermission;
  return path.endsWith('*')
    ? pathIs({ kind: 'prefix', value: path.slice(0, -1) })
    : pathIs({ kind: 'exact', value: path });
}
