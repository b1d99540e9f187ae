// The TLS settings of a Gateway's server. Follows validateTLSOptions of Istio's pkg/config/validation.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { notActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import { checkCredentialName } from './credential-name.ts';
import { cipherSuites } from './gateway-ciphers.ts';
import type { ServerTlsSettings } from './gateway-schema.ts';

const files = ['serverCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const;
const secrets = ['credentialName', 'credentialNames', 'caCertCredentialName', 'tlsCertificates'] as const;

export function* checkServerTls(tls: ServerTlsSettings, path: FieldPath): Iterable<Finding> {
  const mode = tls.mode ?? 'PASSTHROUGH';
  if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') {
    for (const field of [...files, ...secrets]) {
      if (!isSet(tls[field])) continue;
      const message = `${mode} mode does not use certificates, they will be ignored`;
      yield warning('SP0909', [...path, field], message, 'remove it, or use mode: SIMPLE');
    }
  } else if (mode === 'ISTIO_MUTUAL') {
    for (const field of [...files, ...secrets]) {
      if (!isSet(tls[field])) continue;
      const message = `ISTIO_MUTUAL TLS cannot have associated ${field}`;
      yield problem('SP0908', [...path, field], message, 'remove it, or use mode: MUTUAL');
    }
  } else yield* checkCertificates(tls, mode, path);
  for (const field of ['credentialName', 'caCertCredentialName'] as const) {
    yield* checkCredentialName(tls[field], [...path, field]);
  }
  for (const [index, name] of (tls.credentialNames ?? []).entries()) {
    yield* checkCredentialName(name, [...path, 'credentialNames', index]);
  }
  yield* checkCiphers(tls.cipherSuites ?? [], [...path, 'cipherSuites']);
  yield* checkVersions(tls, path);
  yield* checkPins(tls, path);
  if (mode === 'AUTO_PASSTHROUGH') yield notActedOn(`TLS mode ${mode}`, [...path, 'mode'], insteadOfAutoPassthrough);
}

/** What the mode is for, a way from one cluster into another, is not there. */
const insteadOfAutoPassthrough =
  'there is one cluster, and workloads reach each other without it; for other hosts use mode: PASSTHROUGH and a VirtualService with tls rules';

function isSet(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}

function* checkCertificates(
  tls: ServerTlsSettings,
  mode: 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL',
  path: FieldPath,
): Iterable<Finding> {
  const { tlsCertificates = [], caCertCredentialName, caCrl } = tls;
  yield* checkSources(tls, path);
  yield* checkUnasked(tls, mode, path);
  if (isSet(tls.credentialName) || isSet(tls.credentialNames)) return;
  const shown =
    tlsCertificates.length > 0
      ? tlsCertificates.map((files, index) => [files, [...path, 'tlsCertificates', index]] as const)
      : [[tls, path] as const];
  const hint = 'add it, or credentialName';
  for (const [{ serverCertificate, privateKey }, place] of shown) {
    if (!serverCertificate) yield problem('SP0907', place, `${mode} TLS requires a server certificate`, hint);
    if (!privateKey) yield problem('SP0907', place, `${mode} TLS requires a private key`, hint);
  }
  const roots = [tls, ...tlsCertificates].some(({ caCertificates }) => isSet(caCertificates));
  if (mode !== 'SIMPLE' && !roots && !caCertCredentialName) {
    yield problem('SP0907', path, `${mode} TLS requires a client CA bundle`, 'add caCertificates, or credentialName');
  }
  if (isSet(caCrl) && !roots) {
    const message = 'caCrl needs the CA that it speaks of';
    yield problem('SP0908', [...path, 'caCrl'], message, 'add caCertificates, or put ca.crl into the Secret');
  }
}

/** Secrets, or files; and of each one way. */
function* checkSources(tls: ServerTlsSettings, path: FieldPath): Iterable<Finding> {
  const named = (['credentialName', 'credentialNames', 'tlsCertificates'] as const).filter((field) =>
    isSet(tls[field]),
  );
  const besideFiles = named.length === 1 && named[0] === 'tlsCertificates';
  const own = files.filter((field) => isSet(tls[field]) && !(besideFiles && field.startsWith('ca')));
  const given = [...named, ...(own.length > 0 ? [own.join(', ')] : [])];
  if (given.length < 2) return;
  yield problem('SP0908', path, `only one of ${given.join(' and ')} can be set`, 'use a Secret, or files');
}

function* checkUnasked(tls: ServerTlsSettings, mode: string, path: FieldPath): Iterable<Finding> {
  for (const field of ['caCrl', 'caCertCredentialName'] as const) {
    if (mode !== 'SIMPLE' || !isSet(tls[field])) continue;
    const message = 'SIMPLE mode asks callers for no certificate';
    yield warning('SP0909', [...path, field], message, 'remove it, or use mode: MUTUAL');
  }
}

function* checkCiphers(names: readonly string[], path: FieldPath): Iterable<Finding> {
  const unknown = names.filter((name) => !cipherSuites.has(name));
  if (unknown.length === 0) return;
  const message = `ignoring invalid cipher suites: ${shorten(unknown.join(', '))}`;
  const hint = 'write for example ECDHE-RSA-AES128-GCM-SHA256; those of TLS 1.3 cannot be chosen';
  // Istio: without one that is known all are allowed; here: refused.
  if (unknown.length === names.length) yield problem('SP0910', path, message, hint);
  else yield warning('SP0910', path, message, hint);
}

const versions = ['TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'] as const;

function* checkVersions({ minProtocolVersion, maxProtocolVersion }: ServerTlsSettings, path: FieldPath) {
  const rank = (version: string | undefined, automatic: string) =>
    versions.findIndex((known) => known === (version === 'TLS_AUTO' ? automatic : (version ?? automatic)));
  const least = rank(minProtocolVersion, 'TLSV1_2');
  const most = rank(maxProtocolVersion, 'TLSV1_3');
  if (least > most) {
    const message = `no TLS version is left between ${versions[least]} and ${versions[most]}`;
    yield problem('SP0911', path, message, 'set minProtocolVersion below maxProtocolVersion');
  }
}

function* checkPins(tls: ServerTlsSettings, path: FieldPath): Iterable<Finding> {
  for (const [index, pin] of (tls.verifyCertificateSpki ?? []).entries()) {
    if (/^[A-Za-z0-9+/]{43}=$/.test(pin)) continue;
    const place = [...path, 'verifyCertificateSpki', index];
    yield problem('SP0914', place, `'${shorten(pin)}' is not the base64 of a SHA-256`, 'it has 44 characters');
  }
  for (const [index, pin] of (tls.verifyCertificateHash ?? []).entries()) {
    if (/^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$/.test(pin)) continue;
    const place = [...path, 'verifyCertificateHash', index];
    yield problem('SP0914', place, `'${shorten(pin)}' is not a SHA-256 in hexadecimal`, 'it has 64 digits');
  }
}
