// TLS that a chain ends for its callers: what is inside goes on, with the certificate that the caller showed.
import type { View } from '../../discovery/view.ts';
import { typeUrls } from '../../discovery/view.ts';
import type { TransportSocket } from '../../envoy/gen/envoy/config/core/v3/base_pb.js';
import type { SubjectAltNameMatcher } from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  type CommonTlsContext,
  DownstreamTlsContextSchema,
} from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { workloadCertificate, workloadRoots } from '../../xds/secret-names.ts';
import { knownText, testOf } from '../matching/text.ts';
import { readAny } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';

/** A text: why the handshake fails. */
export function endTls(socket: TransportSocket, connection: Connection, view: View): Connection | string {
  const { configType } = socket;
  const context = configType.case === 'typedConfig' ? readAny(DownstreamTlsContextSchema, configType.value) : undefined;
  const common = context?.commonTlsContext;
  if (context === undefined || common === undefined) throw new Untellable(`a transport socket ${socket.name}`);
  const { payload } = connection;
  if (payload.kind !== 'tls') return 'TLS is expected there';
  if (!common.tlsCertificateSdsSecretConfigs.some(({ name }) => isThere(view, name))) {
    return `the certificate ${common.tlsCertificateSdsSecretConfigs.map(({ name }) => name).join(', ')} is missing there`;
  }
  const refusal = judgePeer(common, payload.peer, context.requireClientCertificate === true, view);
  if (refusal !== undefined) return refusal;
  return { ...connection, sni: payload.sni, peer: payload.peer, payload: payload.inside };
}

function judgePeer(
  { validationContextType: validation }: CommonTlsContext,
  peer: string | undefined,
  required: boolean,
  view: View,
): string | undefined {
  if (peer === undefined) return required ? 'a client certificate is asked for there' : undefined;
  if (validation.case !== 'combinedValidationContext') return undefined;
  const roots = validation.value.validationContextSdsSecretConfig?.name;
  if (roots !== undefined && !isThere(view, roots)) return `the roots ${roots} are missing there`;
  const names = validation.value.defaultValidationContext?.matchTypedSubjectAltNames ?? [];
  return names.length === 0 || bears(peer, names)
    ? undefined
    : `the caller's certificate is not one that is taken there`;
}

/** Of the workloads of the mesh, whose certificates bear a URI and nothing else. */
export function bears(uri: string, names: readonly SubjectAltNameMatcher[]): boolean {
  return names.some(
    ({ matcher }) => matcher !== undefined && knownText('its certificate', uri).matches(testOf(matcher)),
  );
}

/** Those of its own a proxy always has. */
export function isThere(view: View, secret: string): boolean {
  return secret === workloadCertificate || secret === workloadRoots || view.resources(typeUrls.secret).has(secret);
}
