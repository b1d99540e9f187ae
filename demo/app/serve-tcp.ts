// The raw TCP side of a service: a line comes in, the answer goes out as a line, the connection ends.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { listen } from '../program/listen.ts';
import type { Log } from '../program/log.ts';
import type { Service } from '../program/run.ts';
import type { Incoming } from './incoming.ts';

/** Whoever connects and says nothing is let go. */
const silenceMs = 10_000;

export async function serveTcpRequests(incoming: Incoming, log: Log, host: string, port: number): Promise<Service> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('close', () => waiting.delete(socket));
    waiting.add(socket);
    socket.once('data', async () => {
      const started = performance.now();
      waiting.delete(socket);
      socket.resume();
      const from = socket.remoteAddress ?? '?';
      socket.end(`${await incoming()}\n`);
      log(`request over TCP from ${from} -> answered (${Math.round(performance.now() - started)} ms)`);
    });
  });
  await listen(server, host, port);
  return {
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of waiting) socket.destroy();
      await closed;
    },
  };
}
