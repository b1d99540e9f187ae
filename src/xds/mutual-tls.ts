// mTLS between the proxies of the mesh, as Istio has it: each shows the certificate of its workload and takes only one of the
// mesh's roots and trust domain. The names of secrets are discovery's to answer (secret-names.ts).
// Only with redirect capture: where programs share a user with their proxies a key would be theirs too.
import { spiffeIdentity, spiffePrefix } from '../api/spiffe.ts';
import { buildDownstreamTls, type DownstreamTlsOptions } from '../envoy/downstream-tls.ts';
import type { TransportSocket } from '../envoy/transport-socket.ts';
import { buildUpstreamTls } from '../envoy/upstream-tls.ts';
import type { Subset } from '../mesh/destination-rule.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import type { ClientTls, TrafficPolicy } from '../mesh/traffic-policy.ts';
import { workloadCertificate, workloadRoots } from './secret-names.ts';
import type { ClusterSettings } from './service-clusters.ts';

/** What a proxy offers by ALPN for the other to know its mTLS by; that begins so in all of Istio's forms. */
export const mutualTlsAlpn = 'istio';

export const mutualTlsSecrets: readonly string[] = [workloadCertificate, workloadRoots];

export interface MutualTls {
  /** To all endpoints: a DestinationRule says ISTIO_MUTUAL. */
  readonly always?: TransportSocket;
  /** To those that take it. */
  readonly whereTaken?: TransportSocket;
  readonly secrets: readonly string[];
}

export interface MutualTlsOptions {
  readonly subset: Subset | undefined;
  readonly policy: TrafficPolicy;
  readonly settings: ClusterSettings;
}

/** Towards one port of a service; undefined: none. */
export function mutualTlsOf(
  service: Service,
  port: ServicePort,
  { subset, policy, settings }: MutualTlsOptions,
): MutualTls | undefined {
  const { capture, config } = settings;
  const own = port.from ?? service;
  const sni = mutualTlsSni(service.host, port.number, subset?.name);
  if (policy.tls?.mode === 'ISTIO_MUTUAL') {
    if (capture === 'proxy') return undefined;
    const names = namesOf(own, policy.tls, config);
    return { always: buildSocket(policy.tls.sni ?? sni, names), secrets: mutualTlsSecrets };
  }
  // A line of the PROXY protocol goes before TLS, where a sidecar does not look for it.
  if (policy.tls !== undefined || policy.proxyProtocol !== undefined || !hasAutoMtls(own, settings)) {
    return undefined;
  }
  return { whereTaken: buildSocket(sni, namesOf(own, undefined, config)), secrets: mutualTlsSecrets };
}

/**
 * Whether mTLS is asked for where there is none, and plaintext would leave the mesh. Within it both ends do without.
 * Istio: has no proxy capture.
 */
export function lacksMutualTls(
  { external }: Pick<Service, 'external'>,
  { tls }: TrafficPolicy,
  { capture }: Pick<ClusterSettings, 'capture'>,
): boolean {
  return capture === 'proxy' && external && tls?.mode === 'ISTIO_MUTUAL';
}

/** Whether proxies speak mTLS to those of its endpoints that take it. */
export function hasAutoMtls(
  { external, resolution, identities }: Service,
  { capture, config }: Pick<ClusterSettings, 'capture' | 'config'>,
): boolean {
  if (capture === 'proxy' || !config.autoMtls || external || identities?.sidecars !== true) return false;
  return resolution === 'CLUSTER_IP' || resolution === 'STATIC';
}

/** `outbound_.8080_.v1_.web.shop.svc.cluster.local`: Istio's, which is a valid SNI. */
function mutualTlsSni(host: string, port: number, subset = ''): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

/** Who may answer. Istio: where nobody is known, anybody of the mesh. */
function namesOf({ identities, subjectAltNames }: Service, tls: ClientTls | undefined, { trustDomain }: MeshConfig) {
  const listed = [tls?.subjectAltNames ?? [], subjectAltNames].find(({ length }) => length > 0);
  if (listed !== undefined) return listed;
  return (identities?.serviceAccounts ?? []).map((account) => {
    const [namespace = '', serviceAccount = ''] = account.split('/');
    return spiffeIdentity({ trustDomain, namespace, serviceAccount });
  });
}

function buildSocket(sni: string, subjectAltNames: readonly string[]): TransportSocket {
  return buildUpstreamTls({
    sni,
    certificateSecret: workloadCertificate,
    validationSecret: workloadRoots,
    subjectAltNames,
    alpn: [mutualTlsAlpn],
  });
}

/** Who a gateway's caller is, for the listener inside Envoy that takes what mTLS was taken off: its certificate's URI. */
export const peerIdentityKey = 'sallyport.peer';

/** What a Gateway's server may ask for beside. */
export type MutualServerOptions = Pick<
  DownstreamTlsOptions,
  'subjectAltNames' | 'pins' | 'minVersion' | 'maxVersion' | 'ciphers'
>;

/** For callers of the mesh. Which version of HTTP they speak is seen by its first bytes, so no protocol is agreed on. */
export function buildMutualServerTls(
  { trustDomain }: Pick<MeshConfig, 'trustDomain'>,
  options: MutualServerOptions = {},
): TransportSocket {
  const { subjectAltNames = [] } = options;
  return buildDownstreamTls({
    ...options,
    certificateSecrets: [workloadCertificate],
    validationSecret: workloadRoots,
    requireClientCertificate: true,
    ...(subjectAltNames.length > 0 ? {} : { uriPrefix: spiffePrefix(trustDomain) }),
  });
}
