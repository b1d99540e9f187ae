// One gRPC call over an HTTP/2 stream of Node: framed messages in and out, status in the trailers. Messages are
// written as they are, so one Buffer serves any number of streams; @grpc/grpc-js would copy it for each of them.
// Invariant: whatever comes in, the handler sees whole messages or the call ends with a status; nothing is thrown.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { frameHeaderBytes } from './wire.ts';

/** The codes of gRPC that we answer with. */
export const grpcStatus = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export type GrpcStatus = (typeof grpcStatus)[keyof typeof grpcStatus];

export interface GrpcStream {
  /** Takes one framed message. False: it is kept, but nothing more should be written before `drained`. */
  write(frame: Buffer): boolean;
  /** Ends the call; later writes are ignored. The text is shown by the other side. */
  end(status: GrpcStatus, message: string): void;
  /** Breaks the call off, for a client that does not read. */
  abort(): void;
  /** Messages wait in the socket until `resume`. */
  pause(): void;
  resume(): void;
}

export interface GrpcHandler {
  message(bytes: Buffer): void;
  drained(): void;
  /** Called once, however the call ended. */
  closed(): void;
}

export interface GrpcCallOptions {
  readonly stream: ServerHttp2Stream;
  /** Largest message taken, in bytes. */
  readonly messageLimit: number;
  /** What a handler threw: a bug. The call ends with `internal`, the others go on. */
  readonly onError: (error: unknown) => void;
  readonly open: (call: GrpcStream) => GrpcHandler;
}

const halfCloseMs = 1000;

export function serveGrpcCall({ stream, messageLimit, onError, open }: GrpcCallOptions): void {
  let status: GrpcStatus = grpcStatus.ok;
  let statusText = '';
  let ended = false;
  let late: NodeJS.Timeout | undefined;
  let rest: Buffer = Buffer.alloc(0);

  const call: GrpcStream = {
    write: (frame) => ended || stream.destroyed || stream.write(frame),
    end(code, message) {
      if (ended) return;
      ended = true;
      status = code;
      statusText = message;
      stream.end();
    },
    abort() {
      ended = true;
      stream.close(constants.NGHTTP2_CANCEL);
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
  };

  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      onError(error);
      call.end(grpcStatus.internal, 'the control plane failed on this message');
    }
  }

  function takeMessages(chunk: Buffer): void {
    if (ended) return;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (!ended && rest.length >= frameHeaderBytes) {
      if (rest[0] !== 0) {
        call.end(grpcStatus.unimplemented, 'compressed messages are not supported');
        return;
      }
      const end = frameHeaderBytes + rest.readUInt32BE(1);
      if (end - frameHeaderBytes > messageLimit) {
        call.end(grpcStatus.resourceExhausted, `a message is larger than ${messageLimit} bytes`);
        return;
      }
      if (rest.length < end) return;
      const message = rest.subarray(frameHeaderBytes, end);
      rest = rest.subarray(end);
      guarded(() => handler.message(message));
    }
  }

  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers(status, statusText)));
  // The client ends its half when it has read the trailers; one that does not is cut off.
  stream.on('finish', () => {
    late = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), halfCloseMs);
  });
  const handler = open(call);
  stream.on('data', (chunk: Buffer) => takeMessages(chunk));
  stream.on('drain', () => guarded(() => handler.drained()));
  stream.on('end', () => call.end(grpcStatus.ok, ''));
  stream.on('error', () => stream.close());
  stream.on('close', () => {
    ended = true;
    clearTimeout(late);
    guarded(() => handler.closed());
  });
}

/** An answer without a call: for paths and methods that do not exist. */
export function refuseGrpcCall(stream: ServerHttp2Stream, status: GrpcStatus, message: string): void {
  stream.on('error', () => stream.close());
  const headers = { ':status': 200, 'content-type': 'application/grpc', ...trailers(status, message) };
  stream.respond(headers, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function trailers(status: GrpcStatus, message: string) {
  return { 'grpc-status': String(status), ...(message === '' ? {} : { 'grpc-message': encodeURIComponent(message) }) };
}
