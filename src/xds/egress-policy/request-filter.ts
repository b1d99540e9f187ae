// Which requests to a host EgressPolicies allow, judged in the chain of HTTP before anything else is done with them. The filter
// stands disabled in the chain and runs on virtual hosts that bring rules, so that other hosts pay nothing.
// Refused: 403. Reported: let through, with `denied` in dynamic metadata, which makes a record of it.
import type { HttpFilter } from '../../envoy/http-filters.ts';
import { buildHttpRbac } from '../../envoy/rbac.ts';
import {
  anyPermission,
  eachPermission,
  methodIs,
  notPermission,
  type Permission,
  pathIs,
  somePermission,
} from '../../envoy/rbac-rules.ts';
import type { PolicyRequests } from '../../mesh/egress-policy/egress-policy.ts';

export const filterName = 'egress-policy';

export function buildRequestFilter(): HttpFilter {
  return { ...buildHttpRbac(filterName, {}), disabled: true };
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
