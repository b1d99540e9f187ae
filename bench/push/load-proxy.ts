// One proxy of the load: asks as Envoy does (clusters, their endpoints, listeners, their routes, and an empty request
// for virtual hosts once there are routes) and accepts everything.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectNet } from 'node:net';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type TypeUrl, typeUrls } from '../../src/discovery/view.ts';
import { DeltaDiscoveryRequestSchema } from '../../src/envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { LoadResponse } from './response-reader.ts';

export interface LoadProxyOptions {
  /** `127.0.0.1:15010` or `unix:/path`. */
  readonly address: string;
  readonly nodeId: string;
  readonly metadata: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly read: (bytes: Buffer) => LoadResponse;
  /** Called for each response, after it was accepted. */
  readonly onResponse: (proxy: LoadProxy, response: LoadResponse) => void;
  readonly onEnd: (error: unknown) => void;
}

export interface LoadProxy {
  /** It has an answer to all that it asked for. */
  readonly complete: boolean;
  /** Bytes of messages received so far. */
  readonly bytes: number;
  close(): void;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
/** As large as Envoy's, so that the window never holds a response back. */
const window = 256 * 1024 * 1024;

export function openLoadProxy({ address, nodeId, metadata, read, onResponse, onEnd }: LoadProxyOptions): LoadProxy {
  const { session, stream } = openStream(address);
  const open = new Map<string, Set<string>>();
  let asksForHosts = false;
  let bytes = 0;
  let rest: Buffer[] = [];
  let have = 0;

  function send(message: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    const body = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, message));
    const header = Buffer.alloc(5);
    header.writeUInt32BE(body.length, 1);
    stream.write(Buffer.concat([header, body]));
  }

  function ask(typeUrl: TypeUrl, names: readonly string[]): void {
    const wanted = open.get(typeUrl) ?? new Set();
    open.set(typeUrl, wanted);
    for (const name of names.length === 0 ? ['*'] : names) wanted.add(name);
    send({ typeUrl, resourceNamesSubscribe: [...names] });
  }

  function take(message: Buffer): void {
    bytes += message.length + 5;
    const response = read(message);
    send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    const wanted = open.get(response.typeUrl);
    for (const name of [...response.names, ...response.removed]) wanted?.delete(name);
    wanted?.delete('*');
    if (response.typeUrl === typeUrls.cluster) {
      if (response.references.length > 0) ask(typeUrls.endpoint, response.references);
      if (!open.has(typeUrls.listener)) ask(typeUrls.listener, []);
    }
    if (response.typeUrl === typeUrls.listener && response.references.length > 0) {
      ask(typeUrls.route, [...new Set(response.references)]);
    }
    if (response.typeUrl === typeUrls.route && !asksForHosts) {
      asksForHosts = true;
      ask(typeUrls.virtualHost, []);
    }
    onResponse(proxy, response);
  }

  const proxy: LoadProxy = {
    get complete() {
      return open.has(typeUrls.listener) && open.values().every((wanted) => wanted.size === 0);
    },
    get bytes() {
      return bytes;
    },
    close: () => session.destroy(),
  };
  stream.on('data', (chunk: Buffer) => {
    rest.push(chunk);
    have += chunk.length;
    while (have >= 5) {
      const first = rest[0] ?? Buffer.alloc(0);
      const whole = first.length >= 5 ? first : Buffer.concat(rest);
      const end = 5 + whole.readUInt32BE(1);
      if (have < end) break;
      const joined = whole.length >= end ? whole : Buffer.concat(rest);
      const later = joined === first ? rest.slice(1) : [];
      rest = [joined.subarray(end), ...later].filter((part) => part.length > 0);
      have -= end;
      take(joined.subarray(5, end));
    }
  });
  stream.on('error', onEnd);
  session.on('error', onEnd);
  stream.on('trailers', (trailers) => onEnd(new Error(`the stream ended: ${JSON.stringify(trailers)}`)));
  send({ node: { id: nodeId, cluster: 'load', metadata: { ...metadata } }, typeUrl: typeUrls.cluster });
  open.set(typeUrls.cluster, new Set(['*']));
  return proxy;
}

function openStream(address: string): { readonly session: ClientHttp2Session; readonly stream: ClientHttp2Stream } {
  const options = { settings: { initialWindowSize: window }, maxSessionMemory: 256 };
  const session = address.startsWith('unix:')
    ? connect('http://localhost', { ...options, createConnection: () => connectNet(address.slice('unix:'.length)) })
    : connect(`http://${address}`, options);
  session.on('connect', () => session.setLocalWindowSize(window));
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  return { session, stream };
}
