// Who may pass a gateway to a host that EgressPolicies send through it: judged by the identity that the caller's certificate
// proves. Labels are no part of an identity: a source that names labels alone is let in there by its namespace, and told apart
// at its sidecar.
// Invariant: to a host that such policies govern nobody passes without a certificate of the mesh, whatever name he asked for.
import { isUnder } from '../../api/host-name.ts';
import { gatewayNameLabel } from '../../api/kinds/mesh-gateway-validation.ts';
import { spiffeIdentity } from '../../api/spiffe.ts';
import type { NetworkFilter } from '../../envoy/network-filters.ts';
import {
  anyPermission,
  eachPrincipal,
  notPrincipal,
  type Permission,
  type Principal,
  peerIs,
  type RbacPolicy,
  sniIs,
  somePrincipal,
  stateIs,
  type TextMatch,
} from '../../envoy/rbac-rules.ts';
import { isFor, policiesOf } from '../../mesh/egress-policy/access.ts';
import { type EgressPolicy, egressPolicyOrigin, type PolicySource } from '../../mesh/egress-policy/egress-policy.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { inNamespace } from '../authorization/callers.ts';
import { judgeConnections } from '../authorization/filters.ts';
import { ruleName } from '../authorization/rule-name.ts';
import { peerIdentityKey } from '../mutual-tls.ts';
import type { Judgement } from './judgement.ts';

/** The gateway's proxies. */
export interface GatewayPlace {
  readonly namespace: string;
  label(key: string): string | undefined;
}

/**
 * Those that govern the host at this gateway, oldest first; empty: nobody asks who calls. A gateway is a workload of its namespace:
 * policies for that, or for the whole mesh, govern where it leads, whichever way they name themselves.
 */
function governing(mesh: Mesh, place: GatewayPlace, host: string): readonly EgressPolicy[] {
  const isNamed = ({ gateway }: EgressPolicy) =>
    gateway?.namespace === place.namespace && gateway.name === place.label(gatewayNameLabel);
  const here = policiesOf(mesh.egressPolicies, host).filter(
    (policy) => isNamed(policy) || isFor(policy, place.namespace),
  );
  if (!here.some(({ mode }) => mode === 'enforce')) return [];
  return here.some(isForEverybody) && !here.some(isNamed) ? [] : here;
}

function isForEverybody({ meshWide, sources, requests, expired }: EgressPolicy): boolean {
  return meshWide && sources === undefined && requests === undefined && !expired;
}

/** `identified`: callers come by the mesh's mTLS. */
export function judgeCallers(
  mesh: Mesh,
  place: GatewayPlace,
  host: string,
  identified: boolean,
): Judgement | undefined {
  const policies = governing(mesh, place, host);
  if (policies.length === 0) return undefined;
  const { trustDomain } = mesh.config;
  const allowing = identified ? policies.filter(({ expired }) => !expired) : [];
  return {
    mode: 'enforce',
    allowed: allowing.map((policy) => ({
      name: egressPolicyOrigin(policy),
      requests: policy.requests,
      callers: callersOf(policy, trustDomain, peerIs),
    })),
  };
}

export interface CalledConnections {
  /** That they show; none: any, or none. */
  readonly serverNames: readonly string[];
  /** Hosts that they are passed on to. */
  readonly leadsTo: readonly string[];
  /** As for requests; the identity stands in filter state. */
  readonly identified: boolean;
}

/**
 * In front of connections that nobody reads; empty where nothing there is governed. Each denial bears the name of the oldest policy
 * that enforces, by which records tell of it.
 */
export function callersFilters(
  mesh: Mesh,
  place: GatewayPlace,
  { serverNames, leadsTo, identified }: CalledConnections,
): readonly NetworkFilter[] {
  const denial = (host: string, permission: Permission): readonly (readonly [EgressPolicy, RbacPolicy])[] => {
    const policies = governing(mesh, place, host);
    const enforcing = policies.find(({ mode }) => mode === 'enforce');
    if (enforcing === undefined) return [];
    const allowing = policies.filter(({ expired, requests }) => identified && !expired && requests === undefined);
    const { trustDomain } = mesh.config;
    const allowed = allowing.map((policy) =>
      callersOf(policy, trustDomain, (match) => stateIs(peerIdentityKey, match)),
    );
    return [[enforcing, { permissions: [permission], principals: [notPrincipal(somePrincipal(allowed))] }]];
  };
  const wildcards = serverNames.filter((name) => name.startsWith('*'));
  const below =
    wildcards.length === 0 ? [] : [...mesh.egressPolicies.hosts()].filter((host) => isBelowAny(host, wildcards));
  const [only, ...others] = serverNames;
  const led = leadsTo.filter((host) => others.length > 0 || host !== only);
  const denials = [
    ...[...new Set([...serverNames, ...below])].sort().flatMap((host) => denial(host, sniIs(namesOf(host)))),
    ...[...new Set(led)].flatMap((host) => denial(host, anyPermission)),
  ];
  if (denials.length === 0) return [];
  const named = denials.map(([policy, rule], index) => [ruleName(egressPolicyOrigin(policy), index), rule] as const);
  return [judgeConnections('egress_policy', { action: 'deny', policies: Object.fromEntries(named) })];
}

function isBelowAny(host: string, wildcards: readonly string[]): boolean {
  return wildcards.some((wildcard) => isUnder(host, wildcard));
}

function namesOf(host: string): TextMatch {
  return host.startsWith('*.') ? { kind: 'suffix', value: host.slice(1) } : { kind: 'exact', value: host };
}

type Match = (match: TextMatch) => Principal;

function callersOf(policy: EgressPolicy, trustDomain: string, is: Match): Principal {
  const own = policy.meshWide ? undefined : [policy.namespace];
  const sources = policy.sources?.flatMap((source) => identitiesFrom(source, own, trustDomain));
  const identities = sources ?? identitiesIn(own, trustDomain);
  return somePrincipal(identities.map((matches) => eachPrincipal(matches.map(is))));
}

/** What each of them must be; all of its texts. */
type Identity = readonly TextMatch[];

function identitiesFrom(
  source: PolicySource,
  own: readonly string[] | undefined,
  trustDomain: string,
): readonly Identity[] {
  const { selector, serviceAccounts, namespaces } = source;
  if (selector === undefined && serviceAccounts === undefined && namespaces === undefined) return [];
  if (selector?.size === 0) return [];
  const within = namespaces === undefined ? own : namespaces.filter((one) => own === undefined || own.includes(one));
  if (serviceAccounts === undefined) return identitiesIn(within, trustDomain);
  return serviceAccounts.flatMap((serviceAccount): readonly Identity[] => {
    if (within === undefined) {
      return [[...inNamespace('*', trustDomain), { kind: 'suffix', value: `/sa/${serviceAccount}` }]];
    }
    return within.map((namespace) => [
      { kind: 'exact', value: spiffeIdentity({ trustDomain, namespace, serviceAccount }) },
    ]);
  });
}

/** Undefined: of all namespaces. */
function identitiesIn(namespaces: readonly string[] = ['*'], trustDomain: string): readonly Identity[] {
  return namespaces.map((namespace) => inNamespace(namespace, trustDomain));
}
