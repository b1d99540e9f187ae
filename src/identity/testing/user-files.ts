// Authorities as users bring them, made by a library that is not ours: a root, and an authority under it with its key.
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, type X509Certificate, X509CertificateGenerator } from '@peculiar/x509';
import { type AuthorityFiles, authorityFiles } from '../user-authority.ts';

export interface Issuer {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

type Algorithm = webcrypto.EcKeyGenParams & { readonly hash: string };
type RsaAlgorithm = webcrypto.RsaHashedKeyGenParams;

const p256: Algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
export const p384: Algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
export const rsa2048: RsaAlgorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

export interface MadeOptions {
  readonly name: string;
  /** Signs itself if absent. */
  readonly under?: Issuer;
  readonly isAuthority?: boolean;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly algorithm?: Algorithm | RsaAlgorithm;
  /** Of one that has another certificate already. */
  readonly keys?: webcrypto.CryptoKeyPair;
}

const dayMs = 86_400_000;

export async function makeIssuer(options: MadeOptions): Promise<Issuer> {
  const { name, under, isAuthority = true, algorithm = p256 } = options;
  const { notBefore = Date.now() - dayMs, notAfter = Date.now() + 365 * dayMs } = options;
  const keys = options.keys ?? (await makeKeys(algorithm));
  const signer = under?.keys ?? keys;
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: under?.certificate.subject ?? `CN=${name}`,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: under === undefined ? algorithm : { ...under.keys.privateKey.algorithm, hash: 'SHA-256' },
    extensions: [new BasicConstraintsExtension(isAuthority, undefined, true)],
  });
  return { certificate, keys };
}

async function makeKeys(algorithm: Algorithm | RsaAlgorithm): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

export function pemOf(...issuers: readonly Issuer[]): string {
  return issuers.map(({ certificate }) => `${certificate.toString('pem')}\n`).join('');
}

export function keyPem({ keys }: Issuer): string {
  return KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What `cacerts` holds; what is given wins, and undefined takes away. */
export function userFiles(
  {
    signer,
    roots,
    chain = [],
  }: { readonly signer: Issuer; readonly roots: readonly Issuer[]; readonly chain?: readonly Issuer[] },
  other: Readonly<Record<string, string | undefined>> = {},
): Readonly<Record<string, string>> {
  const files = {
    [authorityFiles.certificate]: pemOf(signer),
    [authorityFiles.key]: keyPem(signer),
    [authorityFiles.roots]: pemOf(...roots),
    [authorityFiles.chain]: pemOf(signer, ...chain),
    ...other,
  };
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
}

export function filesIn(texts: Readonly<Record<string, string>>): AuthorityFiles {
  const contents = new Map(Object.entries(texts));
  return (name) => {
    const text = contents.get(name);
    return text === undefined ? undefined : Buffer.from(text);
  };
}
