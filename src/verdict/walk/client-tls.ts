// How a cluster speaks to an endpoint: as it was told, or with TLS of the proxy's own around it.
import { spiffeIdentity } from '../../api/spiffe.ts';
import type { Cluster } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { TransportSocket } from '../../envoy/gen/envoy/config/core/v3/base_pb.js';
import type { LbEndpoint } from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { InternalUpstreamTransportSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream_pb.js';
import { ProxyProtocolUpstreamTransportSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.js';
import { RawBufferSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';
import {
  type UpstreamTlsContext,
  UpstreamTlsContextSchema,
} from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { socketMatchKey } from '../../envoy/transport-socket.ts';
import { workloadCertificate } from '../../xds/secret-names.ts';
import { readAny } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { HopTls } from '../verdict.ts';
import type { Payload } from './request.ts';
import { bears, isThere } from './server-tls.ts';
import type { Proxies, ProxyPlace } from './walk.ts';

/** The socket for this endpoint. */
export function socketFor({ transportSocket, transportSocketMatches }: Cluster, endpoint: LbEndpoint | undefined) {
  const marks = endpoint?.metadata?.filterMetadata[socketMatchKey];
  const found = transportSocketMatches.find(({ match }) =>
    Object.entries(match ?? {}).every(
      ([key, value]) => marks !== undefined && Object.hasOwn(marks, key) && same(marks[key], value),
    ),
  );
  return found?.transportSocket ?? transportSocket;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export interface Spoken {
  readonly payload: Payload;
  readonly tls: HopTls;
}

/** A text: why nothing is sent. `peer`: the identity of who takes it, where that is a workload of the mesh. */
export function speak(
  socket: TransportSocket | undefined,
  payload: Payload,
  { identity, view }: ProxyPlace,
  {
    trustDomain,
    peer,
    autoSni,
  }: { readonly peer: string | undefined; readonly autoSni: boolean } & Pick<Proxies, 'trustDomain'>,
): Spoken | string {
  const context = contextOf(socket);
  if (context === undefined) return { payload, tls: 'as-sent' };
  const common = context.commonTlsContext;
  const validation = common?.validationContextType;
  const combined = validation?.case === 'combinedValidationContext' ? validation.value : undefined;
  const certificates = common?.tlsCertificateSdsSecretConfigs.map(({ name }) => name) ?? [];
  const roots = combined?.validationContextSdsSecretConfig?.name;
  const missing = [...certificates, ...(roots === undefined ? [] : [roots])].find((name) => !isThere(view, name));
  if (missing !== undefined) return `the secret ${missing} for its TLS is missing`;
  const names = combined?.defaultValidationContext?.matchTypedSubjectAltNames ?? [];
  if (peer !== undefined && names.length > 0 && !bears(peer, names)) return `${peer} is not who may answer there`;
  const mutual = certificates.includes(workloadCertificate);
  const sni = context.sni !== '' ? context.sni : autoSni && payload.kind === 'http' ? nameOf(payload.authority) : '';
  return {
    payload: {
      kind: 'tls',
      sni,
      alpn: common?.alpnProtocols ?? [],
      ...(mutual ? { peer: spiffeIdentity({ ...identity, trustDomain }) } : {}),
      inside: payload,
    },
    tls: mutual ? 'mutual' : 'originated',
  };
}

function nameOf(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

/** Through what stands around it. */
function contextOf(socket: TransportSocket | undefined): UpstreamTlsContext | undefined {
  if (socket === undefined) return undefined;
  const any = socket.configType.case === 'typedConfig' ? socket.configType.value : undefined;
  if (readAny(RawBufferSchema, any) !== undefined) return undefined;
  const inner = readAny(InternalUpstreamTransportSchema, any) ?? readAny(ProxyProtocolUpstreamTransportSchema, any);
  if (inner !== undefined) return contextOf(inner.transportSocket);
  const context = readAny(UpstreamTlsContextSchema, any);
  if (context === undefined) throw new Untellable(`a transport socket ${socket.name}`);
  return context;
}
