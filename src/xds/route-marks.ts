// Marks that routes leave on requests, as entries of dynamic metadata, for the loggers that must tell them apart.
import type { Any } from '@bufbuild/protobuf/wkt';
import { countGrpcMessages } from '../envoy/grpc-messages.ts';
import { routeMark } from '../envoy/route-mark.ts';

const namespace = 'sallyport';

/** Left the mesh although nobody registered it. */
export const unregisteredMark = { namespace, key: 'unregistered' } as const;
/** The service is declared gRPC: its messages are counted. */
export const grpcMark = { namespace, key: 'grpc' } as const;

export const unregisteredRoute: Readonly<Record<string, Any>> = routeMark(namespace, unregisteredMark.key);
export const grpcRoute: Readonly<Record<string, Any>> = { ...routeMark(namespace, grpcMark.key), ...countGrpcMessages };
