// An answer that is made piece by piece, as fast as its reader takes it: the next piece is asked for when the one before
// has gone into the socket, so a slow reader holds one piece and no more. One that takes nothing for a minute is cut off.
// Invariant: when the reader is gone, for whatever reason, the source ends.
import { ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { Logger } from '../platform/log.ts';

export interface StreamedAnswer {
  readonly contentType: string;
  /** Begins with the first piece that is asked for; `gone` is aborted when nobody reads any more. */
  readonly pieces: (gone: AbortSignal) => AsyncGenerator<string | Uint8Array, void, undefined>;
  readonly log: Logger;
  /** Milliseconds that a piece may wait for its reader; a minute if absent. */
  readonly stallMs?: number;
}

export function streamedResponse(context: Context, answer: StreamedAnswer): Response {
  const { contentType, pieces, log, stallMs = 60_000 } = answer;
  const gone = new AbortController();
  const source = pieces(gone.signal);
  const encoder = new TextEncoder();
  let stalled: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stalled);
        try {
          const { done, value } = await source.next();
          // Then the stream is closed already.
          if (gone.signal.aborted) return;
          if (done === true) return controller.close();
          controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
          stalled = setTimeout(() => socketOf(context)?.destroy(), stallMs);
        } catch (error) {
          log.error({ err: error, path: context.req.path }, 'a streamed answer failed');
          // Not closed as if it were whole.
          socketOf(context)?.destroy();
          controller.close();
        }
      },
      async cancel() {
        clearTimeout(stalled);
        gone.abort();
        await source.return();
      },
    },
    { highWaterMark: 0 },
  );
  // With this header the server sends what comes at once and does not wait for more.
  return context.body(body, 200, { 'Content-Type': contentType, 'Transfer-Encoding': 'chunked' });
}

/** Undefined where no server is in front of the app. */
function socketOf(context: Context): ServerResponse | undefined {
  const env: unknown = context.env;
  if (typeof env !== 'object' || env === null || !('outgoing' in env)) return undefined;
  return env.outgoing instanceof ServerResponse ? env.outgoing : undefined;
}
