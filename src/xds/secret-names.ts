// The names under which proxies fetch certificates and roots by SDS, Istio's where it has them. A name says where the
// content comes from, so that it can be found for whoever asks.
import { rootsSecretName, rootsSuffix } from '../mesh/tls-secret.ts';

/** The system's roots, and those of SALLYPORT_EXTRA_CA_FILE. */
export const systemRoots = 'file-root:system';

/** The Secret of this name in the proxy's namespace: certificate and key. */
export function credentialCertificate(name: string): string {
  return `kubernetes://${name}`;
}

/** Its roots: of the Secret `<name>-cacert`, else `ca.crt` of the Secret itself. */
export function credentialRoots(name: string): string {
  return `kubernetes://${rootsSecretName(name)}`;
}

export function rootFileSecret(path: string, crl?: string): string {
  return `file-root:${path}${crl === undefined ? '' : `~${crl}`}`;
}

export function certificateFileSecret(certificate: string, key: string): string {
  return `file-cert:${certificate}~${key}`;
}

/**
 * A proxy's own certificate and key, and the roots of the mesh. They are no part of a view: discovery answers them for the
 * stream that asks, from the identity that it proved.
 */
export const workloadCertificate = 'default';
export const workloadRoots = 'ROOTCA';

export function isWorkloadSecret(name: string): boolean {
  return name === workloadCertificate || name === workloadRoots;
}

export type SecretSource =
  | { readonly kind: 'system-roots' }
  | { readonly kind: 'credential'; readonly name: string }
  | { readonly kind: 'credential-roots'; readonly name: string; readonly rootsName: string }
  | { readonly kind: 'certificate-files'; readonly certificate: string; readonly key: string }
  | { readonly kind: 'root-file'; readonly path: string; readonly crl: string | undefined };

/** Undefined for a name that none of the above made. */
export function secretSource(name: string): SecretSource | undefined {
  if (name === systemRoots) return { kind: 'system-roots' };
  const [scheme = '', ...rest] = name.split(':');
  const text = rest.join(':');
  switch (scheme) {
    case 'kubernetes': {
      const credential = text.slice('//'.length);
      if (!credential.endsWith(rootsSuffix)) return { kind: 'credential', name: credential };
      return { kind: 'credential-roots', name: credential.slice(0, -rootsSuffix.length), rootsName: credential };
    }
    case 'file-root': {
      const [path = '', crl] = text.split('~');
      return { kind: 'root-file', path, crl };
    }
    case 'file-cert': {
      const [certificate = '', key = ''] = text.split('~');
      return { kind: 'certificate-files', certificate, key };
    }
    default:
      return undefined;
  }
}
