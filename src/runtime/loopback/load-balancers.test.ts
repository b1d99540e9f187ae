// Load balancers of a mesh without namespaces: where connections go, that both directions end by themselves, and what a
// user without rights may open. Needs no rights.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { alsoAsNobody } from '../../../test/support/as-nobody.ts';
import { freePort } from '../../../test/support/ports.ts';
import { untilFits } from '../../../test/support/until.ts';
import { systemCode } from '../../platform/errors.ts';
import { createLoopbackLoadBalancers, type LoopbackLoadBalancers } from './load-balancers.ts';

const address = '127.225.255.1';

function balancersFor(t: TestContext): LoopbackLoadBalancers {
  const balancers = createLoopbackLoadBalancers();
  t.after(() => balancers.close());
  return balancers;
}

async function serve(t: TestContext, onConnection: (socket: Socket) => void) {
  const server: Server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const open = new Set<Socket>();
  server.on('connection', (socket) => open.add(socket));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const bound = server.address();
  return { address: '127.0.0.1', port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 };
}

/** What the other side says until it ends, or the error's code. */
async function hear(port: number): Promise<string> {
  const socket = connect(port, address);
  try {
    return (await buffer(socket)).toString('utf8');
  } catch (error) {
    return systemCode(error) ?? 'failed';
  }
}

alsoAsNobody(import.meta.filename, () => {
  test('each of the targets gets its turn; without one a connection is refused, and an open one stays', async (t) => {
    const balancers = balancersFor(t);
    const port = await freePort(address);
    const [one, two] = [await serve(t, (socket) => socket.end('one')), await serve(t, (socket) => socket.end('two'))];
    const echo = await serve(t, (socket) => socket.pipe(socket));
    const set = (...targets: readonly (typeof one)[]) => balancers.set([{ address, ports: [{ port, targets }] }]);
    assert.deepEqual(await set(one, two), [{ address, mappedPorts: [] }]);
    const heard: string[] = [];
    for (let count = 0; count < 4; count++) heard.push(await hear(port));
    assert.deepEqual(heard.toSorted(), ['one', 'one', 'two', 'two']);

    await set(echo);
    const held = connect(port, address);
    held.write('a');
    assert.equal(String(await once(held, 'data')), 'a');
    assert.deepEqual(await set(), [{ address, mappedPorts: [] }]);
    assert.equal(await hear(port), 'ECONNREFUSED');
    held.write('b');
    assert.equal(String(await once(held, 'data')), 'b');
    await set(one);
    assert.equal(await hear(port), 'one');
    await balancers.set([]);
    assert.equal(await hear(port), 'ECONNREFUSED');
    held.end('c');
    assert.equal((await buffer(held)).toString(), 'c');
  });

  test('a side that has said all still hears; one that reads slowly is not written to faster', async (t) => {
    const balancers = balancersFor(t);
    const port = await freePort(address);
    const size = 64 * 1024 * 1024;
    let sent = 0;
    const target = await serve(t, (socket) => {
      socket.on('end', () => {
        const chunk = Buffer.alloc(64 * 1024);
        const write = (): void => {
          while (sent < size) {
            sent += chunk.length;
            if (!socket.write(chunk)) return void socket.once('drain', write);
          }
          socket.end();
        };
        write();
      });
      socket.resume();
    });
    await balancers.set([{ address, ports: [{ port, targets: [target] }] }]);
    const socket = connect({ host: address, port, allowHalfOpen: true });
    socket.end('that is all');
    await once(socket, 'readable');
    // What kernel and relay hold between the two: far less than all.
    let before = -1;
    const stuck = await untilFits(
      () => sent,
      (now) => {
        const still = now === before;
        before = now;
        return still && now > 0;
      },
    );
    assert.ok(stuck < size / 2, `${stuck} bytes were taken`);
    assert.equal((await buffer(socket)).length, size);
  });

  test('a side that breaks off breaks off the other', async (t) => {
    const balancers = balancersFor(t);
    const port = await freePort(address);
    const accepted = Promise.withResolvers<void>();
    const broken = Promise.withResolvers<string | undefined>();
    const target = await serve(t, (socket) => {
      socket.on('error', (error) => broken.resolve(systemCode(error)));
      accepted.resolve();
    });
    const gone = { address: '127.0.0.1', port: await freePort() };
    await balancers.set([{ address, ports: [{ port, targets: [target, gone] }] }]);
    const socket = connect(port, address).on('error', () => undefined);
    await accepted.promise;
    socket.resetAndDestroy();
    assert.equal(await broken.promise, 'ECONNRESET');
    assert.equal(await hear(port), 'ECONNRESET');
  });

  test('a port that this user may not open is served elsewhere', async (t) => {
    const balancers = balancersFor(t);
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    const allowed = process.getuid?.() === 0 || first <= 81;
    const target = await serve(t, (socket) => socket.end('served'));
    const servedAt = allowed ? 81 : 10_081;
    const mappedPorts = allowed ? [] : [{ port: 81, servedAt }];
    for (const targets of [[], [target]]) {
      assert.deepEqual(await balancers.set([{ address, ports: [{ port: 81, targets }] }]), [{ address, mappedPorts }]);
      assert.equal(await hear(servedAt), targets.length === 0 ? 'ECONNREFUSED' : 'served');
    }
  });

  test('a port that a program of the host has on all addresses is served elsewhere too', async (t) => {
    const balancers = balancersFor(t);
    let port = await freePort('0.0.0.0');
    while (port > 55_535) port = await freePort('0.0.0.0');
    const host = createServer().listen(port, '0.0.0.0');
    await once(host, 'listening');
    t.after(() => void host.close());
    const target = await serve(t, (socket) => socket.end('served'));
    const [status] = await balancers.set([{ address, ports: [{ port, targets: [target] }] }]);
    assert.deepEqual(status?.mappedPorts, [{ port, servedAt: port + 10_000 }]);
    assert.equal(await hear(port + 10_000), 'served');
  });
});
