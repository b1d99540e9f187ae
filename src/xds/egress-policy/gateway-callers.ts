// Who may pass a gateway to a host that EgressPolicies send through it: judged by the identity that the caller's certificate
// proves. Labels are no part of an identity: a source that names labels alone is let in there by its namespace, and told apart
// at its sidecar.
// Invariant: of a host that such policies govern nobody passes without a certificate of the mesh.
import { gatewayNameLabel } from '../../api/kinds/mesh-gateway-validation.ts';
import { spiffeIdentity } from '../../api/spiffe.ts';
import type { NetworkFilter } from '../../envoy/network-filters.ts';
import { buildNetworkRbac } from '../../envoy/rbac.ts';
import {
  anyPermission,
  eachPrincipal,
  notPrincipal,
  type Principal,
  peerIs,
  type RbacPolicy,
  sniIs,
  somePrincipal,
  stateIs,
  type TextMatch,
} from '../../envoy/rbac-rules.ts';
import { policiesOf } from '../../mesh/egress-policy/access.ts';
import { type EgressPolicy, egressPolicyOrigin, type PolicySource } from '../../mesh/egress-policy/egress-policy.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { inNamespace } from '../authorization/callers.ts';
import { peerIdentityKey } from '../mutual-tls.ts';
import type { Judgement } from './judgement.ts';

/** The gateway's proxies. */
export interface GatewayPlace {
  readonly namespace: string;
  label(key: string): string | undefined;
}

/** Those that govern the host at this gateway, oldest first; empty: nobody asks who calls. */
function governing(mesh: Mesh, place: GatewayPlace, host: string): readonly EgressPolicy[] {
  const here = policiesOf(mesh.egressPolicies, host).filter(
    ({ gateway }) => gateway?.namespace === place.namespace && gateway.name === place.label(gatewayNameLabel),
  );
  return here.some(({ mode }) => mode === 'enforce') ? here : [];
}

/** `identified`: callers come by the mesh's mTLS. A certificate that a server asks for by roots of its own proves nobody. */
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

/**
 * In front of connections whose SNI is read behind the mesh's mTLS; empty where none of the hosts is governed. `sni`: whether
 * it tells them apart.
 */
export function callersFilters(
  mesh: Mesh,
  place: GatewayPlace,
  hosts: Iterable<string>,
  sni: boolean,
): readonly NetworkFilter[] {
  const { trustDomain } = mesh.config;
  const denials = [...hosts].flatMap((host): (readonly [string, RbacPolicy])[] => {
    const policies = governing(mesh, place, host);
    if (policies.length === 0) return [];
    const allowing = policies.filter(({ expired, requests }) => !expired && requests === undefined);
    const allowed = somePrincipal(
      allowing.map((policy) => callersOf(policy, trustDomain, (match) => stateIs(peerIdentityKey, match))),
    );
    const named: TextMatch = host.startsWith('*.')
      ? { kind: 'suffix', value: host.slice(1) }
      : { kind: 'exact', value: host };
    return [[host, { permissions: [sni ? sniIs(named) : anyPermission], principals: [notPrincipal(allowed)] }]];
  });
  if (denials.length === 0) return [];
  return [buildNetworkRbac('egress_policy', { rules: { action: 'deny', policies: Object.fromEntries(denials) } })];
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
