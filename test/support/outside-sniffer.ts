// A server outside that answers whatever is spoken to it, on any port, with where it is and what it took it for: `one http`,
// `one tls`, `one tcp`. Inside TLS it is HTTP that is answered. What it gets is recorded.
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer } from 'node:net';
import type { Scope } from './envoy-process.ts';
import { createJournal, type Journal } from './journal.ts';
import { serverCertificate } from './tls-fixtures.ts';

const tlsHandshake = 0x16;

/** Of HTTP in the clear each request's head, of all else the first bytes of each connection, in Latin-1. */
export async function startOutsideSniffer(
  t: Scope,
  { name, address, ports }: { readonly name: string; readonly address: string; readonly ports: readonly number[] },
): Promise<Journal<string>> {
  const received = createJournal<string>(`what ${name} got`);
  const plain = createHttp(({ method, url, rawHeaders }, answer) => {
    const headers = rawHeaders.flatMap((header, at) => (at % 2 === 0 ? [`${header}: ${rawHeaders[at + 1]}`] : []));
    received.push([`${method} ${url}`, ...headers, ''].join('\r\n'));
    answer.end(`${name} http`);
  });
  const secure = createHttps(serverCertificate, (_, answer) => answer.setHeader('server', name).end(`${name} tls`));
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (first: Buffer) => {
        const text = first.toString('latin1');
        const taker = first[0] === tlsHandshake ? secure : /^[A-Z]+ \S+ HTTP/.test(text) ? plain : undefined;
        if (taker !== plain) received.push(text);
        if (taker === undefined) return void socket.end(`${name} tcp`);
        socket.pause();
        socket.unshift(first);
        taker.emit('connection', socket);
        process.nextTick(() => socket.resume());
      });
    });
    server.listen(port, address);
    await once(server, 'listening');
    t.after(() => {
      server.close();
      plain.closeAllConnections();
      secure.closeAllConnections();
    });
  }
  return received;
}
