// The services as processes: what they answer, and that they make exactly the calls of REQUESTS, by every protocol.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { httpCall } from '../../test/support/http-client.ts';
import { startOutsideHttp, startOutsideTcp } from '../../test/support/outside-server.ts';
import { freePort } from '../../test/support/ports.ts';
import { authorityFile } from '../../test/support/tls-fixtures.ts';
import { type Program, startListening, startProgram } from '../testing/program.ts';
import { startProxy } from '../testing/proxy.ts';

interface Service extends Program {
  readonly http: number;
  readonly grpc: number;
  readonly tcp: number;
}

async function ports(): Promise<{ readonly http: number; readonly grpc: number; readonly tcp: number }> {
  return { http: await freePort(), grpc: await freePort(), tcp: await freePort() };
}

async function startService(t: TestContext, env: Readonly<Record<string, string>>): Promise<Service> {
  const { http, grpc, tcp } = await ports();
  const own = { PORT: String(http), GRPC_PORT: String(grpc), TCP_PORT: String(tcp), SERVICE: 'tested' };
  return { ...(await startListening(t, 'app/main.ts', { ...own, ...env })), http, grpc, tcp };
}

/** One request, and all that the service had to say about it. */
async function ask(service: Service) {
  const answer = await httpCall({ port: service.http, host: 'a' });
  await service.lines.next((line) => line.includes('request GET / '));
  return answer;
}

function count(program: Program, text: string): number {
  return program.lines.items.filter((line) => line.includes(text)).length;
}

/** One service of each protocol to be called, and what they saw. */
async function startCalled(t: TestContext) {
  const http = await startOutsideHttp({ t });
  const https = await startOutsideHttp({ t, tls: true });
  const tcp = await startOutsideTcp({ t });
  const movies = await startService(t, { SERVICE: 'movies', REQUESTS: `tcp://127.0.0.1:${tcp.port}/#2` });
  return { http, https, tcp, movies };
}

test('the answer is exactly ECHO_STR', async (t) => {
  const { http } = await startService(t, { ECHO_STR: 'frontpage' });
  const { status, headers, body } = await httpCall({ port: http, host: 'frontpage' });
  assert.deepEqual([status, body], [200, 'frontpage']);
  assert.equal(headers['content-type'], 'text/plain');
  assert.equal(headers['content-length'], '9');
});

test('only GET / makes calls', async (t) => {
  const called = await startOutsideHttp({ t });
  const { http, lines } = await startService(t, { REQUESTS: `http://127.0.0.1:${called.port}/` });
  assert.equal((await httpCall({ port: http, host: 'a', path: '/favicon.ico' })).status, 404);
  assert.equal((await httpCall({ port: http, host: 'a', method: 'POST' })).status, 405);
  assert.equal((await httpCall({ port: http, host: 'a', path: '/?x=1' })).status, 200);
  await lines.find((line) => line.includes('GET /?x=1'));
  assert.equal(called.requests.items.length, 1);
});

test('calls are made by every protocol, as often as REQUESTS says, for each request', async (t) => {
  const { http, https, tcp, movies } = await startCalled(t);
  const service = await startService(t, {
    NODE_EXTRA_CA_CERTS: authorityFile,
    REQUESTS: [
      `http://127.0.0.1:${http.port}/get#3`,
      `https://127.0.0.1:${https.port}/secret`,
      `grpc://127.0.0.1:${movies.grpc}/allspark/Incoming#2`,
      `tcp://127.0.0.1:${tcp.port}/#1`,
    ].join(' '),
  });
  for (let round = 1; round <= 3; round++) {
    assert.equal((await ask(service)).status, 200);
    assert.equal(http.requests.items.length, 3 * round);
    assert.equal(https.requests.items.length, round);
    // Of its own, and two for each of the gRPC calls.
    assert.equal(tcp.connections.items.length, (1 + 4) * round);
  }
  await movies.lines.find(() => count(movies, 'request /allspark/Incoming') === 6);
  assert.equal(count(service, `GET http://127.0.0.1:${http.port}/get -> 200 (`), 9);
  assert.equal(count(service, `GET https://127.0.0.1:${https.port}/secret -> 200 (`), 3);
  assert.equal(count(service, `/allspark/Incoming -> OK (`), 6);
  assert.equal(count(service, `tcp://127.0.0.1:${tcp.port}/ -> 8 bytes (`), 3);
  assert.equal(http.requests.items[0]?.url, '/get');
});

test('the same goes through a proxy where the environment names one', async (t) => {
  const { http, https, tcp, movies } = await startCalled(t);
  const proxy = await startProxy(t, {
    'bookings.test:8080': http.port,
    'outside.test:80': http.port,
    'api.example.test:443': https.port,
    'movies.test:8082': movies.grpc,
    'database.test:8083': tcp.port,
  });
  const exempt = await startOutsideHttp({ t });
  const service = await startService(t, {
    ...proxy.env,
    NO_PROXY: `127.0.0.1:${exempt.port}`,
    NODE_EXTRA_CA_CERTS: authorityFile,
    REQUESTS: [
      'http://bookings.test:8080#2',
      'http://outside.test/get#1',
      'https://api.example.test/#2',
      'grpc://movies.test:8082/allspark/Incoming#2',
      'tcp://database.test:8083/#1',
      'https://blocked.test/#1',
      'tcp://blocked.test:1/#1',
      `http://127.0.0.1:${exempt.port}/direct`,
    ].join(' '),
  });
  assert.equal((await ask(service)).status, 200);
  const went = [...proxy.requests.items].sort();
  assert.deepEqual(went, [
    'CONNECT api.example.test:443',
    'CONNECT api.example.test:443',
    'CONNECT blocked.test:1',
    'CONNECT blocked.test:443',
    'CONNECT database.test:8083',
    'CONNECT movies.test:8082',
    'GET http://bookings.test:8080/',
    'GET http://bookings.test:8080/',
    'GET http://outside.test/get',
  ]);
  assert.deepEqual(http.requests.items.map(({ host }) => host).sort(), [
    'bookings.test:8080',
    'bookings.test:8080',
    'outside.test',
  ]);
  assert.equal(exempt.requests.items.length, 1);
  assert.equal(count(service, 'https://api.example.test/ -> 200 ('), 2);
  assert.equal(count(service, '/allspark/Incoming -> OK ('), 2);
  assert.equal(count(service, 'tcp://database.test:8083/ -> 8 bytes ('), 1);
  assert.equal(count(service, 'https://blocked.test/ -> its proxy refused the tunnel: 403 ('), 1);
  assert.equal(count(service, 'tcp://blocked.test:1/ -> its proxy refused the tunnel: 403 ('), 1);
});

