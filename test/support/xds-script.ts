// A delta ADS server that says only what a test tells it to, and records all that Envoy says. It knows nothing of
// Sallyport's own server: what a test learns here is what Envoy really does.
// Resources are given as JSON, as in a bootstrap; Envoy xDS protocol: aggregated discovery, incremental variant.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { type Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '../../src/envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { Scope } from './envoy-process.ts';
import { createJournal, type Journal } from './journal.ts';
import { encodeResource, type ResourceType, typeUrls } from './xds-resource.ts';

export interface XdsAnswer {
  readonly type: ResourceType;
  readonly resources?: readonly XdsResource[];
  readonly removed?: readonly string[];
}

export interface XdsResource {
  readonly name: string;
  /** `1` if absent. */
  readonly version?: string;
  /** The resource as JSON; absent for a resource that only has a name and aliases. */
  readonly value?: Readonly<Record<string, unknown>>;
  /** The message itself, in place of `value`. */
  readonly bytes?: Uint8Array;
  readonly aliases?: readonly string[];
}

export interface XdsStream {
  /** Everything Envoy sent on this stream, acknowledgements too. */
  readonly requests: Journal<DeltaDiscoveryRequest>;
  /** Metadata the stream was opened with. */
  readonly metadata: Metadata;
  /** Common name of the client certificate, if TLS asked for one. */
  readonly clientName: string | undefined;
  /** The next request of the type that is no acknowledgement. */
  subscription(type: ResourceType, timeoutMs?: number): Promise<DeltaDiscoveryRequest>;
  /** Requests of the type so far that are no acknowledgements. */
  subscriptions(type: ResourceType): readonly DeltaDiscoveryRequest[];
  /** Sends and returns at once; the nonce is for `acknowledged`. */
  send(answer: XdsAnswer): string;
  /** Resolves with milliseconds since `send` when Envoy took the answer; throws its words when it refused. */
  acknowledged(nonce: string, timeoutMs?: number): Promise<number>;
  /** `send`, then wait for `acknowledged`. */
  push(answer: XdsAnswer): Promise<number>;
  /** Ends the stream from the server's side. */
  end(): void;
}

export interface XdsScript {
  /** Path of the Unix socket, or `127.0.0.1:port` with TLS. */
  readonly address: string;
  readonly streams: Journal<XdsStream>;
  /** The next stream that Envoy opens. */
  nextStream(timeoutMs?: number): Promise<XdsStream>;
  /** Breaks all streams; another server may then take the address. */
  stop(): Promise<void>;
}

export interface XdsScriptOptions {
  readonly t: Scope;
  /** Listens here instead of a new Unix socket, as after a restart. */
  readonly address?: string;
  /** Serves TLS on loopback and asks for a client certificate of this authority. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientAuthority: string };
}

type Call = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

export async function startXdsScript({ t, address, tls }: XdsScriptOptions): Promise<XdsScript> {
  const streams = createJournal<XdsStream>('xDS streams');
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(
    {
      DeltaAggregatedResources: {
        path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
        requestStream: true,
        responseStream: true,
        requestSerialize: (message: DeltaDiscoveryRequest) =>
          Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)),
        requestDeserialize: (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes),
        responseSerialize: (message: DeltaDiscoveryResponse) =>
          Buffer.from(toBinary(DeltaDiscoveryResponseSchema, message)),
        responseDeserialize: (bytes: Buffer) => fromBinary(DeltaDiscoveryResponseSchema, bytes),
      },
    },
    { DeltaAggregatedResources: (call: Call) => streams.push(openStream(call)) },
  );

  const wanted = address ?? (tls === undefined ? await socketPath(t) : '127.0.0.1:0');
  const port = await bind(server, wanted, tls);
  const stop = async () => server.forceShutdown();
  t.after(stop);
  return {
    address: wanted.startsWith('/') ? wanted : `127.0.0.1:${port}`,
    streams,
    nextStream: (timeoutMs) => streams.next(() => true, timeoutMs),
    stop,
  };
}

/** The ADS parts of a bootstrap: `dynamic_resources.ads_config` and the cluster `xds` on a Unix socket. */
export function adsBootstrap(socketPath: string, options: { readonly cds?: boolean; readonly lds?: boolean } = {}) {
  const source = { ads: {}, resource_api_version: 'V3' };
  const backOff = { base_interval: '0.1s', max_interval: '1s' };
  const endpoint = { address: { pipe: { path: socketPath } } };
  return {
    dynamic_resources: {
      ...(options.cds === true ? { cds_config: source } : {}),
      ...(options.lds === true ? { lds_config: source } : {}),
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds', retry_policy: { retry_back_off: backOff } } }],
      },
    },
    xdsCluster: {
      name: 'xds',
      connect_timeout: '1s',
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
      load_assignment: { cluster_name: 'xds', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    },
  };
}

/** In a folder that outlives the server, so that another can take its place, and goes when the test ends. */
async function socketPath(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sp-xds-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'xds.sock');
}

