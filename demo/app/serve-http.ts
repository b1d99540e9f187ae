// The HTTP side of a service: GET / is the request that does the work and makes the calls.
import { createServer } from 'node:http';
import { serveHttp } from '../program/listen.ts';
import type { Log } from '../program/log.ts';
import type { Service } from '../program/run.ts';
import type { Incoming } from './incoming.ts';

export function serveHttpRequests(incoming: Incoming, log: Log, host: string, port: number): Promise<Service> {
  const server = createServer(async (request, response) => {
    const started = performance.now();
    const { method = '', url = '' } = request;
    const from = request.socket.remoteAddress ?? '?';
    request.resume();
    const isWork = url === '/' || url.startsWith('/?');
    // Only / makes calls: a browser that asks for its icon would spoil the count.
    const status = !isWork ? 404 : method === 'GET' ? 200 : 405;
    const text = status === 200 ? await incoming() : status === 404 ? 'not found\n' : 'only GET\n';
    response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text) });
    response.end(text);
    log(`request ${method} ${url} from ${from} -> ${status} (${Math.round(performance.now() - started)} ms)`);
  });
  return serveHttp(server, host, port);
}
