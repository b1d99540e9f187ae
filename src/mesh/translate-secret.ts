// Secret -> what TLS can use of it (istio-semantics 8): Kubernetes' keys, or Istio's generic ones.
import { type Secret, secretValues } from '../api/kinds/secret.ts';
import type { TlsSecret } from './tls-secret.ts';

/** Undefined for a Secret that has none of it. */
export function translateSecret(object: Secret): TlsSecret | undefined {
  const value = secretValues(object);
  const find = (...keys: readonly string[]): Uint8Array | undefined => {
    for (const key of keys) {
      const content = value(key);
      if (content !== undefined) return content;
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
