// What EgressPolicies leave of a host to those who ask, as rules of RBAC: at a sidecar, which knows its workload, and at a gateway,
// which knows callers by their certificates. A route that leads to several hosts is under the rules of all of them.
import type { Any } from '@bufbuild/protobuf/wkt';
import { rbacOnRoute } from '../../envoy/rbac.ts';
import {
  anyPrincipal,
  eachPermission,
  eachPrincipal,
  type Principal,
  type RbacPolicy,
  type RbacRules,
} from '../../envoy/rbac-rules.ts';
import type { Access } from '../../mesh/egress-policy/access.ts';
import { egressPolicyOrigin, type PolicyRequests } from '../../mesh/egress-policy/egress-policy.ts';
import { filterName, permissionOf } from './request-filter.ts';

export interface Judgement {
  readonly mode: Access['mode'];
  /** Any of them; none: nothing is allowed. */
  readonly allowed: readonly Allowance[];
}

interface Allowance {
  readonly name: string;
  /** Undefined: all. */
  readonly requests: PolicyRequests | undefined;
  readonly callers: Principal;
}

/** Undefined: everything is allowed. */
export type Judge = (host: string, port: number) => Judgement | undefined;

export function judgementOf(access: Access | undefined): Judgement | undefined {
  if (access === undefined || access.allowed === 'everything') return undefined;
  const { mode, allowed } = access;
  const allowances = allowed.map(({ policy, requests }) => {
    return { name: egressPolicyOrigin(policy), requests, callers: anyPrincipal };
  });
  return { mode, allowed: allowances };
}

/** As a program's path is not the one that arrives: what depends on it cannot be judged, and is not allowed. */
export function withoutPaths(judgement: Judgement): Judgement {
  return { ...judgement, allowed: judgement.allowed.filter(({ requests }) => requests?.paths === undefined) };
}

/** Of what shadow rules leave in dynamic metadata: reportedKey of record-line.ts. */
const reportPrefix = 'egress_policy_';

/** For the `typed_per_filter_config` of a virtual host or route: all of these must allow it. */
export function judgedRequests(...given: readonly (Judgement | undefined)[]): Readonly<Record<string, Any>> {
  const judgements = given.filter((one) => one !== undefined);
  const enforced = judgements.filter(({ mode }) => mode === 'enforce');
  const reported = judgements.filter(({ mode }) => mode === 'report');
  if (judgements.length === 0) return {};
  return rbacOnRoute(filterName, {
    ...(enforced.length === 0 ? {} : { rules: rulesOf(enforced) }),
    ...(reported.length === 0 ? {} : { shadow: { prefix: reportPrefix, rules: rulesOf(reported) } }),
  });
}

/** More ways to be allowed than this are none. */
const mostWays = 256;

function rulesOf(judgements: readonly Judgement[]): RbacRules {
  const ways = judgements.reduce((product, { allowed }) => product * allowed.length, 1);
  const combined =
    ways > mostWays
      ? []
      : judgements.reduce<readonly (readonly Allowance[])[]>(
          (lists, { allowed }) => lists.flatMap((list) => allowed.map((one) => [...list, one])),
          [[]],
        );
  const policies = combined.map((all): readonly [string, RbacPolicy] => [
    all.map(({ name }) => name).join(' '),
    {
      permissions: [
        eachPermission(all.flatMap(({ requests }) => (requests === undefined ? [] : [permissionOf(requests)]))),
      ],
      principals: [eachPrincipal(all.map(({ callers }) => callers))],
    },
  ]);
  return { action: 'allow', policies: Object.fromEntries(policies) };
}
