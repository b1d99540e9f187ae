// How long a cluster's HTTP connections live and how much they carry. Envoy: HttpProtocolOptions, its
// common_http_protocol_options and those of HTTP/2; connections of raw TCP have theirs in tcp_proxy.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Http2ProtocolOptionsSchema, HttpProtocolOptionsSchema } from './gen/envoy/config/core/v3/protocol_pb.js';
import { seconds } from './values.ts';

/** Undefined: Envoy's own; a connection is closed when it was idle for an hour. */
export interface UpstreamConnections {
  readonly idleTimeoutMs?: number | undefined;
  readonly maxConnectionDurationMs?: number | undefined;
  readonly maxRequestsPerConnection?: number | undefined;
  /** Over one HTTP/2 connection; more requests open another. */
  readonly maxConcurrentStreams?: number | undefined;
  /** An HTTP/2 connection is asked so often whether it lives, and closed when no answer comes in time. */
  readonly http2KeepAlive?: { readonly intervalMs?: number; readonly timeoutMs?: number } | undefined;
}

export function buildCommonHttpOptions(
  connections: UpstreamConnections,
): MessageInitShape<typeof HttpProtocolOptionsSchema> {
  const { idleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection } = connections;
  return {
    ...(idleTimeoutMs === undefined ? {} : { idleTimeout: seconds(idleTimeoutMs / 1000) }),
    ...(maxConnectionDurationMs === undefined
      ? {}
      : { maxConnectionDuration: seconds(maxConnectionDurationMs / 1000) }),
    ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection }),
  };
}

export function buildHttp2Options({
  maxConcurrentStreams,
  http2KeepAlive,
}: UpstreamConnections): MessageInitShape<typeof Http2ProtocolOptionsSchema> {
  return {
    ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
    ...(http2KeepAlive === undefined ? {} : { connectionKeepalive: keepaliveOf(http2KeepAlive) }),
  };
}

/** Envoy has no time of its own for an answer. */
const answerMs = 10_000;

function keepaliveOf({ intervalMs, timeoutMs = answerMs }: NonNullable<UpstreamConnections['http2KeepAlive']>) {
  const interval = intervalMs === undefined ? {} : { interval: seconds(intervalMs / 1000) };
  return { ...interval, timeout: seconds(timeoutMs / 1000) };
}
