// Who signs workloads' certificates: an authority of our own, or one of the user's. Everything of it that a proxy needs to
// see beside its own certificate stands here too: the certificates up to the root, and the roots.
import { generateKeyPairSync, randomBytes, type X509Certificate } from 'node:crypto';
import { type Signer, signRoot } from './certificate.ts';
import { isSignedBy, sameCertificate } from './pem-certificates.ts';

export interface Authority extends Signer {
  /** Those between what it signs and a root, its own first; none for a root that signs by itself. */
  readonly chain: readonly X509Certificate[];
  /** What its certificates are trusted by; never empty. */
  readonly roots: readonly X509Certificate[];
  readonly source: AuthoritySource;
}

export type AuthoritySource =
  | { readonly kind: 'own' }
  /** `namespace/name` */
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'folder'; readonly path: string };

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Istio: ten years too. */
const rootLifeMs = 3650 * dayMs;
/** A clock that is set back must not make it a root of the future. */
const rootBackdatedMs = dayMs;

/** A root with a key of its own; its name tells it from the one before it. */
export function createOwnAuthority(trustDomain: string, now: number): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const subject = { organization: trustDomain, commonName: `Sallyport root ${randomBytes(4).toString('hex')}` };
  const certificate = signRoot(keys, subject, { notBefore: now - rootBackdatedMs, notAfter: now + rootLifeMs });
  return { certificate, key: keys.privateKey, chain: [], roots: [certificate], source: { kind: 'own' } };
}

/** The time from which on an own root is to be replaced: most of a year is left to those who are away. */
export function replacementDue({ certificate, source }: Authority): number {
  return source.kind === 'own' ? expiryOf(certificate) - 300 * dayMs : Number.POSITIVE_INFINITY;
}

export function expiryOf({ validTo }: X509Certificate): number {
  return Date.parse(validTo);
}

/** Until when what it signs now can be trusted at most: no root counts for what another one signed. */
export function authorityExpiry({ certificate, chain, roots }: Authority): number {
  const top = chain.at(-1);
  if (top === undefined) return expiryOf(certificate);
  return Math.min(...chain.map(expiryOf), Math.max(...rootsOf(top, roots).map(expiryOf)));
}

/** Those that it leads to. */
export function rootsOf(top: X509Certificate, roots: readonly X509Certificate[]): readonly X509Certificate[] {
  return roots.filter((root) => isSignedBy(top, root));
}

export function sameSigner(one: Authority, other: Authority): boolean {
  return sameCertificate(one.certificate, other.certificate);
}
