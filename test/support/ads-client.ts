// A delta ADS client that does only what a test tells it to, over @grpc/grpc-js: an implementation of gRPC that is not
// the server's own. Works on Unix sockets (`unix:/path`) and TCP (`127.0.0.1:port`).
import { create, fromBinary, type JsonObject, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type TypeUrl, typeUrls } from '../../src/discovery/view.ts';
import { NodeSchema } from '../../src/envoy/gen/envoy/config/core/v3/base_pb.js';
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '../../src/envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { Scope } from './envoy-process.ts';
import { createJournal, type Journal } from './journal.ts';

const service = '/envoy.service.discovery.v3.AggregatedDiscoveryService/';

export type TypeName = keyof typeof typeUrls;

export interface AdsResponse {
  readonly type: TypeName | undefined;
  readonly nonce: string;
  /** Names of the resources. */
  readonly updated: readonly string[];
  readonly removed: readonly string[];
  readonly message: DeltaDiscoveryResponse;
}

export interface AdsAsk {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** What the client held before it connected. */
  readonly held?: Readonly<Record<string, string>>;
}

export interface AdsClient {
  readonly responses: Journal<AdsResponse>;
  /** Resolves with the status when the stream ends. */
  readonly ended: Promise<{ readonly code: string; readonly message: string }>;
  send(message: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void;
  /** Bytes that need not be a message. */
  sendRaw(bytes: Uint8Array): void;
  /** A request of the type; the first of the stream carries the node. */
  ask(type: TypeName, ask?: AdsAsk): void;
  ack(response: AdsResponse): void;
  nack(response: AdsResponse, error: string): void;
  /** The next response, whatever its type, accepted at once. */
  take(): Promise<AdsResponse>;
  /** Nothing reads the stream any more, until `resume`. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface AdsClientOptions {
  readonly t: Scope;
  readonly address: string;
  readonly nodeId: string;
  /** `DeltaAggregatedResources` if absent. */
  readonly method?: string;
  /** Of the node, as it describes itself. */
  readonly metadata?: JsonObject;
}

export function openAdsClient({
  t,
  address,
  nodeId,
  metadata = {},
  method = 'DeltaAggregatedResources',
}: AdsClientOptions): AdsClient {
  // Without this, channels to one address share a connection, and its end is not the end of theirs.
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const call = client.makeBidiStreamRequest(
    service + method,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
  );
  const responses = createJournal<AdsResponse>('responses of discovery');
  const ended = Promise.withResolvers<{ code: string; message: string }>();
  call.on('data', (bytes: Buffer) => responses.push(readResponse(fromBinary(DeltaDiscoveryResponseSchema, bytes))));
  call.on('error', () => undefined);
  call.on('status', ({ code, details }: Pick<ServiceError, 'code' | 'details'>) => {
    ended.resolve({ code: status[code] ?? String(code), message: decodeURIComponent(details) });
    client.close();
  });
  t.after(() => {
    call.cancel();
    client.close();
  });

  let first = true;
  const sendRaw = (bytes: Uint8Array) => call.write(bytes);
  const send: AdsClient['send'] = (init) => {
    const message = create(DeltaDiscoveryRequestSchema, init);
    if (first) message.node = create(NodeSchema, { id: nodeId, metadata, userAgentName: 'test' });
    first = false;
    sendRaw(toBinary(DeltaDiscoveryRequestSchema, message));
  };
  const ack: AdsClient['ack'] = ({ message }) => send({ typeUrl: message.typeUrl, responseNonce: message.nonce });
  return {
    responses,
    ended: ended.promise,
    send,
    sendRaw,
    ack,
    ask: (type, { subscribe = [], unsubscribe = [], held = {} } = {}) =>
      send({
        typeUrl: typeUrls[type],
        resourceNamesSubscribe: [...subscribe],
        resourceNamesUnsubscribe: [...unsubscribe],
        initialResourceVersions: { ...held },
      }),
    nack: ({ message }, error) =>
      send({
        typeUrl: message.typeUrl,
        responseNonce: message.nonce,
        errorDetail: { code: status.INVALID_ARGUMENT, message: error },
      }),
    async take() {
      const response = await responses.next();
      ack(response);
      return response;
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
    cancel: () => call.cancel(),
  };
}

const typeNames = new Map<string, TypeName>(
  Object.keys(typeUrls)
    .filter((key): key is TypeName => key in typeUrls)
    .map((key): [TypeUrl, TypeName] => [typeUrls[key], key]),
);

function readResponse(message: DeltaDiscoveryResponse): AdsResponse {
  return {
    type: typeNames.get(message.typeUrl),
    nonce: message.nonce,
    updated: message.resources.map(({ name }) => name),
    removed: message.removedResources,
    message,
  };
}
