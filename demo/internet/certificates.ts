// One certificate for each host, made when the first caller names it and kept as long as it is good.
import 'reflect-metadata';
import { KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type Authority, dayMs, ecdsa } from './authority.ts';

const validDays = 7;

/** `of(host)` never makes two for one host at a time. Callers name only hosts that exist, so the number is bounded. */
export interface Certificates {
  of(host: string): Promise<SecureContext>;
}

export function createCertificates(authority: Authority): Certificates {
  const known = new Map<string, { readonly context: Promise<SecureContext>; readonly until: number }>();
  return {
    of(host) {
      const found = known.get(host);
      if (found !== undefined && found.until > Date.now()) return found.context;
      const context = newContext(authority, host);
      known.set(host, { context, until: Date.now() + (validDays - 1) * dayMs });
      return context;
    },
  };
}

async function newContext({ certificate: issuer, keys: issuerKeys }: Authority, host: string): Promise<SecureContext> {
  const keys = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [host] }],
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - dayMs / 24),
    notAfter: new Date(Date.now() + validDays * dayMs),
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ecdsa,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return createSecureContext({ cert: certificate.toString('pem'), key });
}
