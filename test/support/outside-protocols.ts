// The world outside in many protocols, at one address: HTTP/1.1 with everything that is not one answer to one question,
// HTTP/2, gRPC, and bare TCP of both kinds, those that wait and those that speak first.
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2, createSecureServer, type Http2Server } from 'node:http2';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as GrpcServer, Metadata, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Scope } from './envoy-process.ts';
import { serverCertificate } from './tls-fixtures.ts';

/** Of the servers at the address. */
export const ports = {
  http: 80,
  https: 443,
  /** HTTP/1.1 where no service says what it is. */
  unnamed: 8000,
  h2c: 8082,
  grpc: 9000,
  echo: 7001,
  /** Speaks first. */
  greeting: 7002,
  /** Answers with how much it got, once the other side has ended. */
  counting: 7003,
} as const;

/** What a server of a database, a mail or a file server says before anything is asked. */
export const greeting = '220 ready\r\n';

export interface OutsideProtocols {
  /** What has reached any of the servers: connections, and the bytes of all of them. */
  arrived(): { readonly connections: number; readonly bytes: number };
}

export async function startOutsideProtocols(t: Scope, address: string): Promise<OutsideProtocols> {
  const sockets: Socket[] = [];
  const serve = async (server: Server | Http2Server, port: number) => {
    server.on('connection', (socket: Socket) => sockets.push(socket));
    await listen(t, server, address, port);
  };
  const { cert, key } = serverCertificate;
  const secure = createSecureServer({ cert, key, allowHTTP1: true }, (_, answer) => answer.end('secure'));
  await Promise.all([
    ...[ports.http, ports.unnamed].map((port) => serve(httpServer(), port)),
    serve(secure, ports.https),
    serve(http2Server(), ports.h2c),
    serve(
      createTcp((socket) => socket.on('error', () => undefined).pipe(socket)),
      ports.echo,
    ),
    serve(greetingServer(), ports.greeting),
    serve(countingServer(), ports.counting),
    serve(grpcServer(t), ports.grpc),
  ]);
  return {
    arrived: () => ({
      connections: sockets.length,
      bytes: sockets.reduce((bytes, socket) => bytes + socket.bytesRead, 0),
    }),
  };
}

function httpServer(): HttpServer {
  const events = new EventEmitter();
  const server = createHttp((request, answer) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', async () => {
      switch (request.url) {
        case '/chunks':
          for (const part of ['one,', 'two,', 'three']) answer.write(part);
          return answer.end();
        case '/events':
          answer.writeHead(200, { 'content-type': 'text/event-stream' });
          for (let count = 0; count < 3; count++) {
            if (count > 0) await once(events, 'heard');
            answer.write(`data: ${count}\n\n`);
          }
          return answer.end();
        // Whoever reads events has had the last one: without this there is no next.
        case '/heard':
          events.emit('heard');
          return answer.end();
        case '/large':
          return answer.end('x'.repeat(8 * 1024 * 1024));
        default:
          return answer.end(`${request.method} HTTP/${request.httpVersion} ${request.headers.host} ${bytes}`);
      }
    });
  });
  // Only what a proxy would break: the handshake, then bytes in both directions.
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    socket.write(head);
    socket.pipe(socket);
  });
  return server;
}

function http2Server(): Http2Server {
  const server = createHttp2();
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'sent' }));
    stream.write(`HTTP/2 ${headers[':authority']} `);
    stream.pipe(stream);
  });
  return server;
}

function greetingServer(): Server {
  return createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.write(greeting);
    socket.on('data', (chunk: Buffer) => {
      if (chunk.toString() === 'QUIT\r\n') socket.end('221 bye\r\n');
      else socket.write(`250 ${chunk}`);
    });
  });
}

function countingServer(): Server {
  return createTcp({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.on('end', () => socket.end(`got ${bytes}`));
  });
}

/** It is handed its connections, so that they are counted as all others are. */
function grpcServer(t: Scope): Server {
  const server = new GrpcServer();
  const bytes = (buffer: Buffer) => buffer;
  const method = (path: string) => ({
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  });
  const trailers = (call: ServerDuplexStream<Buffer, Buffer>) => {
    const metadata = new Metadata();
    metadata.set('x-trailer', String(call.metadata.get('x-asked')[0]));
    return metadata;
  };
  server.addService(
    { echo: method('/test.Echo/Echo'), refuse: method('/test.Echo/Refuse') },
    {
      echo(call: ServerDuplexStream<Buffer, Buffer>) {
        call.on('data', (message: Buffer) => call.write(message));
        call.on('end', () => call.end(trailers(call)));
      },
      refuse(call: ServerDuplexStream<Buffer, Buffer>) {
        call.emit('error', { code: status.PERMISSION_DENIED, details: 'no', metadata: trailers(call) });
      },
    },
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  t.after(() => server.forceShutdown());
  return createTcp((socket) => injector.injectConnection(socket));
}

async function listen(t: Scope, server: Server | Http2Server, address: string, port: number): Promise<void> {
  server.listen(port, address);
  await once(server, 'listening');
  t.after(() => {
    server.close();
  });
}
