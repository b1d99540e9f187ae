// What the mesh trusts, and how it comes to trust another root without a moment in which some proxy does not: first every
// proxy has the old roots and the new, then certificates come from the new authority, then the old roots go. Pure; what the
// proxies hold comes in as facts.
// Invariant: no certificate is signed by an authority whose roots are not served, and no root goes while a certificate that
// needs it may be in use.
import type { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Authority, sameSigner } from './authority.ts';
import { distinctCertificates, includesCertificate, sameCertificate } from './pem-certificates.ts';

export interface Trust {
  /** Signs. */
  readonly issuer: Authority;
  /** Its roots are served already; it signs once every proxy has them. */
  readonly next?: Authority;
  /** Of authorities that signed before. */
  readonly retired?: RetiredRoots;
  /** The longest life that a certificate of the issuer was given. */
  readonly longestLifeMs: number;
}

export interface RetiredRoots {
  readonly roots: readonly X509Certificate[];
  /** No certificate that they are needed for is valid any more. */
  readonly until: number;
}

export interface TrustFacts {
  readonly now: number;
  /** Every proxy has the roots that are served, or was waited for long enough. */
  readonly rootsArrived: boolean;
  /** Every proxy has a certificate of the issuer, and uses no other. */
  readonly certificatesArrived: boolean;
}

export function trustedRoots({ issuer, next, retired }: Trust): readonly X509Certificate[] {
  return distinctCertificates([...issuer.roots, ...(next?.roots ?? []), ...(retired?.roots ?? [])]);
}

/**
 * The authority is to sign from now on, as soon as it can: at once where nothing new is to be trusted. The same object where
 * it does already.
 */
export function adopt(trust: Trust, authority: Authority, now: number): Trust {
  const { next: _, ...rest } = trust;
  if (isSameAuthority(authority, trust.issuer)) return trust.next === undefined ? trust : rest;
  if (trust.next !== undefined && isSameAuthority(authority, trust.next)) return trust;
  const known = authority.roots.every((root) => includesCertificate(trust.issuer.roots, root));
  return known ? switched(rest, authority, now) : { ...trust, next: authority };
}

/** The same object where nothing is to be done. */
export function advance(trust: Trust, { now, rootsArrived, certificatesArrived }: TrustFacts): Trust {
  const { next, retired, ...rest } = trust;
  if (next !== undefined) return rootsArrived ? switched({ ...rest, ...(retired && { retired }) }, next, now) : trust;
  if (retired !== undefined && (certificatesArrived || now >= retired.until)) return rest;
  return trust;
}

function switched(trust: Omit<Trust, 'next'>, issuer: Authority, now: number): Trust {
  const { issuer: before, retired, longestLifeMs } = trust;
  const old = distinctCertificates([...before.roots, ...(retired?.roots ?? [])]);
  const roots = old.filter((root) => !includesCertificate(issuer.roots, root));
  if (roots.length === 0) return { issuer, longestLifeMs };
  const until = Math.max(retired?.until ?? 0, now + longestLifeMs);
  return { issuer, longestLifeMs, retired: { roots, until } };
}

function isSameAuthority(one: Authority, other: Authority): boolean {
  const sameSource = isDeepStrictEqual(one.source, other.source);
  return sameSource && sameSigner(one, other) && sameList(one.roots, other.roots) && sameList(one.chain, other.chain);
}

function sameList(one: readonly X509Certificate[], other: readonly X509Certificate[]): boolean {
  return one.length === other.length && one.every((item, index) => sameCertificate(item, other[index] ?? item));
}
