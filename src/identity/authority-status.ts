// What people are told of the authority: who signs, what is trusted, how far a change of the root is. No key, nor anything that
// a proxy does not show to whoever connects to it.
import type { X509Certificate } from 'node:crypto';
import { type Authority, expiryOf } from './authority.ts';
import { includesCertificate } from './pem-certificates.ts';
import type { Trust } from './trust.ts';
import type { UnfitAuthority } from './user-authority.ts';

export interface CertificateFacts {
  readonly subject: string;
  /** SHA-256, in hex with colons. */
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** PEM. */
  readonly certificate: string;
}

export interface RootFacts extends CertificateFacts {
  /** `next`: trusted before anything is signed under it; `retired`: trusted until nothing needs it. */
  readonly role: 'active' | 'next' | 'retired';
}

export interface AuthorityStatus {
  /** `own`, `Secret/istio-system/cacerts`, or the folder's path. */
  readonly source: string;
  readonly trustDomain: string;
  readonly issuer: CertificateFacts;
  readonly roots: readonly RootFacts[];
  /** Of a workload's certificate. */
  readonly certificateLifeSeconds: number;
  /** Valid ones, of proxies that are served. */
  readonly certificates: number;
  readonly rotation?: {
    /** `trusting`: proxies are given the new root; `renewing`: certificates come from it. */
    readonly phase: 'trusting' | 'renewing';
    /** Proxies that are not as far yet, `namespace/name`; the first of them. */
    readonly waitingFor: readonly string[];
    /** RFC 3339: nobody is waited for longer. */
    readonly until?: string;
  };
  /** What keeps the user's own from being used. */
  readonly problem?: Pick<UnfitAuthority, 'message' | 'hint'> & { readonly source: string };
}

export function sourceName({ source }: Pick<Authority, 'source'>): string {
  switch (source.kind) {
    case 'own':
      return 'own';
    case 'secret':
      return `Secret/${source.name}`;
    case 'folder':
      return source.path;
  }
}

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    fingerprint: certificate.fingerprint256,
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(expiryOf(certificate)).toISOString(),
    certificate: certificate.toString(),
  };
}

export function rootFacts({ issuer, next, retired }: Trust): readonly RootFacts[] {
  const facts = (role: RootFacts['role']) => (root: X509Certificate) => ({ ...certificateFacts(root), role });
  const fresh = (next?.roots ?? []).filter((root) => !includesCertificate(issuer.roots, root));
  const known = [...issuer.roots, ...fresh];
  return [
    ...issuer.roots.map(facts('active')),
    ...fresh.map(facts('next')),
    ...(retired?.roots ?? []).filter((root) => !includesCertificate(known, root)).map(facts('retired')),
  ];
}
