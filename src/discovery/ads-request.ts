// What a proxy says on its stream: DeltaDiscoveryRequest, decoded and bounded. Bytes of a stranger: every size is
// checked, keys live in Maps.
import { fromBinary, type JsonObject } from '@bufbuild/protobuf';
import type { Node } from '../envoy/gen/envoy/config/core/v3/base_pb.js';
import { DeltaDiscoveryRequestSchema } from '../envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import { type GrpcStatus, grpcStatus } from './grpc-stream.ts';
import { type TypeUrl, typeUrls } from './view.ts';

/** The Envoy that opened the stream, as it describes itself. */
export interface ProxyNode {
  readonly id: string;
  readonly metadata: JsonObject;
  /** Envoy's version, empty if it does not say. */
  readonly version: string;
}

export interface AdsRequest {
  readonly typeUrl: string;
  /** Undefined for a type that is not served. */
  readonly type: TypeUrl | undefined;
  readonly node: ProxyNode | undefined;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Empty unless this answers a response. */
  readonly nonce: string;
  /** Set if the response was refused. */
  readonly error: string | undefined;
}

/** Why a stream ends: a status and a sentence for the other side. */
export interface StreamEnd {
  readonly status: GrpcStatus;
  readonly message: string;
}

export type DecodedRequest = { readonly request: AdsRequest } | { readonly end: StreamEnd };

const nodeIdLimit = 1024;
const metadataLimit = 64 * 1024;
const nameLimit = 4096;
const errorLimit = 4096;

const servedTypes: ReadonlyMap<string, TypeUrl> = new Map(Object.values(typeUrls).map((type) => [type, type]));

export function decodeRequest(bytes: Uint8Array): DecodedRequest {
  let message: ReturnType<typeof decode>;
  try {
    message = decode(bytes);
  } catch {
    return refusal('the message is no DeltaDiscoveryRequest');
  }
  const { node, resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe: unsubscribe } = message;
  if (node !== undefined && node.id.length > nodeIdLimit) return refusal(`node.id is longer than ${nodeIdLimit}`);
  if (node?.metadata !== undefined && JSON.stringify(node.metadata).length > metadataLimit) {
    return refusal(`node.metadata is larger than ${metadataLimit} bytes`);
  }
  const initialVersions = new Map(Object.entries(message.initialResourceVersions));
  for (const names of [subscribe, unsubscribe, initialVersions.keys()]) {
    for (const name of names) {
      if (name.length > nameLimit) return refusal(`a resource name is longer than ${nameLimit}`);
    }
  }
  return {
    request: {
      typeUrl: message.typeUrl,
      type: servedTypes.get(message.typeUrl),
      node: node === undefined ? undefined : { id: node.id, metadata: node.metadata ?? {}, version: versionOf(node) },
      subscribe,
      unsubscribe,
      initialVersions,
      nonce: message.responseNonce,
      error: message.errorDetail === undefined ? undefined : message.errorDetail.message.slice(0, errorLimit),
    },
  };
}

function decode(bytes: Uint8Array) {
  return fromBinary(DeltaDiscoveryRequestSchema, bytes);
}

function refusal(message: string): DecodedRequest {
  return { end: { status: grpcStatus.invalidArgument, message } };
}

function versionOf({ userAgentVersionType }: Node): string {
  if (userAgentVersionType.case === 'userAgentVersion') return userAgentVersionType.value;
  if (userAgentVersionType.case !== 'userAgentBuildVersion') return '';
  const { version } = userAgentVersionType.value;
  return version === undefined ? '' : `${version.majorNumber}.${version.minorNumber}.${version.patch}`;
}