test('an answer does not depend on what became of the calls; each says it in one line', async (t) => {
  const resetting = await startOutsideTcp({ t, serve: ({ socket }) => socket.resetAndDestroy() });
  const blocking = await startOutsideHttp({
    t,
    respond: (_request, response) => response.writeHead(502, { server: 'envoy', 'content-length': '0' }).end(),
  });
  const nobody = await freePort();
  const service = await startService(t, {
    ECHO_STR: 'still here',
    REQUESTS: [
      `http://127.0.0.1:${blocking.port}/get`,
      `http://127.0.0.1:${nobody}/`,
      `https://127.0.0.1:${resetting.port}/`,
      `tcp://127.0.0.1:${resetting.port}/`,
      `grpc://127.0.0.1:${nobody}/allspark/Incoming`,
    ].join(' '),
  });
  assert.equal((await ask(service)).body, 'still here');
  assert.equal(count(service, '/get -> 502 blocked by its sidecar ('), 1);
  assert.equal(count(service, `http://127.0.0.1:${nobody}/ -> connection refused (`), 1);
  assert.equal(count(service, `https://127.0.0.1:${resetting.port}/ -> connection reset (`), 1);
  assert.equal(count(service, `tcp://127.0.0.1:${resetting.port}/ -> connection reset (`), 1);
  assert.equal(count(service, '/allspark/Incoming -> UNAVAILABLE: '), 1);
});

test('a request over TCP is answered with a line, one over PI with its digits', async (t) => {
  const { http, tcp } = await startService(t, { WORKLOAD: 'PI', PI_COUNT: '20' });
  assert.equal((await httpCall({ port: http, host: 'a' })).body, '3.14159265358979323846');
  const socket = connect(tcp, '127.0.0.1');
  socket.write('request\n');
  const chunks = await socket.setEncoding('utf8').toArray();
  assert.equal(chunks.join(''), '3.14159265358979323846\n');
});

test('SIGTERM: open requests are finished, new ones refused, the end is 0', async (t) => {
  const slow = await startOutsideHttp({ t, respond: () => {} });
  const service = await startService(t, { ECHO_STR: 'finished', REQUESTS: `http://127.0.0.1:${slow.port}/` });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const open = httpCall({ port: service.http, host: 'a', agent });
  await slow.requests.find(() => true);
  service.process.kill('SIGTERM');
  await refused(service.http);
  await slow.close();
  const { body, headers } = await open;
  assert.deepEqual([body, headers['connection']], ['finished', 'close']);
  assert.deepEqual(await service.ended, { code: 0, signal: null });
  assert.equal(service.lines.items.at(-1), 'tested stopped by SIGTERM');
});

test('SIGTERM: what hangs is left after two seconds', async (t) => {
  const slow = await startOutsideHttp({ t, respond: () => {} });
  const service = await startService(t, { REQUESTS: `http://127.0.0.1:${slow.port}/` });
  const open = httpCall({ port: service.http, host: 'a' });
  await slow.requests.find(() => true);
  const started = performance.now();
  service.process.kill('SIGTERM');
  await assert.rejects(open);
  assert.equal((await service.ended).code, 0);
  assert.ok(performance.now() - started < 4000);
});

test('a port that is taken is one clear line and exit code 1', async (t) => {
  const taken = await startOutsideTcp({ t });
  const free = await ports();
  const env = { PORT: String(taken.port), GRPC_PORT: String(free.grpc), TCP_PORT: String(free.tcp) };
  const program = startProgram(t, 'app/main.ts', env);
  assert.equal((await program.ended).code, 1);
  const text = `app error: cannot listen on 127.0.0.1:${taken.port}: the port is taken by another program`;
  assert.deepEqual(program.lines.items, [text]);
});

test('a wrong setting is one clear line and exit code 1', async (t) => {
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ REQUESTS: 'http://a#x' }, /^app error: REQUESTS=http:\/\/a#x: behind # stands a number/],
    [{ WORKLOAD: 'Dance' }, /^app error: WORKLOAD=Dance: give Echo or PI$/],
    [{ WORKLOAD: 'PI', PI_COUNT: '99999999' }, /^app error: PI_COUNT=99999999: give a whole number from 1 to 10000$/],
    [{ PORT: 'eighty' }, /^app error: PORT=eighty: give a whole number/],
  ];
  for (const [env, expected] of wrong) {
    const program = startProgram(t, 'app/main.ts', env);
    assert.equal((await program.ended).code, 1);
    assert.equal(program.lines.items.length, 1);
    assert.match(program.lines.items[0] ?? '', expected);
  }
});

/** Resolves when the port takes no more connections. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.destroy();
    } catch {
      return;
    }
  }
}
