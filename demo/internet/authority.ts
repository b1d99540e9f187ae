// The certificate authority of the simulated internet: `ca.pem` and `ca.key` in a folder of their own. Invariant: the
// key is made once, so that programs which trust the authority do so after a restart as well.
import 'reflect-metadata';
import { createPrivateKey, KeyObject, type webcrypto } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { writeFileAtomically } from '../../src/platform/atomic-file.ts';
import { messageOf, SallyportError } from '../../src/platform/errors.ts';
import { authorityName } from './authority-name.ts';

export interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

export const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const dayMs = 86_400_000;
const validDays = 3650;

/** The authority of the folder. What is missing is made: the folder, the key, the certificate. */
export async function openAuthority(folder: string): Promise<Authority> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const keyFile = join(folder, 'ca.key');
    if (!existsSync(keyFile)) writeFileAtomically(keyFile, await newKey());
    const keys = await readKeys(readFileSync(keyFile, 'utf8'));
    const file = join(folder, authorityName);
    if (!existsSync(file)) {
      writeFileAtomically(file, `${(await newCertificate(keys)).toString('pem')}\n`);
      chmodSync(file, 0o644);
    }
    return { certificate: new X509Certificate(readFileSync(file, 'utf8')), keys };
  } catch (error) {
    const hint = 'remove the folder, and it is made anew';
    throw new SallyportError('DEMO_AUTHORITY', `no certificate authority in ${folder}: ${messageOf(error)}`, { hint });
  }
}

async function newKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  return KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function readKeys(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(pem);
  const { d, ...publicPart } = key.export({ format: 'jwk' });
  return {
    privateKey: key.toCryptoKey(ecdsa, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', publicPart, ecdsa, true, ['verify']),
  };
}

async function newCertificate(keys: webcrypto.CryptoKeyPair): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sallyport simulated internet',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + validDays * dayMs),
    keys,
    signingAlgorithm: ecdsa,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}
