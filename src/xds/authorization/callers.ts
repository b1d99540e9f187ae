// Who asks, as a rule's principals, namespaces and service accounts see it: by the certificate that the caller showed, by what
// an earlier listener left of it, or, where the asking workload is the proxy's own, known while configuration is built.
// Istio: a namespace is a regular expression over the certificate's name; here: its beginning, with the mesh's trust domain.
import { spiffeIdentity, spiffePrefix } from '../../api/spiffe.ts';
import { eachPrincipal, type Principal, peerIs, stateIs, type TextMatch } from '../../envoy/rbac-rules.ts';
import { isText, patternOf } from './patterns.ts';
import type { Term } from './terms.ts';

export type Caller =
  | { readonly kind: 'certificate' }
  /** Its identity stands in filter state under this key. */
  | { readonly kind: 'filter-state'; readonly key: string }
  | { readonly kind: 'workload'; readonly namespace: string; readonly serviceAccount: string };

const scheme = 'spiffe://';

/** `cluster.local/ns/shop/sa/web` */
export function principalTerm(value: string, caller: Caller, trustDomain: string): Term<Principal> {
  const pattern = patternOf(value);
  if (pattern === 'present') return identityIs([{ kind: 'prefix', value: scheme }], caller, trustDomain);
  const { kind, value: text } = pattern;
  if (kind !== 'suffix') return identityIs([{ kind, value: `${scheme}${text}` }], caller, trustDomain);
  return identityIs([{ kind: 'prefix', value: scheme }, pattern], caller, trustDomain);
}

export function namespaceTerm(value: string, caller: Caller, trustDomain: string): Term<Principal> {
  return identityIs(inNamespace(value, trustDomain), caller, trustDomain);
}

/** All that an identity of the namespace, or of those that the pattern is for, must be. No name has a slash in it. */
export function inNamespace(value: string, trustDomain: string): readonly TextMatch[] {
  const pattern = patternOf(value);
  const inMesh = `${spiffePrefix(trustDomain)}ns/`;
  if (pattern === 'present') return [{ kind: 'prefix', value: inMesh }];
  const { kind, value: text } = pattern;
  if (kind === 'exact') return [{ kind: 'prefix', value: `${inMesh}${text}/sa/` }];
  if (kind === 'prefix') return [{ kind, value: `${inMesh}${text}` }];
  return [
    { kind: 'prefix', value: inMesh },
    { kind: 'contains', value: `${text}/sa/` },
  ];
}

/** `shop/web` */
export function serviceAccountTerm(value: string, caller: Caller, trustDomain: string): Term<Principal> {
  const slash = value.indexOf('/');
  const namespace = value.slice(0, slash);
  const identity = spiffeIdentity({ trustDomain, namespace, serviceAccount: value.slice(slash + 1) });
  return identityIs([{ kind: 'exact', value: identity }], caller, trustDomain);
}

function identityIs(matches: readonly TextMatch[], caller: Caller, trustDomain: string): Term<Principal> {
  if (caller.kind === 'workload') {
    const identity = spiffeIdentity({ trustDomain, ...caller });
    return matches.every((match) => isText(identity, match));
  }
  const principalOf = caller.kind === 'certificate' ? peerIs : (match: TextMatch) => stateIs(caller.key, match);
  return eachPrincipal(matches.map(principalOf));
}
