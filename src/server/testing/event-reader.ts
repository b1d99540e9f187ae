// A reader of server-sent events over a socket of its own, as a browser reads them.
import { type IncomingMessage, request } from 'node:http';
import type { TestContext } from 'node:test';

export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

export interface EventReader {
  readonly status: number;
  /** So far, in order. */
  readonly events: readonly ReadEvent[];
  pause(): void;
  resume(): void;
  /** Resolves with all so far as soon as they fit. Rejects when the stream ends first. */
  until(fits: (events: readonly ReadEvent[]) => boolean): Promise<readonly ReadEvent[]>;
  close(): void;
}

export async function readEvents(
  t: TestContext,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const outgoing = request(url, { agent: false, headers });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject).end();
  });
  outgoing.on('error', () => undefined);
  const events: ReadEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  let rest = '';
  const changed = () => {
    for (const check of [...waiting]) check();
  };
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const blocks = `${rest}${text}`.split('\n\n');
    rest = blocks.pop() ?? '';
    events.push(...blocks.flatMap(parseBlock));
    changed();
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    ended = true;
    changed();
  });
  const close = () => void response.destroy();
  t.after(close);
  return {
    status: response.statusCode ?? 0,
    events,
    pause: () => response.pause(),
    resume: () => response.resume(),
    until(fits) {
      return new Promise((resolve, reject) => {
        const check = () => {
          const fit = fits(events);
          if (!fit && !ended) return;
          waiting.delete(check);
          if (fit) resolve(events);
          else reject(new Error(`the stream ended after ${JSON.stringify(events)}`));
        };
        waiting.add(check);
        check();
      });
    },
    close,
  };
}

function parseBlock(block: string): readonly ReadEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) }];
}
