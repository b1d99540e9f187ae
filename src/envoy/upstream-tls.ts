// TLS that Envoy begins towards a cluster's endpoints. Envoy: transport_sockets.tls.v3.UpstreamTlsContext.
// Invariant: as long as a secret is missing nothing is sent at all, least of all in the clear.
import { anyOf } from './any.ts';
import { UpstreamTlsContextSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { buildTlsContext, type TlsContextOptions } from './tls-context.ts';
import { type TransportSocket, tlsSocket } from './transport-socket.ts';

export interface UpstreamTlsOptions extends TlsContextOptions {
  /** Undefined: none, unless the cluster's HTTP options take it from the request's Host (`autoSni`). */
  readonly sni?: string | undefined;
  /** Secret with the certificate that Envoy shows where it is asked for one. */
  readonly certificateSecret?: string | undefined;
}

export function buildUpstreamTls(options: UpstreamTlsOptions): TransportSocket {
  const { sni, certificateSecret } = options;
  return tlsSocket(
    anyOf(UpstreamTlsContextSchema, {
      commonTlsContext: buildTlsContext(options, certificateSecret === undefined ? [] : [certificateSecret]),
      ...(sni === undefined ? {} : { sni }),
    }),
  );
}
