// AuthorizationPolicies -> the rules of Envoy's RBAC, for one place where traffic is judged. Istio's precedence: what a DENY policy
// matches is denied; without an ALLOW policy all else is allowed, with some what one of them matches.
// Invariant: the order of policies is of no account. What can never match is left out of what allows, never put into it.
import {
  anyPermission,
  anyPrincipal,
  eachPermission,
  eachPrincipal,
  notPermission,
  notPrincipal,
  type Permission,
  type Principal,
  type RbacPolicy,
  type RbacRules,
  somePermission,
  somePrincipal,
} from '../../envoy/rbac-rules.ts';
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  authorizationPolicyOrigin,
  type Condition,
} from '../../mesh/authorization-policy.ts';
import { isOfSource, type Judging, operationTerm, sourceTerm, type ValueTerm } from './conditions.ts';
import { ruleName } from './rule-name.ts';
import type { JudgedSide } from './sides.ts';
import { type Algebra, allOf, anyOf, noneOf, type Term } from './terms.ts';

/** Both must let traffic through. */
export interface AuthorizationRules {
  readonly deny?: RbacRules;
  readonly allow?: RbacRules;
}

const permissions: Algebra<Permission> = { each: eachPermission, some: somePermission, not: notPermission };
const principals: Algebra<Principal> = { each: eachPrincipal, some: somePrincipal, not: notPrincipal };

/** Empty where everything is let through. */
export function buildAuthorizationRules({ policies, judging }: JudgedSide): AuthorizationRules {
  const denied = rulesOf(policies, 'DENY', judging);
  const allowed = rulesOf(policies, 'ALLOW', judging);
  const asks = policies.some(({ action }) => action === 'ALLOW') && !Object.values(allowed).some(matchesAll);
  return {
    ...(Object.keys(denied).length === 0 ? {} : { deny: { action: 'deny', policies: denied } }),
    ...(asks ? { allow: { action: 'allow', policies: allowed } } : {}),
  };
}

/** Where nothing at all gets through, whatever it is: the rule that denies it, or `unallowed`. */
export function denialOfAll({ deny, allow }: AuthorizationRules): { readonly rule: string } | 'unallowed' | undefined {
  const [denied] = Object.entries(deny?.policies ?? {}).find(([, policy]) => matchesAll(policy)) ?? [];
  if (denied !== undefined) return { rule: denied };
  return allow !== undefined && Object.keys(allow.policies).length === 0 ? 'unallowed' : undefined;
}

function matchesAll(policy: RbacPolicy): boolean {
  return policy.permissions.includes(anyPermission) && policy.principals.includes(anyPrincipal);
}

function rulesOf(
  policies: readonly AuthorizationPolicy[],
  action: AuthorizationPolicy['action'],
  judging: Judging,
): Readonly<Record<string, RbacPolicy>> {
  const named = policies
    .filter((policy) => policy.action === action)
    .flatMap((policy) =>
      policy.rules.flatMap((rule, index) => {
        const built = buildRule(rule, action, judging);
        return built === undefined ? [] : [[ruleName(authorizationPolicyOrigin(policy), index), built] as const];
      }),
    );
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Undefined: it never matches. */
function buildRule(
  { sources, operations, conditions }: AuthorizationRule,
  action: AuthorizationPolicy['action'],
  judging: Judging,
): RbacPolicy | undefined {
  const source = (condition: Condition) => conditionTerm(condition, action, sourceTerm(condition, judging), principals);
  const operation = (condition: Condition) =>
    conditionTerm(condition, action, operationTerm(condition, judging), permissions);
  const who = alternatives(sources, conditions.filter(isOfSource), source, principals);
  const what = alternatives(
    operations,
    conditions.filter((condition) => !isOfSource(condition)),
    operation,
    permissions,
  );
  if (who === false || what === false) return undefined;
  return {
    permissions: what === true ? [anyPermission] : [what],
    principals: who === true ? [anyPrincipal] : [who],
  };
}

/** One of the lists, and what must be so with each of them. */
function alternatives<Matcher>(
  lists: readonly (readonly Condition[])[],
  always: readonly Condition[],
  termOf: (condition: Condition) => Term<Matcher>,
  algebra: Algebra<Matcher>,
): Term<Matcher> {
  const common = always.map(termOf);
  if (lists.length === 0) return allOf(common, algebra);
  const any = anyOf(
    lists.map((conditions) => allOf(conditions.map(termOf), algebra)),
    algebra,
  );
  return allOf([any, ...common], algebra);
}

function conditionTerm<Matcher>(
  { values, notValues }: Condition,
  action: AuthorizationPolicy['action'],
  valueTerm: ValueTerm<Matcher>,
  algebra: Algebra<Matcher>,
): Term<Matcher> {
  const denies = action === 'DENY';
  if (valueTerm === undefined) return denies;
  const [given, excepted] = denies ? (['wide', 'narrow'] as const) : (['narrow', 'wide'] as const);
  return allOf(
    [
      values.length === 0
        ? true
        : anyOf(
            values.map((value) => valueTerm(value, given)),
            algebra,
          ),
      noneOf(
        notValues.map((value) => valueTerm(value, excepted)),
        algebra,
      ),
    ],
    algebra,
  );
}
