// Where a rule's certificates come from: files, Secrets, and those for whom a Secret is not served.
import { type FieldPath, warning } from '../../api/finding.ts';
import type { DestinationRule } from '../../api/kinds/destination-rule.ts';
import { type PlacedPolicy, placedPolicies } from '../../api/kinds/placed-policies.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { findUnusableFiles, findUnusableSecret } from '../tls-files.ts';

type Tls = NonNullable<PlacedPolicy['policy']['tls']>;

export function* findUnusableTlsFiles(rule: DestinationRule, around: Surroundings): Iterable<CrossFinding> {
  for (const { tls, path } of tlsSettingsOf(rule)) {
    const { clientCertificate: certificate, privateKey: key, caCertificates: roots, caCrl: crl } = tls;
    yield* findUnusableFiles({ certificate, key, roots, crl }, path, around);
  }
}

export function* findWithheldCredential(rule: DestinationRule, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = rule.metadata;
  const selected = rule.spec.workloadSelector !== undefined;
  for (const { tls, path } of tlsSettingsOf(rule)) {
    const { credentialName = '', mode } = tls;
    if (credentialName === '' || mode === 'DISABLE' || mode === 'ISTIO_MUTUAL') continue;
    const gateway = namespace === rootNamespace || hasGateway(namespace, around);
    const at = [...path, 'credentialName'];
    if (selected || gateway) yield* findUnusableSecret(namespace, credentialName, at, around);
    else if (mode === 'MUTUAL') {
      // Istio: ignored at sidecars, and with it TLS; here: TLS without the certificate, which the server refuses.
      const message = `no sidecar is given the certificate ${credentialName}: its key is for chosen workloads alone`;
      yield warning('SP1528', at, message, 'name them in workloadSelector, or put the rule where the gateway is');
    }
  }
}

function hasGateway(namespace: string, around: Surroundings): boolean {
  return around.gateways().some(({ selector }) => selector !== undefined && around.hasWorkload(namespace, selector));
}

interface PlacedTls {
  readonly tls: Tls;
  readonly path: FieldPath;
}

function tlsSettingsOf(rule: DestinationRule): readonly PlacedTls[] {
  return placedPolicies(rule).flatMap(({ policy, path }) => {
    const ports = (policy.portLevelSettings ?? []).flatMap(({ tls }, index) =>
      tls === undefined ? [] : [{ tls, path: [...path, 'portLevelSettings', index, 'tls'] }],
    );
    return policy.tls === undefined ? ports : [{ tls: policy.tls, path: [...path, 'tls'] }, ...ports];
  });
}
