// Where a Gateway's servers have their certificates from: files, and Secrets beside the gateway's workloads.
import type { Gateway as ApiGateway } from '../../api/kinds/gateway.ts';
import type { ServerTls } from '../../mesh/gateway.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { findUnusableFiles, findUnusableSecret, type NamedFiles } from '../tls-files.ts';

export function* findUnusableServerTls({ metadata }: ApiGateway, around: Surroundings): Iterable<CrossFinding> {
  const gateway = around.gateway(`${metadata.namespace}/${metadata.name}`);
  // Without selector whoever is no gateway would be asked too.
  const namespaces = gateway?.selector === undefined ? [] : around.namespacesOf(gateway.selector);
  for (const [index, { tls }] of (gateway?.servers ?? []).entries()) {
    if (tls === undefined || tls.mode === 'PASSTHROUGH') continue;
    const path = ['spec', 'servers', index, 'tls'];
    for (const files of filesOf(tls)) yield* findUnusableFiles(files, path, around);
    for (const name of credentialsOf(tls)) {
      for (const namespace of namespaces) yield* findUnusableSecret(namespace, name, path, around);
    }
  }
}

function filesOf({ certificates, callerRoots }: ServerTls): readonly NamedFiles[] {
  const shown = certificates.flatMap((one) => ('certificate' in one ? [one] : []));
  if (callerRoots === undefined || !('file' in callerRoots)) return shown;
  return [...shown, { roots: callerRoots.file, crl: callerRoots.crl }];
}

/** Roots may stand in a Secret of another name: those are not asked for. */
function credentialsOf({ certificates }: ServerTls): ReadonlySet<string> {
  return new Set(certificates.flatMap((one) => ('credentialName' in one ? [one.credentialName] : [])));
}
