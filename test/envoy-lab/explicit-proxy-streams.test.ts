// That nothing is lost on the way through two or three listeners inside Envoy: large bodies both ways, bytes sent before
// the answer to CONNECT, one side that ends first, many connections at once, upgrades, HTTP/2 inside.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Scope } from '../support/envoy-process.ts';
import { startOutsideTcp } from '../support/outside-server.ts';
import { askProxy, exchangeOver, getInside, openTunnel } from '../support/proxy-client.ts';
import { until } from '../support/until.ts';
import { outsideAddress, policy, portList, serviceEntry, startExplicitProxy } from './explicit-proxy-mesh.ts';

function start(t: Scope, more: readonly string[] = []) {
  return startExplicitProxy(t, ({ echo }) =>
    [
      policy('REGISTRY_ONLY'),
      serviceEntry('a', `{ hosts: [a.example.test], ${portList('80/HTTP', '443/TLS')}, resolution: DNS }`),
      serviceEntry('db', `{ hosts: [db.example.test], ${portList(`3306/TCP>${echo}`)}, resolution: DNS }`),
      ...more,
    ].join(''),
  );
}

const megabytes = 16;

test('large bodies by URL, and a refusal of one', async (t) => {
  const { proxy, http } = await start(t);
  const body = 'x'.repeat(megabytes * 1024 * 1024);
  assert.equal((await askProxy(proxy, 'http://a.example.test/', { method: 'POST', body })).status, 200);
  assert.equal((await http.requests.next()).body.length, body.length);
  assert.equal(
    (await askProxy(proxy, 'http://other.example.test/', { method: 'POST', body: 'x'.repeat(60_000) })).status,
    502,
  );
});

test('a tunnel carries megabytes both ways; the end of one side ends both', async (t) => {
  const { proxy, echo } = await start(t);
  const { socket } = await openTunnel(proxy, 'db.example.test:3306');
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  socket.resume();
  socket.write(Buffer.alloc(megabytes * 1024 * 1024, 'y'));
  await until('all of it is back', () => length === megabytes * 1024 * 1024);
  // Envoy's CONNECT knows no half of a connection.
  const { socket: server } = await echo.connections.next();
  const ended = once(server, 'close');
  socket.end();
  await ended;
  if (!socket.destroyed) await once(socket, 'close');
});

test('bytes that come with CONNECT are not lost', async (t) => {
  const { proxy } = await start(t);
  for (const [target, bytes, answer] of [
    ['db.example.test:3306', 'hello', /\r\n\r\nhello$/],
    ['a.example.test:80', getInside('a.example.test'), /\r\n\r\nHTTP\/1\.1 200 [\s\S]*outside$/],
  ] as const) {
    const socket = connect(proxy.port, proxy.host);
    await once(socket, 'connect');
    const all = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${bytes}`;
    assert.match(await exchangeOver(socket, all, (text) => answer.test(text)), answer);
  }
});

test('more tunnels at once than the limit that Envoy has of itself', async (t) => {
  const { proxy, echo, http } = await start(t);
  const count = 1100;
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let opened = 0; opened < count; opened += 50) {
    const batch = Array.from({ length: 50 }, (_, index) =>
      openTunnel(proxy, index % 2 === 0 ? 'db.example.test:3306' : 'a.example.test:80'),
    );
    for (const { status, socket } of await Promise.all(batch)) {
      assert.equal(status, 200);
      sockets.push(socket);
    }
  }
  // Envoy answers a CONNECT before the other side has told its program.
  await until('all have arrived', () => echo.connections.items.length === count / 2);
  const [first] = sockets;
  assert.ok(first);
  assert.equal(await exchangeOver(first, 'still', (text) => text === 'still'), 'still');
  assert.equal((await askProxy(proxy, 'http://a.example.test/')).status, 200);
  assert.equal(http.requests.items.length, 1);
});

test('an upgrade to WebSocket, by URL and inside a CONNECT', async (t) => {
  const server = await startOutsideTcp({
    t,
    address: outsideAddress,
    serve: ({ socket }) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
        socket.pipe(socket);
      });
    },
  });
  const { proxy } = await start(t, [
    serviceEntry('ws', `{ hosts: [b.example.test], ${portList(`8080/HTTP>${server.port}`)}, resolution: DNS }`),
  ]);
  const head = 'Host: b.example.test:8080\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
  const inside = await openTunnel(proxy, 'b.example.test:8080');
  const outside = connect(proxy.port, proxy.host);
  for (const [socket, url] of [
    [inside.socket, '/'],
    [outside, 'http://b.example.test:8080/'],
  ] as const) {
    let said = false;
    const text = await exchangeOver(socket, `GET ${url} HTTP/1.1\r\n${head}`, (sofar) => {
      if (sofar.includes('\r\n\r\n') && !said) {
        said = true;
        socket.write('hello');
      }
      return sofar.endsWith('hello');
    });
    assert.match(text, /^HTTP\/1\.1 101 [\s\S]*hello$/);
  }
});

test('HTTP/2 inside a CONNECT, as gRPC clients speak it', async (t) => {
  const server = createHttp2Server((request, response) => response.end(`for ${request.headers[':authority']}`));
  server.listen(0, outsideAddress);
  await once(server, 'listening');
  t.after(() => void server.close());
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const { proxy, nextLine } = await start(t, [
    serviceEntry('grpc', `{ hosts: [b.example.test], ${portList(`50051/GRPC>${port}`)}, resolution: DNS }`),
  ]);
  const { socket } = await openTunnel(proxy, 'b.example.test:50051');
  const session = connectHttp2('http://b.example.test:50051', { createConnection: () => socket });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/service/method', ':method': 'POST' });
  stream.end();
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  assert.equal(body, 'for b.example.test:50051');
  assert.match(await nextLine(), /"POST \/service\/method HTTP\/2" 200 .* outbound\|50051\|\|b\.example\.test /);
});
