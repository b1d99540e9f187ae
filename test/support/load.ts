// Requests one after the other, by several callers at a time, until the test says stop; how each ended is counted.
// Invariant: nothing is tried again, so whatever a caller would have seen is in the count.
import { type ClientHttp2Session, connect } from 'node:http2';
import { systemCode } from '../../src/platform/errors.ts';

export interface Load {
  /** So far. */
  total(): number;
  /** Ends it; how often each outcome was. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

/** Each of the callers asks again as soon as it has an answer: a status, or the word for what went wrong. */
export function startLoad(callers: readonly (() => Promise<number | string>)[]): Load {
  const outcomes = new Map<string, number>();
  let stopped = false;
  const count = (outcome: string, times = 1) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times);
  const done = callers.map(async (ask) => {
    while (!stopped) count(String(await ask().catch((error: Error) => systemCode(error) ?? error.message)));
  });
  return {
    total: () => [...outcomes.values()].reduce((sum, times) => sum + times, 0),
    async stop() {
      stopped = true;
      await Promise.all(done);
      return Object.fromEntries(outcomes);
    },
  };
}

/** A caller that keeps to one HTTP/2 connection until the server says that it is about to close it. */
export function http2Caller(address: string, port: number, host: string) {
  let session: ClientHttp2Session | undefined;

  function open(): ClientHttp2Session {
    const opened = connect(`https://${address}:${port}`, { servername: host, rejectUnauthorized: false });
    opened.on('goaway', () => {
      if (session === opened) session = undefined;
    });
    // What it means is told by the request.
    opened.on('error', () => undefined);
    opened.on('close', () => {
      if (session === opened) session = undefined;
    });
    return opened;
  }

  return {
    ask(): Promise<number> {
      session ??= open();
      const stream = session.request({ ':path': '/', ':authority': host });
      return new Promise((resolve, reject) => {
        let status = 0;
        stream.on('response', (headers) => {
          status = headers[':status'] ?? 0;
        });
        stream.on('error', reject);
        stream.on('end', () => resolve(status));
        stream.resume();
        stream.end();
      });
    },
    close: () => session?.destroy(),
  };
}
