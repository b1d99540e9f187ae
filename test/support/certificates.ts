// Certificates made for one test: an authority, and what it signs: names, validity and use as the test wants them.
// Those of tls-fixtures.ts never change; these can be expired, strangers', or one of many in a rotation.
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import type { Certificate } from './tls-fixtures.ts';

export interface TestAuthority {
  /** PEM of the root. */
  readonly root: string;
  issue(options: IssueOptions): Promise<Certificate>;
  /** PEM of a list with these of its certificates; good for a day. */
  revoke(...certificates: readonly Certificate[]): Promise<string>;
}

export interface IssueOptions {
  readonly commonName: string;
  /** DNS names, and URIs (with `://`); the common name if absent. */
  readonly names?: readonly string[];
  /** Was valid until yesterday. */
  readonly expired?: boolean;
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

export async function createTestAuthority(name = 'test authority'): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity(false),
    keys,
    signingAlgorithm: ecdsa,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    root: root.toString('pem'),
    issue: (options) => issue({ root, keys }, options),
    async revoke(...certificates) {
      const list = await X509CrlGenerator.create({
        issuer: root.subject,
        thisUpdate: new Date(Date.now() - dayMs),
        nextUpdate: new Date(Date.now() + dayMs),
        entries: certificates.map(({ cert }) => ({
          serialNumber: new X509Certificate(cert).serialNumber,
          revocationDate: new Date(Date.now() - dayMs),
          // Without any extension the list would not be one to Envoy.
          reason: X509CrlReason.keyCompromise,
        })),
        signingKey: keys.privateKey,
        signingAlgorithm: ecdsa,
      });
      // As OpenSSL names it.
      return list.toString('pem').replaceAll(' CRL-----', ' X509 CRL-----');
    },
  };
}

async function issue(
  issuer: { readonly root: X509Certificate; readonly keys: webcrypto.CryptoKeyPair },
  { commonName, names = [commonName], expired = false }: IssueOptions,
): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [commonName] }],
    issuer: issuer.root.subject,
    ...validity(expired),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ecdsa,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: value.includes('://') ? 'url' : 'dns', value })),
      ),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate.toString('pem'), key };
}

function validity(expired: boolean): { readonly notBefore: Date; readonly notAfter: Date } {
  const until = expired ? -dayMs : dayMs;
  return { notBefore: new Date(Date.now() - 2 * dayMs), notAfter: new Date(Date.now() + until) };
}
