// TLS that Envoy ends for callers of a filter chain. Envoy: transport_sockets.tls.v3.DownstreamTlsContext.
// Invariant: a chain whose certificate has not come refuses its handshakes; other chains of the listener serve.
import { anyOf } from './any.ts';
import { DownstreamTlsContextSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { buildTlsContext, type CertificatePins, type TlsContextOptions } from './tls-context.ts';
import { type TransportSocket, tlsSocket } from './transport-socket.ts';

export interface DownstreamTlsOptions extends TlsContextOptions {
  /** Secrets with the certificates to show; Envoy takes the one that fits the caller's SNI and ciphers. */
  readonly certificateSecrets: readonly string[];
  /**
   * Callers without a certificate are refused; one that is shown is judged in any case. Needs roots or pins: with neither
   * Envoy asks nobody for one.
   */
  readonly requireClientCertificate: boolean;
  /** Of callers' certificates. */
  readonly pins?: CertificatePins;
}

export function buildDownstreamTls(options: DownstreamTlsOptions): TransportSocket {
  const { certificateSecrets, requireClientCertificate, validationSecret, pins = {} } = options;
  const judged =
    validationSecret !== undefined || [pins.spki, pins.hashes].some((list) => list !== undefined && list.length > 0);
  if (requireClientCertificate && !judged) throw new TypeError('client certificates with nothing to judge them by');
  return tlsSocket(
    anyOf(DownstreamTlsContextSchema, {
      commonTlsContext: buildTlsContext(options, certificateSecrets, pins),
      requireClientCertificate,
    }),
  );
}
