// The layer between a connection's bytes and what filters see of them. Envoy: config.core.v3.TransportSocket.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { TransportSocketSchema } from './gen/envoy/config/core/v3/base_pb.js';

export type TransportSocket = MessageInitShape<typeof TransportSocketSchema>;

export function tlsSocket(value: Any): TransportSocket {
  return { name: 'envoy.transport_sockets.tls', configType: { case: 'typedConfig', value } };
}
