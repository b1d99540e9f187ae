// The gRPC methods of xDS. A stream becomes a session with its first message, if the node that it names is the proxy
// it comes from. Envoy: service.discovery.v3.AggregatedDiscoveryService.
import type { Logger } from '../platform/log.ts';
import { decodeRequest, type ProxyNode } from './ads-request.ts';
import { type GrpcHandler, type GrpcStream, grpcStatus } from './grpc-stream.ts';
import type { ProxySession } from './proxy-session.ts';
import type { ProxyIdentity } from './view.ts';

export const adsMethod = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

export function methodRefusal(path: string): string {
  return path.endsWith('/StreamAggregatedResources')
    ? 'only incremental xDS is served: set api_type to DELTA_GRPC in ads_config'
    : `${path} is not served here; only ${adsMethod} is`;
}

export interface AdsServiceOptions {
  /** Nothing is read from a stream before. */
  readonly ready: Promise<void>;
  /** Undefined: this node has no business here. */
  readonly identify: (node: ProxyNode) => ProxyIdentity | undefined;
  readonly open: (call: GrpcStream, identity: ProxyIdentity, node: ProxyNode) => ProxySession;
  readonly onClose: (session: ProxySession) => void;
  readonly log: Logger;
}

export function adsHandler(options: AdsServiceOptions): (call: GrpcStream) => GrpcHandler {
  const { ready, identify, open, onClose, log } = options;

  function openSession(call: GrpcStream, node: ProxyNode | undefined): ProxySession | undefined {
    if (node === undefined) {
      call.end(grpcStatus.invalidArgument, 'the first message has no node');
      return undefined;
    }
    const identity = identify(node);
    if (identity === undefined) {
      log.warn({ node: node.id }, 'a proxy was refused: its node.id is not that of its socket');
      call.end(grpcStatus.permissionDenied, 'node.id is not the identity of this connection');
      return undefined;
    }
    return open(call, identity, node);
  }

  return (call) => {
    let session: ProxySession | undefined;
    call.pause();
    ready.then(
      () => call.resume(),
      () => call.end(grpcStatus.unavailable, 'the control plane did not start'),
    );
    return {
      message(bytes) {
        const decoded = decodeRequest(bytes);
        if ('end' in decoded) return call.end(decoded.end.status, decoded.end.message);
        session ??= openSession(call, decoded.request.node);
        session?.request(decoded.request);
      },
      drained: () => session?.drained(),
      closed() {
        if (session === undefined) return;
        onClose(session);
        session = undefined;
      },
    };
  };
}