function openStream(call: Call): XdsStream {
  const requests = createJournal('xDS requests', describeRequest);
  const sentAt = new Map<string, number>();
  call.on('data', (request: DeltaDiscoveryRequest) => requests.push(request));
  call.on('error', () => call.end());
  call.on('end', () => call.end());

  const asks = (type: ResourceType) => (request: DeltaDiscoveryRequest) =>
    request.typeUrl === typeUrls[type] && request.responseNonce === '';
  const send = (answer: XdsAnswer) => {
    const nonce = `${answer.type}-${sentAt.size + 1}`;
    sentAt.set(nonce, performance.now());
    call.write(encodeAnswer(answer, nonce));
    return nonce;
  };
  const acknowledged = async (nonce: string, timeoutMs?: number) => {
    const { errorDetail } = await requests.find((request) => request.responseNonce === nonce, timeoutMs);
    if (errorDetail !== undefined) throw new Error(`Envoy refused ${nonce}: ${errorDetail.message}`);
    return performance.now() - (sentAt.get(nonce) ?? 0);
  };
  return {
    requests,
    metadata: call.metadata,
    clientName: commonName(call),
    subscription: (type, timeoutMs) => requests.next(asks(type), timeoutMs),
    subscriptions: (type) => requests.items.filter(asks(type)),
    send,
    acknowledged,
    push: (answer) => acknowledged(send(answer)),
    end: () => call.end(),
  };
}

function describeRequest(request: DeltaDiscoveryRequest): string {
  const { typeUrl, resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe: unsubscribe, responseNonce } = request;
  const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return `${type} sub=[${subscribe.join()}] unsub=[${unsubscribe.join()}] nonce=${responseNonce} ${request.errorDetail?.message ?? ''}`;
}

function encodeAnswer(answer: XdsAnswer, nonce: string): DeltaDiscoveryResponse {
  return create(DeltaDiscoveryResponseSchema, {
    typeUrl: typeUrls[answer.type],
    nonce,
    systemVersionInfo: nonce,
    removedResources: [...(answer.removed ?? [])],
    resources: (answer.resources ?? []).map((resource) => {
      const { name, version = '1', aliases = [] } = resource;
      const value = bytesOf(answer.type, resource);
      return {
        name,
        version,
        aliases: [...aliases],
        ...(value === undefined ? {} : { resource: create(AnySchema, { typeUrl: typeUrls[answer.type], value }) }),
      };
    }),
  });
}

function bytesOf(type: ResourceType, { value, bytes }: XdsResource): Uint8Array | undefined {
  return value === undefined ? bytes : encodeResource(type, value);
}

function commonName(call: Call): string | undefined {
  const subject = call.getAuthContext().sslPeerCertificate?.subject;
  return typeof subject?.CN === 'string' ? subject.CN : undefined;
}

async function bind(server: Server, address: string, tls: XdsScriptOptions['tls']): Promise<number> {
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          Buffer.from(tls.clientAuthority),
          [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
          true,
        );
  const target = address.startsWith('/') ? `unix:${address}` : address;
  return new Promise((resolve, reject) => {
    server.bindAsync(target, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}
