// Hands events to whoever listens. A listener that does not read must not make the keeper grow: it is cut off, and
// learns the present state when it comes again.
import type { ServerResponse } from 'node:http';
import type { KeeperEvent } from '../protocol.ts';

/** Bytes that may wait for one listener. */
const mostWaiting = 4 * 1024 * 1024;

export interface EventHub {
  publish(event: KeeperEvent): void;
  /** Sends `first`, then every event, as JSON lines, until either side closes. */
  subscribe(response: ServerResponse, first: readonly KeeperEvent[]): void;
  close(): void;
}

export function createEventHub(): EventHub {
  const listeners = new Set<ServerResponse>();

  function send(response: ServerResponse, events: readonly KeeperEvent[]): void {
    response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    if (response.writableLength > mostWaiting) response.destroy();
  }

  return {
    publish(event) {
      for (const response of listeners) send(response, [event]);
    },
    subscribe(response, first) {
      response.writeHead(200, { 'content-type': 'application/jsonl' });
      response.flushHeaders();
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
      if (first.length > 0) send(response, first);
    },
    close() {
      for (const response of listeners) response.end();
    },
  };
}
