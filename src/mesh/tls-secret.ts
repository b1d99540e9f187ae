// Certificates, keys and roots that TLS needs: of Secrets in the store, and of files on the host that objects name.

export interface TlsSecret {
  /** PEM. */
  readonly certificate: Uint8Array | undefined;
  readonly key: Uint8Array | undefined;
  readonly roots: Uint8Array | undefined;
  readonly crl: Uint8Array | undefined;
}

/** How the mesh names the Secret `ns/name`. */
export function secretKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** The Secret beside another one that holds its roots, if it is there. */
export function rootsSecretName(name: string): string {
  return `${name}${rootsSuffix}`;
}

export const rootsSuffix = '-cacert';

/** The path under which the mesh has the system's own roots. */
export const systemRootsFile = 'system';
