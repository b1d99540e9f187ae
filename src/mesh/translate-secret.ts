// Secret -> what TLS can use of it (istio-semantics 8): Kubernetes' keys, or Istio's generic ones.
import type { Secret } from '../api/kinds/secret.ts';
import type { TlsSecret } from './tls-secret.ts';

/** Undefined for a Secret that has none of it. */
export function translateSecret({ data = {}, stringData = {} }: Secret): TlsSecret | undefined {
  const texts = new Map(Object.entries(stringData));
  const encoded = new Map(Object.entries(data));
  const find = (...keys: readonly string[]): Uint8Array | undefined => {
    for (const key of keys) {
      const text = texts.get(key);
      if (text !== undefined) return Buffer.from(text);
      const value = encoded.get(key);
      if (value !== undefined) return Buffer.from(value, 'base64');
    }
    return undefined;
  };
  const secret = {
    certificate: find('tls.crt', 'cert'),
    key: find('tls.key', 'key'),
    roots: find('ca.crt', 'cacert'),
    crl: find('ca.crl', 'crl'),
  };
  return Object.values(secret).some((part) => part !== undefined) ? secret : undefined;
}
