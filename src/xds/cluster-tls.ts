// TLS that a proxy begins towards a destination (istio-semantics 4.3; contract line 23): the server is verified against
// the system's roots and its own name unless the DestinationRule says otherwise.
// Istio: without an SNI of its own it is taken from the request's Host, so raw TCP sends none and verifies no name; here:
// SNI and name are those of the destination.
import { isWildcardHost } from '../api/host-name.ts';
import type { TransportSocket } from '../envoy/transport-socket.ts';
import { buildUpstreamTls } from '../envoy/upstream-tls.ts';
import { isHttp2 } from '../mesh/handling.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import { systemRootsFile } from '../mesh/tls-secret.ts';
import type { ClientTls } from '../mesh/traffic-policy.ts';
import {
  certificateFileSecret,
  credentialCertificate,
  credentialRoots,
  rootFileSecret,
  systemRoots,
} from './secret-names.ts';

export interface ClusterTls {
  readonly transportSocket: TransportSocket;
  readonly secrets: readonly string[];
  /** Of HTTP to a wildcard host: the SNI follows each request's Host, and the certificate must be for that name. */
  readonly autoSni: boolean;
  readonly autoSanValidation: boolean;
}

/** Undefined: plain TCP. ISTIO_MUTUAL is mutual-tls.ts. */
export function buildClusterTls(
  service: Service,
  port: ServicePort,
  tls: ClientTls | undefined,
): ClusterTls | undefined {
  if (tls === undefined || tls.mode === 'DISABLE' || tls.mode === 'ISTIO_MUTUAL') return undefined;
  const certificateSecret = tls.mode === 'MUTUAL' ? certificateSecretOf(tls) : undefined;
  const validationSecret = tls.insecureSkipVerify ? undefined : validationSecretOf(tls);
  const followsHost = tls.sni === undefined && isWildcardHost(service.host);
  const sni = tls.sni ?? (followsHost ? undefined : service.host);
  const listed = [tls.subjectAltNames, (port.from ?? service).subjectAltNames].find(({ length }) => length > 0);
  const names = listed ?? (sni === undefined ? [] : [sni]);
  return {
    transportSocket: buildUpstreamTls({
      sni,
      certificateSecret,
      validationSecret,
      subjectAltNames: tls.insecureSkipVerify ? [] : names,
      alpn: isHttp2(port.protocol) ? ['h2'] : [],
    }),
    secrets: [certificateSecret, validationSecret].filter((name) => name !== undefined),
    autoSni: followsHost,
    autoSanValidation: followsHost && listed === undefined && !tls.insecureSkipVerify,
  };
}

function certificateSecretOf({ credentialName, clientCertificate, privateKey }: ClientTls): string {
  if (credentialName !== undefined) return credentialCertificate(credentialName);
  return certificateFileSecret(clientCertificate ?? '', privateKey ?? '');
}

function validationSecretOf({ credentialName, caCertificates, caCrl }: ClientTls): string {
  if (caCertificates !== undefined) return rootFileSecret(caCertificates, caCrl);
  if (caCrl !== undefined && credentialName === undefined) return rootFileSecret(systemRootsFile, caCrl);
  return credentialName === undefined ? systemRoots : credentialRoots(credentialName);
}
