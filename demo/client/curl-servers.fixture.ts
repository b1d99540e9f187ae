// What the demo's client is tried on: servers that answer, break off, or say nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '../../test/support/envoy-process.ts';
import { type OutsideConnection, startOutsideHttp, startOutsideTcp } from '../../test/support/outside-server.ts';
import { freePort } from '../../test/support/ports.ts';
import { startProxy } from '../testing/proxy.ts';

export type CurlServers = Awaited<ReturnType<typeof startCurlServers>>;

export async function startCurlServers(t: Scope) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-curl-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const http = await startOutsideHttp({
    t,
    respond({ url, method, body, host }, response) {
      const [status = 200, length = 2] = url === '/404' ? [404, 10] : url === '/redirect' ? [302, 0] : [];
      const text = url === '/echo' ? `${method} ${host} ${body}` : status === 404 ? 'not found\n' : 'ok';
      const headers = ['X-First', '1', 'date', 'now', 'x-LAST', 'z', 'Content-Length', String(length && text.length)];
      if (status === 302) headers.push('location', '/404');
      response.writeHead(status, headers);
      response.end(length === 0 ? '' : text);
    },
  });
  const https = await startOutsideHttp({
    t,
    tls: true,
    respond: (_, response) => response.writeHead(200, { date: 'now' }).end('outside'),
  });
  const [empty, reset, short, chunked, rubbish, silent] = await Promise.all(
    [
      ({ socket }: OutsideConnection) => socket.end(),
      ({ socket }: OutsideConnection) => socket.resetAndDestroy(),
      ({ socket }: OutsideConnection) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
      ({ socket }: OutsideConnection) =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
      ({ socket }: OutsideConnection) => socket.end('rubbish\r\n\r\n'),
      () => {},
    ].map(async (answer) => {
      const serve = (connection: OutsideConnection) => void connection.socket.once('data', () => answer(connection));
      return `127.0.0.1:${(await startOutsideTcp({ t, serve })).port}`;
    }),
  );
  const nobody = await freePort();
  const proxy = await startProxy(t, { 'plain.test:80': http.port, 'api.example.test:443': https.port });
  const plain = `127.0.0.1:${http.port}`;
  const secure = `https://localhost:${https.port}/`;
  return { folder, http, https, plain, secure, empty, reset, short, chunked, rubbish, silent, nobody, proxy };
}
