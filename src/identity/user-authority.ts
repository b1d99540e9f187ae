// An authority of the user's, out of Istio's four files (a Secret `cacerts` or a folder): fit to sign, or why not. What is judged
// here would otherwise be found by proxies, when they refuse each other.
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { messageOf } from '../platform/errors.ts';
import { type Authority, type AuthoritySource, authorityExpiry, expiryOf } from './authority.ts';
import { canSign } from './certificate.ts';
import { distinctCertificates, includesCertificate, readCertificates } from './pem-certificates.ts';

/** Istio's names, of its Secret `cacerts` (security/pkg/pki/ca/ca.go). */
export const authorityFiles = {
  certificate: 'ca-cert.pem',
  key: 'ca-key.pem',
  roots: 'root-cert.pem',
  /** Of the certificate up to a root; may be absent where a root signed it. */
  chain: 'cert-chain.pem',
} as const;

export interface UnfitAuthority {
  /** Which file it is about, and what is wrong. Never any content. */
  readonly message: string;
  readonly hint: string;
}

/** By the names above; undefined: there is none of that name. */
export type AuthorityFiles = (name: string) => Uint8Array | undefined;

export function judgeAuthority(
  files: AuthorityFiles,
  source: AuthoritySource,
  now: number,
): Authority | UnfitAuthority {
  try {
    return readAuthority(files, source, now);
  } catch (error) {
    if (error instanceof Unfit) return { message: error.message, hint: error.hint };
    throw error;
  }
}

export function isFit(judged: Authority | UnfitAuthority): judged is Authority {
  return 'key' in judged;
}

class Unfit extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

function readAuthority(files: AuthorityFiles, source: AuthoritySource, now: number): Authority {
  const { certificate: certificateFile, key: keyFile, roots: rootsFile, chain: chainFile } = authorityFiles;
  const [certificate] = certificatesIn(files, certificateFile);
  const key = keyIn(files, keyFile);
  const roots = certificatesIn(files, rootsFile);
  if (certificate === undefined || roots.length === 0) throw new Error('certificates were read and are none');
  if (!certificate.checkPrivateKey(key)) {
    throw new Unfit(`${keyFile} is not the key of ${certificateFile}`, 'give both of one and the same authority');
  }
  if (!canSign(key)) {
    throw new Unfit(
      `the key in ${keyFile} is of a kind that proxies refuse`,
      'ECDSA P-256, P-384, P-521 or RSA from 2048 bits',
    );
  }
  if (!certificate.ca) {
    throw new Unfit(`${certificateFile} is no authority`, 'it needs basicConstraints CA:TRUE');
  }
  const own = files(chainFile) === undefined ? [] : certificatesIn(files, chainFile);
  const path = pathToRoot(certificate, own, roots);
  const authority = { certificate, key, chain: path, roots: distinctCertificates(roots), source };
  for (const [name, one] of [
    [certificateFile, certificate] as const,
    ...path.map((step) => [chainFile, step] as const),
  ]) {
    if (!(Date.parse(one.validFrom) <= now))
      throw new Unfit(`${name} is not valid before ${one.validFrom}`, 'set the clock');
    if (expiryOf(one) <= now) throw new Unfit(`${name} ended on ${one.validTo}`, 'give one that is valid');
  }
  if (authorityExpiry(authority) <= now) throw new Unfit(`${rootsFile} has ended`, 'give a root that is valid');
  return authority;
}

/** What proxies show beside their own certificates: each step is signed by the next, the last by a root. */
function pathToRoot(
  certificate: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): readonly X509Certificate[] {
  const steps: X509Certificate[] = [];
  for (let at: X509Certificate = certificate; !includesCertificate(roots, at); ) {
    steps.push(at);
    const isAbove = (one: X509Certificate) => at.checkIssued(one) && at.verify(one.publicKey);
    if (roots.some(isAbove)) return steps;
    const above = chain.find((one) => isAbove(one) && !includesCertificate(steps, one));
    if (above === undefined) {
      const { certificate: certificateFile, roots: rootsFile, chain: chainFile } = authorityFiles;
      throw new Unfit(
        `${certificateFile} does not lead to a root in ${rootsFile}`,
        `${chainFile} needs every certificate between the two`,
      );
    }
    at = above;
  }
  return steps;
}

function certificatesIn(files: AuthorityFiles, name: string): readonly X509Certificate[] {
  const content = files(name);
  if (content === undefined)
    throw new Unfit(`${name} is missing`, `it needs ${Object.values(authorityFiles).join(', ')}`);
  try {
    const found = readCertificates(Buffer.from(content).toString('latin1'));
    if (found.length > 0) return found;
  } catch (error) {
    throw new Unfit(`${name} cannot be read: ${messageOf(error)}`, 'give certificates in PEM');
  }
  throw new Unfit(`${name} has no certificate`, 'give certificates in PEM');
}

function keyIn(files: AuthorityFiles, name: string): KeyObject {
  const content = files(name);
  if (content === undefined)
    throw new Unfit(`${name} is missing`, `it needs ${Object.values(authorityFiles).join(', ')}`);
  try {
    return createPrivateKey(Buffer.from(content));
  } catch {
    // OpenSSL's words are of no use, and might quote.
    throw new Unfit(`${name} is no private key`, 'give it in PEM, without a password');
  }
}
