// Certificates and keys in files on the host, as the control plane reads them. What was read last stays in use, and nothing is
// sent in the clear meanwhile. Files are looked at for a running mesh alone: they may come and go.
import { type FieldPath, problem } from '../api/finding.ts';
import type { Finding } from '../api/kind.ts';
import { belongTogether, isCertificate, isPrivateKey, isRevocationList, isServable } from '../mesh/pem.ts';
import type { Surroundings } from './surroundings.ts';

export interface NamedFiles {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly roots?: string | undefined;
  readonly crl?: string | undefined;
}

export function* findUnusableFiles(
  { certificate, key, roots, crl }: NamedFiles,
  path: FieldPath,
  { complete, file }: Surroundings,
): Iterable<Finding> {
  if (!complete) return;
  for (const [name, isFit, what] of [
    [certificate, isCertificate, 'certificate'],
    [roots, isCertificate, 'certificate'],
    [key, isPrivateKey, 'private key'],
    [crl, isRevocationList, 'revocation list'],
  ] as const) {
    if (name === undefined || name === '') continue;
    const content = file(name);
    const hint = `put a ${what} in PEM form there, readable by the control plane`;
    if (content === undefined) yield problem('SP1101', path, `${name} cannot be read`, hint);
    else if (!isFit(content)) yield problem('SP1101', path, `${name} holds no ${what}`, hint);
  }
  if (certificate === undefined || key === undefined) return;
  const [shown, secret] = [file(certificate), file(key)];
  if (shown === undefined || secret === undefined || !isCertificate(shown) || !isPrivateKey(secret)) return;
  if (!belongTogether(shown, secret)) {
    yield problem('SP1102', path, `${key} is not the key of ${certificate}`, 'write both files anew');
  } else if (!isServable(shown)) {
    const hint = 'use RSA of 2048 bits or more, or the curve P-256, P-384 or P-521';
    yield problem('SP1101', path, `Envoy takes no certificate with such a key as that of ${certificate}`, hint);
  }
}

/** Nothing is sent until it is there, and fit. */
export function* findUnusableSecret(
  namespace: string,
  name: string,
  path: FieldPath,
  around: Surroundings,
): Iterable<Finding> {
  if (!around.complete) return;
  const secret = around.secret(namespace, name);
  if (secret === undefined) {
    yield problem('SP1103', path, `there is no Secret ${name} in namespace ${namespace}`, 'create it there');
    return;
  }
  const { certificate, key, crl } = secret;
  if (crl !== undefined && !isRevocationList(crl)) {
    const message = `ca.crl of Secret ${name} is no revocation list`;
    yield problem('SP1110', path, message, 'put one in PEM form there, or remove it');
  }
  const why = certificate === undefined || key === undefined ? undefined : unfitPair(certificate, key);
  if (why !== undefined) yield problem('SP1110', path, `${why} Secret ${name}`, 'issue the certificate anew');
}

function unfitPair(certificate: Uint8Array, key: Uint8Array): string | undefined {
  if (!isCertificate(certificate)) return 'no certificate is in';
  if (!belongTogether(certificate, key)) return 'certificate and key do not belong together in';
  return isServable(certificate) ? undefined : 'Envoy takes no certificate with such a key as in';
}
