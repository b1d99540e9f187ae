// Certificates and keys in PEM form: whether a content is one, and whether two belong together.
import { createPrivateKey, X509Certificate } from 'node:crypto';

/** One or more, all of which can be read: Envoy takes all or none. */
export function isCertificate(content: Uint8Array): boolean {
  const text = Buffer.from(content).toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)];
  return blocks.length > 0 && blocks.every(([block]) => certificateOf(Buffer.from(block)) !== undefined);
}

export function isPrivateKey(content: Uint8Array): boolean {
  return keyOf(content) !== undefined;
}

export function belongTogether(certificate: Uint8Array, key: Uint8Array): boolean {
  const privateKey = keyOf(key);
  return privateKey !== undefined && certificateOf(certificate)?.checkPrivateKey(privateKey) === true;
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
