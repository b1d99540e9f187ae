// Files and Secrets that DestinationRules and Gateways name and that cannot be used: what no look at the object alone can
// tell. Nothing is sent in the clear meanwhile; what was read last stays in use.
import { problem, toDiagnostic } from '../api/finding.ts';
import type { Finding } from '../api/kind.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import { type DestinationRule, destinationRuleOrigin, type PortedPolicy } from './destination-rule.ts';
import { type Gateway, gatewayOrigin, type ServerTls } from './gateway.ts';
import type { Mesh } from './mesh.ts';
import { belongTogether, isCertificate, isPrivateKey, isRevocationList, isServable } from './pem.ts';
import { secretKey } from './tls-secret.ts';

export function validateReferences(mesh: Mesh): readonly Diagnostic[] {
  const rules = [...mesh.destinationRules.hosts()].flatMap((host) => mesh.destinationRules.get(host));
  return [
    ...rules.flatMap((rule) => diagnosticsOf(destinationRuleOrigin(rule), checkRule(rule, mesh))),
    ...mesh.gateways.flatMap((gateway) => diagnosticsOf(gatewayOrigin(gateway), checkGateway(gateway, mesh))),
  ];
}

function diagnosticsOf(resource: string, findings: Iterable<Finding>): readonly Diagnostic[] {
  return [...findings].map((finding) => toDiagnostic(finding, resource));
}

interface NamedTls {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly roots: string | undefined;
  readonly crl: string | undefined;
}

function* checkRule(rule: DestinationRule, mesh: Mesh): Iterable<Finding> {
  for (const { tls } of [rule, ...rule.subsets].flatMap(policiesOf)) {
    if (tls === undefined) continue;
    const { clientCertificate: certificate, privateKey: key, caCertificates: roots, caCrl: crl, credentialName } = tls;
    const path = ['spec', 'trafficPolicy', 'tls'];
    yield* checkFiles({ certificate, key, roots, crl }, path, mesh);
    if (credentialName !== undefined && rule.workloadSelector !== undefined) {
      yield* checkSecret(rule.namespace, credentialName, path, mesh);
    }
  }
}

function policiesOf({ policy, ports }: PortedPolicy) {
  return [policy, ...ports.values()];
}

function* checkGateway(gateway: Gateway, mesh: Mesh): Iterable<Finding> {
  for (const [index, { tls }] of gateway.servers.entries()) {
    if (tls === undefined) continue;
    const path = ['spec', 'servers', index, 'tls'];
    for (const named of namedBy(tls)) yield* checkFiles(named, path, mesh);
  }
}

function namedBy({ certificates, callerRoots }: ServerTls): readonly NamedTls[] {
  const nothing = { certificate: undefined, key: undefined, roots: undefined, crl: undefined };
  const shown = certificates.flatMap((one) => ('certificate' in one ? [{ ...nothing, ...one }] : []));
  if (callerRoots === undefined || !('file' in callerRoots)) return shown;
  return [...shown, { ...nothing, roots: callerRoots.file, crl: callerRoots.crl }];
}

function* checkFiles(
  { certificate, key, roots, crl }: NamedTls,
  path: readonly (string | number)[],
  { files }: Mesh,
): Iterable<Finding> {
  const contentOf = (file: string) => files.get(file)[0];
  for (const [file, isFit, what] of [
    [certificate, isCertificate, 'certificate'],
    [roots, isCertificate, 'certificate'],
    [key, isPrivateKey, 'private key'],
    [crl, isRevocationList, 'revocation list'],
  ] as const) {
    if (file === undefined) continue;
    const content = contentOf(file);
    const hint = `put a ${what} in PEM form there, readable by the control plane`;
    if (content === undefined) yield problem('SP1101', path, `${file} cannot be read`, hint);
    else if (!isFit(content)) yield problem('SP1101', path, `${file} holds no ${what}`, hint);
  }
  if (certificate === undefined || key === undefined) return;
  const [shown, secret] = [contentOf(certificate), contentOf(key)];
  if (shown === undefined || secret === undefined || !isCertificate(shown) || !isPrivateKey(secret)) return;
  if (!belongTogether(shown, secret)) {
    yield problem('SP1102', path, `${key} is not the key of ${certificate}`, 'write both files anew');
  } else if (!isServable(shown)) {
    const hint = 'use RSA of 2048 bits or more, or the curve P-256, P-384 or P-521';
    yield problem('SP1101', path, `Envoy takes no certificate with such a key as that of ${certificate}`, hint);
  }
}

function* checkSecret(namespace: string, name: string, path: readonly string[], { secrets }: Mesh): Iterable<Finding> {
  const [secret] = secrets.get(secretKey(namespace, name));
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
