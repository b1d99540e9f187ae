// Certificates, keys and revocation lists in PEM form: whether a content is one, whether two belong together, and whether
// Envoy would show it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/**
 * One or more, all of which can be read, each between lines of its own: Envoy takes all or none, and two files put together
 * without a line's end between them are none.
 */
export function isCertificate(content: Uint8Array): boolean {
  const known = judged.get(content);
  if (known !== undefined) return known;
  const fit = areCertificates(content);
  judged.set(content, fit);
  return fit;
}

/** The system's roots are many, and every view asks for them. */
const judged = new WeakMap<Uint8Array, boolean>();

function areCertificates(content: Uint8Array): boolean {
  const blocks = blocksOf(content, 'CERTIFICATE');
  return blocks.length > 0 && blocks.every((block) => certificateOf(Buffer.from(block)) !== undefined);
}

/** One list or more, as for certificates. */
export function isRevocationList(content: Uint8Array): boolean {
  const blocks = blocksOf(content, 'X509 CRL');
  return blocks.length > 0 && blocks.every(isList);
}

/** Between lines of their own; none if some block is not. */
function blocksOf(content: Uint8Array, label: string): readonly string[] {
  const text = Buffer.from(content).toString('latin1');
  const begun = text.split(`-----BEGIN ${label}-----`).length - 1;
  const whole = new RegExp(`^-----BEGIN ${label}-----[^-]*^-----END ${label}-----\\s*$`, 'gm');
  const blocks = text.match(whole) ?? [];
  return begun === blocks.length ? blocks : [];
}

function isList(block: string): boolean {
  try {
    createSecureContext({ crl: block });
    return true;
  } catch {
    return false;
  }
}

export function isPrivateKey(content: Uint8Array): boolean {
  return keyOf(content) !== undefined;
}

export function belongTogether(certificate: Uint8Array, key: Uint8Array): boolean {
  const privateKey = keyOf(key);
  return privateKey !== undefined && certificateOf(certificate)?.checkPrivateKey(privateKey) === true;
}

/** Whether Envoy serves a certificate with such a key; others it refuses, with whatever else comes in the response. */
export function isServable(certificate: Uint8Array): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificateOf(certificate)?.publicKey ?? {};
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048;
  if (type === 'ec') return ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '');
  return type === 'ed25519';
}

function certificateOf(content: Uint8Array) {
  try {
    return new X509Certificate(content);
  } catch {
    return undefined;
  }
}

function keyOf(content: Uint8Array) {
  try {
    return createPrivateKey(Buffer.from(content));
  } catch {
    return undefined;
  }
}
