// Where a Gateway's servers have their certificates from: files, and Secrets beside the gateway's workloads. Roots for callers
// are those of the Secret `<name>-cacert`, else `ca.crt` of the named one (istio-semantics 8).
import { type FieldPath, problem } from '../../api/finding.ts';
import type { Gateway as ApiGateway, ServerTlsSettings } from '../../api/kinds/gateway.ts';
import type { ServerTls } from '../../mesh/gateway.ts';
import { isCertificate } from '../../mesh/pem.ts';
import { rootsSecretName } from '../../mesh/tls-secret.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { findUnusableFiles, findUnusableSecret, type NamedFiles } from '../tls-files.ts';

export function* findUnusableServerTls({ metadata, spec }: ApiGateway, around: Surroundings): Iterable<CrossFinding> {
  const gateway = around.gateway(`${metadata.namespace}/${metadata.name}`);
  // Without selector whoever is no gateway would be asked too.
  const namespaces = gateway?.selector === undefined ? [] : around.namespacesOf(gateway.selector);
  for (const [index, { tls }] of (gateway?.servers ?? []).entries()) {
    const given = spec.servers?.[index]?.tls;
    if (tls === undefined || given === undefined || tls.mode === 'PASSTHROUGH') continue;
    const path = ['spec', 'servers', index, 'tls'];
    for (const files of filesOf(tls)) yield* findUnusableFiles(files, path, around);
    const placed = { given, tls, path };
    for (const namespace of namespaces) {
      yield* findUnusableCertificates(placed, namespace, around);
      yield* findMissingRoots(placed, namespace, around);
    }
  }
}

interface PlacedTls {
  readonly given: ServerTlsSettings;
  readonly tls: ServerTls;
  readonly path: FieldPath;
}

function filesOf({ certificates, callerRoots }: ServerTls): readonly NamedFiles[] {
  const shown = certificates.flatMap((one) => ('certificate' in one ? [one] : []));
  if (callerRoots === undefined || !('file' in callerRoots)) return shown;
  return [...shown, { roots: callerRoots.file, crl: callerRoots.crl }];
}

function* findUnusableCertificates({ given, tls, path }: PlacedTls, namespace: string, around: Surroundings) {
  const told = new Set<string>();
  for (const [index, one] of tls.certificates.entries()) {
    if (!('credentialName' in one) || told.has(one.credentialName)) continue;
    const name = one.credentialName;
    told.add(name);
    const at = [...path, ...(given.credentialName ? ['credentialName'] : ['credentialNames', index])];
    yield* findUnusableSecret(namespace, name, at, around);
    const secret = around.complete ? around.secret(namespace, name) : undefined;
    if (secret === undefined || (secret.certificate !== undefined && secret.key !== undefined)) continue;
    const lacking = secret.certificate === undefined ? 'tls.crt' : 'tls.key';
    yield problem('SP1110', at, `Secret ${name} in namespace ${namespace} has no ${lacking}`, `add ${lacking}`);
  }
}

function* findMissingRoots({ given, tls, path }: PlacedTls, namespace: string, around: Surroundings) {
  const { callerRoots: named, certificates, mode } = tls;
  if (!around.complete || mode === 'SIMPLE' || named === undefined || !('credentialName' in named)) return;
  const name = named.credentialName;
  const [own, beside] = [around.secret(namespace, rootsSecretName(name)), around.secret(namespace, name)];
  const roots = own?.roots ?? beside?.roots;
  if (roots !== undefined && isCertificate(roots)) return;
  const field = given.caCertCredentialName ? 'caCertCredentialName' : 'credentialName';
  const at = [...path, ...(given[field] ? [field] : ['credentialNames', 0])];
  if (own === undefined && beside === undefined) {
    // Said of the certificate already.
    if (certificates.some((one) => 'credentialName' in one && one.credentialName === name)) return;
    yield problem('SP1103', at, `there is no Secret ${name} in namespace ${namespace}`, 'create it there');
    return;
  }
  const holder = own?.roots !== undefined || beside === undefined ? rootsSecretName(name) : name;
  const what = roots === undefined ? 'has no ca.crt' : 'has a ca.crt that is no certificate';
  const message = `Secret ${holder} in namespace ${namespace} ${what}, so that nobody is let in`;
  yield problem('SP1110', at, message, 'put the CA of the callers there, in PEM form');
}
