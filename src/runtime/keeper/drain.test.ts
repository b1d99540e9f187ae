// A gateway that goes away under load, with live Envoys: its callers keep their connections open and lose nothing. What a
// control plane does stands here as a place that new connections go to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../test/support/ports.ts';
import { untilFits } from '../../../test/support/until.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { createLogger } from '../../platform/log.ts';
import { findEnvoy } from '../envoy-supply/find-envoy.ts';
import { createPods, type Pods } from './pods.ts';
import { identifyProcess } from './process-id.ts';
import { makeRunFolder } from './run-files.ts';
import { bareCapture } from './testing/bare-capture.ts';
import { gatewayBootstrap } from './testing/gateway-bootstrap.ts';
import { podSpec } from './testing/pod-spec.ts';

interface Place {
  readonly address: string;
  readonly port: number;
}

const root = mkdtempSync(join(tmpdir(), 'sallyport-drain-'));
const folder = { ...dataFolder(join(root, 'data')), runPath: join(root, 'run') };
const delays = { firstMs: 60_000, longestMs: 60_000, forgiveMs: 600_000 };
const slowMs = 2_500;
const server = createServer((request, response) => {
  setTimeout(() => response.end('served'), request.url === '/slow' ? slowMs : 2);
});
let upstream: Place;
let pods: Pods;

before(async () => {
  makeRunFolder(folder.runPath);
  const capture = bareCapture(folder.runPath, (await findEnvoy()).path);
  const restarts = { program: delays, envoy: delays };
  pods = createPods({
    dataFolder: folder,
    capture,
    restarts,
    readyMs: 20_000,
    publish: () => {},
    log: createLogger('test'),
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const bound = server.address();
  upstream = { address: '127.0.0.1', port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 };
});
after(async () => {
  await pods.removeAll();
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
});

async function startGateway(name: string, drainSeconds: number): Promise<Place & { readonly pid: number }> {
  const key = { namespace: 'default', name };
  const { podIP, xdsPath } = await pods.putSandbox(key, { uid: name, type: 'router' });
  const at = { address: podIP, port: await freePort(podIP) };
  const bootstrap = gatewayBootstrap(`${xdsPath}/admin.sock`, at, upstream);
  const envoyArgs = ['--drain-strategy', 'immediate'];
  await pods.putPod(key, podSpec({ uid: name, command: [], bootstrap, envoyArgs, drainSeconds }));
  const ready = await untilFits(
    () => pods.list().find((pod) => pod.name === name),
    (pod) => pod?.proxy.ready === true,
  );
  assert.equal(ready?.app.ready, true);
  return { ...at, pid: ready?.proxy.pid ?? 0 };
}

/** HTTP/1.1 over connections that are kept; new ones go where `place` says. Resolves to the body, or the error's code. */
function callerOver(place: () => Place) {
  const sockets = new Set<Socket>();
  class Balanced extends Agent {
    override createConnection(): Socket {
      const { address, port } = place();
      const socket = connect(port, address);
      sockets.add(socket);
      return socket;
    }
  }
  const agent = new Balanced({ keepAlive: true, maxSockets: 1 });
  const call = (path = '/') =>
    new Promise<string>((resolve) => {
      const request = get({ host: 'gateway', path, agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve(`${response.statusCode} ${body}`));
      });
      request.on('error', (error) => resolve(error.message));
    });
  return { call, sockets, close: () => agent.destroy() };
}

/** The same over HTTP/2, where a session that was told to go is used for nothing new. */
function http2CallerOver(place: () => Place) {
  let session: ClientHttp2Session | undefined;
  let sessions = 0;
  function current(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const { address, port } = place();
    const opened = connectHttp2(`http://${address}:${port}`);
    opened.on('goaway', () => opened.close());
    opened.on('error', () => undefined);
    sessions += 1;
    session = opened;
    return opened;
  }
  const call = () =>
    new Promise<string>((resolve) => {
      const stream = current().request({ ':path': '/' });
      let status: number | undefined;
      let body = '';
      stream.on('response', (headers) => {
        status = headers[':status'];
      });
      stream.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      stream.on('error', (error) => resolve(error.message));
      stream.on('close', () => resolve(`${status} ${body}`));
    });
  return { call, sessions: () => sessions, close: () => session?.close() };
}

/** Resolves when the server has the next slow request. */
function slowRequest(): Promise<void> {
  return new Promise((resolve) => {
    server.on('request', ({ url }) => {
      if (url === '/slow') resolve();
    });
  });
}

async function load(call: () => Promise<string>, until: () => boolean): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>();
  while (!until()) {
    const outcome = await call();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    await delay(3);
  }
  return outcomes;
}

test('a gateway that is removed loses no request of callers that keep their connections', async (t) => {
  const first = await startGateway('first', 10);
  const second = await startGateway('second', 10);
  let present: Place = first;
  let done = false;
  const one = callerOver(() => present);
  const slow = callerOver(() => present);
  const two = http2CallerOver(() => present);
  t.after(() => {
    for (const caller of [one, slow, two]) caller.close();
  });
  const loads = [load(one.call, () => done), load(two.call, () => done)];
  await delay(200);
  assert.deepEqual([one.sockets.size, two.sessions()], [1, 1]);
  const reached = slowRequest();
  const begun = slow.call('/slow');
  await reached;

  present = second;
  const removed = performance.now();
  await pods.remove({ namespace: 'default', name: 'first' });
  const took = performance.now() - removed;
  assert.equal(identifyProcess(first.pid), undefined);
  await delay(200);
  done = true;
  for (const outcomes of await Promise.all(loads)) {
    assert.deepEqual([...outcomes.keys()], ['200 served']);
    assert.ok((outcomes.get('200 served') ?? 0) > 100, JSON.stringify([...outcomes]));
  }
  assert.equal(await begun, '200 served');
  assert.deepEqual([one.sockets.size, two.sessions()], [2, 2]);
  assert.ok(took >= slowMs - 500 && took < 9_000, `it took ${took} ms`);
});

test('one that is idle goes soon, one that stays busy when its time is over, and at once when all goes', async (t) => {
  const idle = await startGateway('idle', 10);
  const before = performance.now();
  await pods.remove({ namespace: 'default', name: 'idle' });
  assert.ok(performance.now() - before < 4_500);
  assert.equal(identifyProcess(idle.pid), undefined);

  const busy = await startGateway('busy', 2);
  const held = connect(busy.port, busy.address).on('error', () => undefined);
  t.after(() => void held.destroy());
  await once(held, 'connect');
  const begun = performance.now();
  await pods.remove({ namespace: 'default', name: 'busy' });
  const took = performance.now() - begun;
  assert.ok(took > 2_000 && took < 5_000, `it took ${took} ms`);

  const last = await startGateway('last', 60);
  const open = connect(last.port, last.address).on('error', () => undefined);
  t.after(() => void open.destroy());
  await once(open, 'connect');
  const removal = pods.remove({ namespace: 'default', name: 'last' });
  await delay(100);
  const down = performance.now();
  await pods.removeAll();
  await removal;
  assert.ok(performance.now() - down < 2_000);
});
