// A forward proxy as the sidecar is in proxy capture: HTTP in absolute form, anything else by CONNECT. It sends every name
// to the place that a test gives it, so names that no resolver knows prove that the way led through here.
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import type { Scope } from '../../test/support/envoy-process.ts';
import { createJournal, type Journal } from '../../test/support/journal.ts';
import { listen } from '../program/listen.ts';

export interface TestProxy {
  /** For HTTP_PROXY and HTTPS_PROXY. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** `GET http://a.test:80/x`, `CONNECT a.test:443`. */
  readonly requests: Journal<string>;
}

/** `places`: `name:port` and the local port that stands for it. Any other is refused with 403. */
export async function startProxy(t: Scope, places: Readonly<Record<string, number>>): Promise<TestProxy> {
  const requests = createJournal<string>('requests of the proxy');
  const byName = new Map(Object.entries(places));
  const server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const url = URL.parse(incoming.url ?? '');
    const port = byName.get(`${url?.hostname}:${url?.port || 80}`);
    if (url === null || port === undefined) {
      response.writeHead(403).end();
      return;
    }
    const { method, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path: url.pathname + url.search, headers });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connect', ({ url = '' }, socket, head) => {
    requests.push(`CONNECT ${url}`);
    socket.on('error', () => socket.destroy());
    const port = byName.get(url);
    if (port === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nserver: envoy\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
  });
  await listen(server, '127.0.0.1', 0);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const env = { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: '', NODE_USE_ENV_PROXY: '1' };
  return { url, env, requests };
}
