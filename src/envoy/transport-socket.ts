// The layer between a connection's bytes and what filters see of them. Envoy: config.core.v3.TransportSocket.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import type { TransportSocketSchema } from './gen/envoy/config/core/v3/base_pb.js';
import { ProxyProtocolConfig_Version } from './gen/envoy/config/core/v3/proxy_protocol_pb.js';
import { ProxyProtocolUpstreamTransportSchema } from './gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.js';
import { RawBufferSchema } from './gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';

export type TransportSocket = MessageInitShape<typeof TransportSocketSchema>;

export function tlsSocket(value: Any): TransportSocket {
  return { name: 'envoy.transport_sockets.tls', configType: { case: 'typedConfig', value } };
}

/** Plain TCP. */
export const rawSocket: TransportSocket = {
  name: 'envoy.transport_sockets.raw_buffer',
  configType: { case: 'typedConfig', value: anyOf(RawBufferSchema, {}) },
};

/** Says first, before `inner` begins, whose connection it is. Undefined: plain TCP. */
export function proxyProtocolSocket(version: 'V1' | 'V2', inner: TransportSocket | undefined): TransportSocket {
  const value = anyOf(ProxyProtocolUpstreamTransportSchema, {
    config: { version: ProxyProtocolConfig_Version[version] },
    transportSocket: inner ?? rawSocket,
  });
  return { name: 'envoy.transport_sockets.upstream_proxy_protocol', configType: { case: 'typedConfig', value } };
}

/** What an endpoint's metadata says for clusters to choose the socket by, and under which key (Istio's). */
export const mutualTlsMark = { tlsMode: 'istio' } as const;
export const socketMatchKey = 'envoy.transport_socket_match';
