// What can be wrong among the TLS settings towards a destination. Follows validateTLS of Istio's
// pkg/config/validation.
import { type FieldPath, problem, warning } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checkCredentialName } from './credential-name.ts';
import type { ClientTlsSettings } from './destination-rule-tls.ts';

const files = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const;

export function* checkClientTls(tls: ClientTlsSettings, path: FieldPath): Iterable<Finding> {
  const mode = tls.mode ?? 'DISABLE';
  if (mode === 'DISABLE') yield* checkUnused(tls, path);
  else if (mode === 'ISTIO_MUTUAL') {
    for (const field of [...files, 'credentialName'] as const) {
      if (!tls[field]) continue;
      const message = `TLS mode ISTIO_MUTUAL does not use ${field}`;
      yield warning('SP0808', [...path, field], message, 'remove it, or use mode MUTUAL');
    }
  } else yield* checkOrigination(tls, mode, path);
  yield* checkCredentialName(tls.credentialName, [...path, 'credentialName']);
  // An SNI is a name without a wildcard; Envoy refuses one that is too long.
  if (tls.sni && (normalizeHost(tls.sni) === undefined || isWildcardHost(tls.sni))) {
    const message = `sni '${shorten(tls.sni)}' is not a DNS name`;
    yield problem('SP0806', [...path, 'sni'], message, 'write the name of the server');
  }
}

function* checkUnused(tls: ClientTlsSettings, path: FieldPath): Iterable<Finding> {
  const unused = Object.keys(tls).filter((field) => field !== 'mode');
  if (unused.length === 0) return;
  const message = `TLS mode DISABLE does not use ${unused.join(', ')}`;
  yield warning('SP0808', path, message, 'set mode: SIMPLE or MUTUAL, or remove them');
}

function* checkOrigination(tls: ClientTlsSettings, mode: 'SIMPLE' | 'MUTUAL', path: FieldPath): Iterable<Finding> {
  const skipped = tls.insecureSkipVerify === true;
  if (tls.credentialName) {
    if (files.some((field) => tls[field])) {
      const message = 'cannot specify client certificates or CA certificate or CA CRL If credentialName is set';
      yield problem('SP0806', [...path, 'credentialName'], message, 'use the Secret, or the files');
    }
  } else if (mode === 'MUTUAL') {
    if (!tls.clientCertificate) {
      yield problem('SP0807', path, 'client certificate required for mutual tls', 'add it, or credentialName');
    }
    if (!tls.privateKey)
      yield problem('SP0807', path, 'private key required for mutual tls', 'add it, or credentialName');
  } else {
    const unused = (['clientCertificate', 'privateKey'] as const).filter((field) => tls[field]);
    if (unused.length > 0) {
      const message = `TLS mode SIMPLE does not use ${unused.join(', ')}`;
      yield warning('SP0808', path, message, 'set mode: MUTUAL, or remove them');
    }
  }
  if (skipped && (tls.caCertificates || tls.caCrl || (tls.subjectAltNames ?? []).length > 0)) {
    const message = 'cannot specify CA certificates, CA CRL or subjectAltNames if insecureSkipVerify is set';
    yield problem('SP0806', [...path, 'insecureSkipVerify'], message, 'remove insecureSkipVerify');
  } else if (skipped) {
    const message = 'the server is not verified: anyone between can read and change what is sent';
    yield warning('SP0809', [...path, 'insecureSkipVerify'], message, 'name its CA in caCertificates');
  }
  for (const [index, name] of (tls.subjectAltNames ?? []).entries()) {
    if (name !== '') continue;
    yield problem(
      'SP0806',
      [...path, 'subjectAltNames', index],
      'subject alternative name cannot be empty',
      'remove it',
    );
  }
}
