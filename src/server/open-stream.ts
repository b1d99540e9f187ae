// Streams that stay open as long as their reader does: counted, and over TCP limited, wherever one begins.
import type { Context } from 'hono';
import type { Logger } from '../platform/log.ts';
import type { Transport } from './deps.ts';
import type { StreamLimit } from './events/stream-limit.ts';
import { type StreamedAnswer, streamedResponse } from './streamed-response.ts';

/** Opens streams for one transport. Throws SallyportError `SP_TOO_MANY_STREAMS` (503). */
export type OpenStream = (context: Context, answer: Pick<StreamedAnswer, 'contentType' | 'pieces'>) => Response;

export function streamOpener(limit: StreamLimit, transport: Transport, log: Logger): OpenStream {
  return (context, { contentType, pieces }) => {
    limit.check(transport);
    return streamedResponse(context, {
      contentType,
      log,
      async *pieces(gone) {
        const closed = limit.opened(transport);
        try {
          yield* pieces(gone);
        } finally {
          closed();
        }
      },
    });
  };
}
