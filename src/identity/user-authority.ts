// An authority of the user's, out of Istio's four files (a Secret `cacerts` or a folder): fit to sign, or why not. What is judged
// here would otherwise be found by proxies, when they refuse each other.
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { messageOf } from '../platform/errors.ts';
import { type Authority, type AuthoritySource, expiryOf, rootsOf } from './authority.ts';
import { canSign } from './certificate.ts';
import { distinctCertificates, includesCertificate, isSignedBy, readCertificates } from './pem-certificates.ts';

/** Istio's names, of its Secret `cacerts` (security/pkg/pki/ca/ca.go). */
export const authorityFiles = {
  certificate: 'ca-cert.pem',
  key: 'ca-key.pem',
  roots: 'root-cert.pem',
  /** Of the certificate up to a root; may be absent where a root signed it. */
  chain: 'cert-chain.pem',
} as const;

export interface UnfitAuthority {
  /** Which one it is about. */
  readonly file: string;
  /** The file and what is wrong with it. Never any content. */
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
    if (error instanceof Unfit)
      return { file: error.file, message: `${error.file} ${error.message}`, hint: error.hint };
    throw error;
  }
}

export function isFit(judged: Authority | UnfitAuthority): judged is Authority {
  return 'key' in judged;
}

class Unfit extends Error {
  readonly file: string;
  readonly hint: string;

  /** `message` goes on from the file's name. */
  constructor(file: string, message: string, hint: string) {
    super(message);
    this.file = file;
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
    throw new Unfit(keyFile, `is not the key of ${certificateFile}`, 'give both of one and the same authority');
  }
  if (!canSign(key)) {
    throw new Unfit(
      keyFile,
      'is a key of a kind that proxies refuse',
      'ECDSA P-256, P-384, P-521 or RSA from 2048 bits',
    );
  }
  if (!certificate.ca) {
    throw new Unfit(certificateFile, 'is no authority', 'it needs basicConstraints CA:TRUE');
  }
  const own = files(chainFile) === undefined ? [] : certificatesIn(files, chainFile);
  const chain = pathToRoot(certificate, own, roots);
  if (chain === undefined) {
    throw new Unfit(
      certificateFile,
      `does not lead to a root in ${rootsFile}`,
      `${chainFile} needs every certificate between the two`,
    );
  }
  requireValid(certificateFile, [certificate], now);
  const between = chain.slice(1);
  if (!between.every(({ ca }) => ca)) {
    throw new Unfit(chainFile, 'leads over a certificate that is no authority', 'it needs basicConstraints CA:TRUE');
  }
  requireValid(chainFile, between, now);
  const top = chain.at(-1);
  if (top !== undefined) requireOneValid(rootsFile, rootsOf(top, roots), now);
  return { certificate, key, chain, roots: distinctCertificates(roots), source };
}

function requireValid(name: string, certificates: readonly X509Certificate[], now: number): void {
  for (const one of certificates) {
    if (!hasBegun(one, now)) throw new Unfit(name, `is not valid before ${one.validFrom}`, 'set the clock');
    if (expiryOf(one) <= now) throw new Unfit(name, `ended on ${one.validTo}`, 'give one that is valid');
  }
}

/** Of one root there may be several certificates, the old and the new. */
function requireOneValid(name: string, roots: readonly X509Certificate[], now: number): void {
  const lasting = roots.filter((root) => now < expiryOf(root));
  if (lasting.length === 0) throw new Unfit(name, 'has ended', 'give a root that is valid');
  if (!lasting.some((root) => hasBegun(root, now))) requireValid(name, lasting, now);
}

function hasBegun({ validFrom }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now;
}

/**
 * What proxies show beside their own certificates: each step is signed by the next, the last by a root; none where it is a
 * root itself. Undefined: there is no such way.
 */
function pathToRoot(
  at: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  before: readonly X509Certificate[] = [],
): readonly X509Certificate[] | undefined {
  if (includesCertificate(roots, at)) return before;
  const path = [...before, at];
  if (roots.some((root) => isSignedBy(at, root))) return path;
  for (const above of chain) {
    if (includesCertificate(path, above) || !isSignedBy(at, above)) continue;
    const found = pathToRoot(above, chain, roots, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function contentOf(files: AuthorityFiles, name: string): Uint8Array {
  const content = files(name);
  if (content !== undefined) return content;
  throw new Unfit(name, 'is missing', `it needs ${Object.values(authorityFiles).join(', ')}`);
}

function certificatesIn(files: AuthorityFiles, name: string): readonly X509Certificate[] {
  const content = contentOf(files, name);
  try {
    const found = readCertificates(Buffer.from(content).toString('latin1'));
    if (found.length > 0) return found;
  } catch (error) {
    throw new Unfit(name, `cannot be read: ${messageOf(error)}`, 'give certificates in PEM');
  }
  throw new Unfit(name, 'has no certificate', 'give certificates in PEM');
}

function keyIn(files: AuthorityFiles, name: string): KeyObject {
  const content = contentOf(files, name);
  try {
    return createPrivateKey(Buffer.from(content));
  } catch {
    // OpenSSL's words are of no use, and might quote.
    throw new Unfit(name, 'is no private key', 'give it in PEM, without a password');
  }
}
