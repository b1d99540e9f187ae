// AuthorizationPolicies in the filters of a chain: of requests before they go anywhere, of connections at their first byte.
// Where nothing applies there is no filter. What was refused is told by the record that the chain's loggers write: whether by
// these filters, and which policies would have allowed it.
// Envoy judges a connection when its caller has sent something; so that nobody is called for one that is refused, connections
// wait for that where `waits`.
import type { HttpFilter } from '../../envoy/http-filters.ts';
import { buildTcpProxy, type NetworkFilter, type TcpProxyOptions } from '../../envoy/network-filters.ts';
import { buildHttpRbac, buildNetworkRbac } from '../../envoy/rbac.ts';
import type { RbacRules } from '../../envoy/rbac-rules.ts';
import { type AuthorizationPolicy, authorizationPolicyOrigin } from '../../mesh/authorization-policy.ts';
import { blackHoleCluster } from '../names.ts';
import { type AuthorizationRules, buildAuthorizationRules, denialOfAll } from './rules.ts';
import type { JudgedSide } from './sides.ts';

/** Before what filters leave in dynamic metadata: judgedKeys of record-line.ts. */
const resultPrefix = 'authorization_';

export interface HttpAuthorization {
  readonly filters: readonly HttpFilter[];
  /** Undefined: nobody is refused. */
  readonly refusal: Refusal | undefined;
}

export interface ConnectionAuthorization {
  readonly filters: readonly NetworkFilter[];
  readonly refusal: Refusal | undefined;
}

/** What a record is to tell of what was refused. */
export interface Refusal {
  /** `always`: whatever comes is. */
  readonly kind: 'judged' | 'always';
  /** Policies one of which would have had to match: `AuthorizationPolicy/shop/web,…`. */
  readonly policies: string;
  /** The rule that denies whatever comes. */
  readonly rule?: string;
}

/** By which routes speak to them. */
export const filterNames = { deny: 'deny-policies', allow: 'allow-policies' } as const;

/** Everything is let through. */
export const unjudged = { filters: [], refusal: undefined } as const;

export function authorizeRequests(side: JudgedSide): HttpAuthorization {
  return side.policies.length === 0 ? unjudged : requestsUnder(side.policies, buildAuthorizationRules(side));
}

/** `rules`: what the policies came to. */
export function requestsUnder(policies: readonly AuthorizationPolicy[], rules: AuthorizationRules): HttpAuthorization {
  const filters = inOrder(rules).map((one) => buildHttpRbac(filterNames[one.action], { rules: one, resultPrefix }));
  return filters.length === 0 ? unjudged : { filters, refusal: { kind: 'judged', policies: allowing(policies) } };
}

export function authorizeConnections(side: JudgedSide): ConnectionAuthorization {
  const { policies } = side;
  if (policies.length === 0) return unjudged;
  const rules = buildAuthorizationRules(side);
  const denial = denialOfAll(rules);
  if (denial !== undefined) {
    const { rule } = denial === 'unallowed' ? {} : denial;
    const refusal = { kind: 'always', policies: allowing(policies), ...(rule === undefined ? {} : { rule }) } as const;
    return { filters: [], refusal };
  }
  const filters = inOrder(rules).map((one) => judgeConnections(filterNames[one.action], one));
  return filters.length === 0 ? unjudged : { filters, refusal: { kind: 'judged', policies: allowing(policies) } };
}

/** What its shadow comes to is all that the filter of connections leaves for loggers. */
export function judgeConnections(name: string, rules: RbacRules): NetworkFilter {
  return buildNetworkRbac(name, { rules, shadow: { prefix: resultPrefix, rules } });
}

export interface JudgedProxy {
  readonly authorization: ConnectionAuthorization;
  readonly proxy: TcpProxyOptions;
  /** Between judging and the proxy. */
  readonly before?: readonly NetworkFilter[];
  /** Callers must speak first. */
  readonly waits: boolean;
}

/** tcp_proxy behind what judges its connections; to nowhere where all of them are refused. */
export function judgedProxy({ authorization, proxy, before = [], waits }: JudgedProxy): readonly NetworkFilter[] {
  const { filters, refusal } = authorization;
  if (refusal?.kind === 'always') {
    const { statPrefix, accessLog } = proxy;
    return [buildTcpProxy({ statPrefix, accessLog, cluster: blackHoleCluster })];
  }
  const waiting = waits && filters.length > 0 ? { connectOnData: true } : {};
  return [...filters, ...before, buildTcpProxy({ ...proxy, ...waiting })];
}

/** Whether a rule asks for paths, which must then be written in one way only. */
export function asksForPaths(policies: readonly AuthorizationPolicy[] = []): boolean {
  const operations = policies.flatMap(({ rules }) => rules.flatMap((rule) => rule.operations.flat()));
  return operations.some(({ attribute }) => attribute === 'request.path');
}

function inOrder({ deny, allow }: AuthorizationRules) {
  return [deny, allow].filter((rules) => rules !== undefined);
}

/** That a record names. */
const mostNames = 5;

function allowing(policies: readonly AuthorizationPolicy[]): string {
  const names = policies.filter(({ action }) => action === 'ALLOW').map(authorizationPolicyOrigin);
  return names.sort().slice(0, mostNames).join(',');
}
