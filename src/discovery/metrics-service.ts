// Where proxies push their counters: one unary call after the other on the socket that is their identity, so that nobody
// can count for somebody else. OpenTelemetry: collector.metrics.v1.MetricsService. The answer is always an empty
// message: a proxy could do nothing with an error, and the next push brings everything again.
import type { GrpcHandler, GrpcStream } from './grpc-stream.ts';
import { grpcStatus } from './grpc-stream.ts';
import type { ProxyIdentity } from './view.ts';
import { frameHeaderBytes } from './wire.ts';

export const metricsMethod = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** Takes an ExportMetricsServiceRequest. */
export type MetricsReceiver = (identity: ProxyIdentity, bytes: Uint8Array) => void;

const emptyMessage = Buffer.alloc(frameHeaderBytes);

export function metricsHandler(identity: ProxyIdentity, receive: MetricsReceiver): (call: GrpcStream) => GrpcHandler {
  return (call) => ({
    message(bytes) {
      receive(identity, bytes);
      call.write(emptyMessage);
      call.end(grpcStatus.ok, '');
    },
    drained: () => undefined,
    closed: () => undefined,
  });
}
