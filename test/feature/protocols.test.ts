// Every protocol that programs speak really passes, as the program sees it: to a registered host under both policies, to an
// unregistered one under ALLOW_ANY, and nothing of it under REGISTRY_ONLY (istio-semantics 1.2, 1.7, 2.6).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload, withoutGivenAddress } from '../support/mesh.ts';
import { outboundPolicy } from '../support/networking.ts';
import { greeting, type OutsideProtocols, ports, startOutsideProtocols } from '../support/outside-protocols.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { metricOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';
import type { AgentResult, TalkStep } from '../support/workload-protocol.ts';

const known = 'known.example';
const unknown = 'unknown.example';

type Say = (host: string, port: number, steps: readonly TalkStep[]) => Promise<AgentResult>;

describe('protocols', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let elsewhere: OutsideProtocols;
  let timeoutMs = 10_000;

  const say: Say = (host, port, steps) => caller.perform({ do: 'talk', host, port, steps, timeoutMs });
  const head = (host: string, path = '/', more = '') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
  const mebibyte = 'x'.repeat(1024 * 1024);

  /** What a program does, and what it must see where its destination is reached. */
  const reached: Readonly<Record<string, (host: string) => Promise<void>>> = {
    async 'HTTP/1.1, several requests on one connection'(host) {
      const [one, two] = [head(host), head(host, '/chunks')];
      const { text = '', left } = await say(host, ports.http, [
        { send: one },
        { expect: `GET HTTP/1.1 ${host} 0` },
        { send: two },
        { expect: 'three' },
      ]);
      assert.equal(left, 0, text);
      assert.match(text, /transfer-encoding: chunked/i);
    },
    async 'a body in chunks, after 100 Continue'(host) {
      const request = `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n`;
      const { text } = await say(host, ports.http, [
        { send: request },
        { expect: '100 Continue\r\n\r\n' },
        { send: '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n' },
        { expect: `POST HTTP/1.1 ${host} 11` },
      ]);
      assert.match(text ?? '', /^HTTP\/1\.1 100 [\s\S]*HTTP\/1\.1 200 /);
    },
    async 'bodies of several megabytes, both ways'(host) {
      assert.equal((await ask(caller, host, { path: '/large' })).body?.length, 8 * 1024 * 1024);
      const request = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${4 * mebibyte.length}\r\n\r\n`;
      const body = [1, 2, 3, 4].map(() => ({ send: mebibyte }));
      const { left, text } = await say(host, ports.http, [
        { send: request },
        ...body,
        { expect: ` ${4 * mebibyte.length}` },
      ]);
      assert.equal(left, 0, text);
    },
    async 'events, each before the next one is there to be sent'(host) {
      const heard = { aside: head(host, '/heard') };
      const { left, text } = await say(host, ports.http, [
        { send: head(host, '/events') },
        { expect: 'data: 0' },
        heard,
        { expect: 'data: 1' },
        heard,
        { expect: 'data: 2' },
      ]);
      assert.equal(left, 0, text);
    },
    async WebSocket(host) {
      const upgrade =
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n';
      const { left, text } = await say(host, ports.http, [
        { send: head(host, '/', upgrade) },
        { expect: '101 Switching Protocols' },
        { send: '\x81\x02hi' },
        { expect: '\x81\x02hi' },
      ]);
      assert.equal(left, 0, text);
    },
    async 'HTTP/2 without TLS'(host) {
      const { status, body, headers } = await caller.perform({ do: 'http2', host, port: ports.h2c, body: 'sent' });
      assert.deepEqual([status, body], [200, `HTTP/2 ${host}:${ports.h2c} sent`]);
      assert.equal(headers?.['trailer x-trailer'], 'sent');
    },
    async 'HTTP/2 inside TLS'(host) {
      const { status, body } = await caller.perform({ do: 'http2', host, port: ports.https, tls: true });
      assert.deepEqual([status, body], [200, 'secure']);
    },
    async 'HTTP/1.1 inside TLS'(host) {
      assert.equal(await overTls(caller, host), 'HTTP/1.1 200 OK');
    },
    async 'gRPC, streams of both sides and trailers'(host) {
      const messages = ['one', 'two', 'three'];
      const { text, grpcStatus, headers } = await caller.perform({
        do: 'grpc',
        host,
        port: ports.grpc,
        method: '/test.Echo/Echo',
        messages,
      });
      assert.deepEqual([text, grpcStatus, headers], ['one,two,three', 'OK', { 'x-trailer': 'yes' }]);
    },
    async 'gRPC, a refusal with its status'(host) {
      const { grpcStatus } = await caller.perform({
        do: 'grpc',
        host,
        port: ports.grpc,
        method: '/test.Echo/Refuse',
        messages: [],
      });
      assert.equal(grpcStatus, 'PERMISSION_DENIED');
    },
    async 'HTTP where nothing says that it is'(host) {
      const { body } = await ask(caller, host, { port: ports.unnamed });
      assert.equal(body, `GET HTTP/1.1 ${host}:${ports.unnamed} 0`);
    },
    async 'TCP, a megabyte both ways'(host) {
      const { text, left } = await say(host, ports.echo, [{ send: mebibyte }, { send: 'END' }, { expect: 'END' }]);
      assert.deepEqual([left, text?.length], [0, mebibyte.length + 3]);
    },
    async 'TCP whose server speaks first'(host) {
      const { text } = await say(host, ports.greeting, [
        { expect: greeting },
        { send: 'HELO\r\n' },
        { expect: '250 HELO' },
        { send: 'QUIT\r\n' },
        { ended: true },
      ]);
      assert.equal(text, `${greeting}250 HELO\r\n221 bye\r\n`);
    },
    async 'TCP of which one side ends first'(host) {
      const { text } = await say(host, ports.counting, [{ send: 'twelve bytes' }, { end: true }, { ended: true }]);
      assert.equal(text, 'got 12');
    },
  };

  before(async () => {
    const [site, otherSite] = [outsideAddress(114), outsideAddress(115)];
    await startOutsideProtocols(scope, site);
    elsewhere = await startOutsideProtocols(scope, otherSite);
    mesh = await startMesh(scope, { up: ['--resolve', `${known}=${site}`, '--resolve', `${unknown}=${otherSite}`] });
    const port = (name: keyof typeof ports, protocol: string) => ({ number: ports[name], name, protocol });
    const named = [
      port('http', 'HTTP'),
      port('https', 'HTTPS'),
      port('h2c', 'HTTP2'),
      port('grpc', 'GRPC'),
      port('unnamed', ''),
    ];
    // Reached at its own address: connections to ports that no entry has go there as well.
    await mesh.apply(serviceEntry('named', { hosts: [known], ports: named }, withoutGivenAddress));
    // TCP says no host: it is known by its address.
    const opaque = [port('echo', 'TCP'), port('greeting', 'MySQL'), port('counting', 'TCP')];
    await mesh.apply(
      serviceEntry('opaque', { hosts: ['tcp.example'], addresses: [site], resolution: 'NONE', ports: opaque }),
    );
    caller = await mesh.workload('caller');
  });

  async function setPolicy(mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'): Promise<void> {
    await mesh.apply(outboundPolicy(mode));
    const expected = mode === 'ALLOW_ANY' ? 200 : 502;
    await until(`${mode} is in force`, async () => (await statusOf(caller, unknown)) === expected);
    await until('what is registered is known', async () => (await statusOf(caller, known)) === 200);
  }

  for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'] as const) {
    describe(mode, () => {
      before(() => setPolicy(mode));
      for (const [what, call] of Object.entries(reached)) it(`${what}: registered`, () => call(known));
      for (const [what, call] of Object.entries(reached)) {
        if (mode === 'ALLOW_ANY') {
          it(`${what}: unregistered`, async () => {
            const before = elsewhere.arrived();
            await call(unknown);
            assert.notDeepEqual(elsewhere.arrived(), before, 'what arrives is counted');
          });
          continue;
        }
        it(`${what}: unregistered, nothing of it arrives`, async () => {
          const before = elsewhere.arrived();
          timeoutMs = 500;
          try {
            await assert.rejects(call(unknown));
          } finally {
            timeoutMs = 10_000;
          }
          assert.deepEqual(elsewhere.arrived(), before);
        });
      }
    });
  }

  it('HTTP/1.0 is no HTTP: it goes where bytes go whose protocol nobody knows', async () => {
    const request = { send: `GET / HTTP/1.0\r\nHost: ${known}\r\n\r\n` };
    await setPolicy('REGISTRY_ONLY');
    const stopped = await say(known, ports.http, [request, { expect: 'HTTP/1.' }]);
    assert.deepEqual([stopped.text ?? '', stopped.left === 0], ['', false]);
    await setPolicy('ALLOW_ANY');
    const { text } = await say(known, ports.http, [request, { ended: true }]);
    assert.match(text ?? '', new RegExp(`GET HTTP/1.0 ${known} 0$`));
  });

  it('the status of gRPC is counted, not only that of HTTP', async () => {
    const own = 'request_protocol="grpc"';
    await until('both statuses are told', async () => {
      const labels = (status: number) => [own, `grpc_response_status="${status}"`, known];
      const counts = await Promise.all([0, 7].map((one) => metricOf(mesh, 'istio_requests_total', labels(one))));
      return counts.every((count) => count > 0);
    });
  });

  it('names: A as given, no AAAA, and unknown ones are said to be unknown', async () => {
    const lookup = (host: string, family?: 4 | 6) =>
      caller.perform({ do: 'lookup', host, ...(family ? { family } : {}) });
    assert.deepEqual(await lookup(known), { addresses: ['198.51.100.114'] });
    assert.match((await lookup(unknown, 6)).error ?? '', /ENOTFOUND|ENODATA/);
    assert.match((await lookup('nobody.invalid')).error ?? '', /ENOTFOUND|EAI_AGAIN/);
  });
});
