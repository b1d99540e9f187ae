// The control plane's side of xDS: incremental ADS and nothing else. A proxy proves who it is by the Unix socket it
// comes through; on a plaintext loopback address it is who it says, and no key is served there.
// Invariant: nothing is sent before every source has been read, nor to a proxy whose node.id is not its identity's.
import type { JsonObject } from '@bufbuild/protobuf';
import { SallyportError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { adsMethods, type Identify } from './ads-service.ts';
import { createFlushQueue } from './flush-queue.ts';
import { grpcStatus } from './grpc-stream.ts';
import { type GrpcAddress, type GrpcServer, listenGrpc } from './grpc-server.ts';
import type { ProxySession } from './proxy-session.ts';
import type { ProxyStatus } from './proxy-state.ts';
import { proxyStatus } from './proxy-status.ts';
import { type TrackedView, trackView } from './tracked-view.ts';
import type { ProxyIdentity, View, ViewProvider } from './view.ts';
