// The secrets that a view's proxies may have: each found by its name, in the view's namespace and nowhere else. What is
// missing or unfit is not served, and whoever needs it then sends nothing (istio-semantics 8).
import { typeUrls } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { buildTlsCertificateSecret, buildValidationSecret } from '../envoy/secret.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { belongTogether, isCertificate, isRevocationList, isServable } from '../mesh/pem.ts';
import { secretKey, systemRootsFile } from '../mesh/tls-secret.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { type SecretSource, secretSource } from './secret-names.ts';

export function buildSecret(name: string, mesh: Mesh, namespace: string): TypedResource | undefined {
  const source = secretSource(name);
  if (source === undefined) return undefined;
  const message = isCertificateSource(source)
    ? certificateOf(name, source, mesh, namespace)
    : rootsOf(name, source, mesh, namespace);
  if (message === undefined) return undefined;
  const keys = secretKeysOf(name, namespace).filter((key) => mesh.secrets.get(key).length > 0);
  const origins = keys.map((key) => `Secret/${key}`);
  return typedResource(typeUrls.secret, SecretSchema, name, message, origins);
}

/** Whether the secret of this name has a private key in it. */
export function holdsKey(name: string): boolean {
  const source = secretSource(name);
  return source !== undefined && isCertificateSource(source);
}

/** Keys of `Mesh.secrets` that the secret of this name is made from. */
export function secretKeysOf(name: string, namespace: string): readonly string[] {
  const source = secretSource(name);
  if (source?.kind === 'credential') return [secretKey(namespace, source.name)];
  if (source?.kind === 'credential-roots') {
    return [secretKey(namespace, source.name), secretKey(namespace, source.rootsName)];
  }
  return [];
}

/** Paths of `Mesh.files` that it is made from. */
export function filesOf(name: string): readonly string[] {
  const source = secretSource(name);
  switch (source?.kind) {
    case 'system-roots':
      return [systemRootsFile];
    case 'root-file':
      return source.crl === undefined ? [source.path] : [source.path, source.crl];
    case 'certificate-files':
      return [source.certificate, source.key];
    default:
      return [];
  }
}

type CertificateSource = Extract<SecretSource, { readonly kind: 'credential' | 'certificate-files' }>;

function isCertificateSource(source: SecretSource): source is CertificateSource {
  return source.kind === 'credential' || source.kind === 'certificate-files';
}

function certificateOf(name: string, source: CertificateSource, mesh: Mesh, namespace: string) {
  const stored = source.kind === 'credential' ? mesh.secrets.get(secretKey(namespace, source.name))[0] : undefined;
  const certificate = source.kind === 'credential' ? stored?.certificate : mesh.files.get(source.certificate)[0];
  const key = source.kind === 'credential' ? stored?.key : mesh.files.get(source.key)[0];
  if (certificate === undefined || key === undefined) return undefined;
  // Envoy would refuse a pair that does not fit, a weak key, or a chain that breaks off.
  if (!isCertificate(certificate) || !belongTogether(certificate, key) || !isServable(certificate)) return undefined;
  return buildTlsCertificateSecret(name, { certificate, key });
}

function rootsOf(name: string, source: Exclude<SecretSource, CertificateSource>, mesh: Mesh, namespace: string) {
  switch (source.kind) {
    case 'system-roots':
      return validation(name, mesh.files.get(systemRootsFile)[0]);
    case 'root-file':
      return rootFile(name, source, mesh);
    case 'credential-roots': {
      const [own] = mesh.secrets.get(secretKey(namespace, source.rootsName));
      const [beside] = mesh.secrets.get(secretKey(namespace, source.name));
      const found = own?.roots === undefined ? beside : own;
      return validation(name, found?.roots, found?.crl);
    }
  }
}

/** A list that is asked for and not there is as one that cannot be used. */
function rootFile(name: string, { path, crl }: Extract<SecretSource, { readonly kind: 'root-file' }>, { files }: Mesh) {
  const list = crl === undefined ? undefined : files.get(crl)[0];
  return crl !== undefined && list === undefined ? undefined : validation(name, files.get(path)[0], list);
}

/** With a revocation list that cannot be used nobody is trusted: Envoy would refuse it, and whatever else comes with it. */
function validation(name: string, roots: Uint8Array | undefined, crl?: Uint8Array) {
  if (roots === undefined || !isCertificate(roots)) return undefined;
  return crl === undefined || isRevocationList(crl) ? buildValidationSecret(name, { roots, crl }) : undefined;
}
