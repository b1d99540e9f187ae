// mTLS between sidecars, as Istio has it: what callers with and without it see under each mode of PeerAuthentication. The
// application tells what came in: over mTLS its proxy adds who called (X-Forwarded-Client-Cert), and nobody else can.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { systemCode } from '../../src/platform/errors.ts';
import type { Flow } from '../../src/telemetry/flow.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, peerAuthentication } from '../support/networking.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf, metricOf, sum } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const inShop = { namespace: 'shop' };
const host = 'web.shop.svc.cluster.local';
const asCaller = 'spiffe://cluster.local/ns/default/sa/shopper';

/** HTTP on 8080 and 8081 tells the headers that came in; 9000 speaks first; 9443 has TLS of its own. */
const server = ({ cert, key }: { readonly cert: string; readonly key: string }) => [
  process.execPath,
  '-e',
  `const tell = (q, r) => r.end(JSON.stringify(q.headers));
   for (const port of [8080, 8081]) require('http').createServer({ keepAliveTimeout: 60000 }, tell).listen(port);
   require('net').createServer((s) => { s.on('error', () => 0); s.end('greeting') }).listen(9000);
   const [cert, key] = ${JSON.stringify([cert, key])};
   require('https').createServer({ cert, key }, (q, r) => r.end('own TLS')).listen(9443)`,
];

describe('mTLS between workloads', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let podIP: string;

  before(async () => {
    mesh = await startMesh(scope);
    const authority = await createTestAuthority();
    const own = await authority.issue({ commonName: host });
    await mesh.workload('web', {
      ...inShop,
      command: server(own),
      args: ['--label', 'app=web', '--service-account', 'web'],
    });
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: http-other, port: 81, targetPort: 8081 }
  - { name: tcp-first, port: 9000 }
  - { name: tcp-tls, port: 9443 }
`);
    caller = await mesh.workload('caller', { args: ['--service-account', 'shopper'] });
    podIP = (await mesh.run('get', 'pod', 'web', '-n', 'shop', '-o', 'jsonpath={.status.podIP}')).trim();
    await until('the service answers', async () => (await caller.perform({ do: 'http', host })).status === 200);
  });

  /** Who called, as the application is told; undefined: nobody proved anything. */
  async function callerSeen(port = 80, headers = {}): Promise<string | undefined> {
    const { status, body = '', error } = await caller.perform({ do: 'http', host, port, headers });
    assert.equal(status, 200, error ?? body);
    const seen: Record<string, string> = JSON.parse(body);
    return seen['x-forwarded-client-cert'];
  }

  /** From outside of the mesh, to the pod itself: the status, or how it failed. */
  function fromOutside(port: number, headers: Record<string, string> = {}): Promise<number | string> {
    return new Promise((resolve) => {
      const asking = request({ host: podIP, port, headers, agent: false, timeout: 5000 }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asking.on('timeout', () => asking.destroy(new Error('timeout')));
      asking.on('error', (error) => resolve(systemCode(error) ?? error.message));
      asking.end();
    });
  }

  /** Milliseconds until the greeting was there; undefined: there was none. */
  function greetedOutside(): Promise<number | undefined> {
    const began = performance.now();
    return new Promise((resolve) => {
      const socket = connect({ host: podIP, port: 9000 });
      socket.setTimeout(5000, () => socket.destroy());
      socket.on('data', () => resolve(performance.now() - began));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(undefined));
    });
  }

  async function greeted(): Promise<number> {
    const began = performance.now();
    assert.equal((await caller.perform({ do: 'tcp', host, port: 9000 })).text, 'greeting');
    return performance.now() - began;
  }

  it('is there without anybody asking for it, and tells the application who called', async () => {
    const seen = await until('mTLS', () => callerSeen());
    assert.match(seen, new RegExp(`URI=${asCaller}$`));
    assert.match((await callerSeen(81)) ?? '', new RegExp(asCaller));
  });

  it('is told in metrics by the destination, with both identities', async () => {
    const told = async () => {
      const page = await (await fetch(`http://${mesh.listen}/metrics`)).text();
      const lines = page.split('\n').filter((line) => line.startsWith('istio_requests_total{'));
      const inbound = lines.filter((line) => line.includes('reporter="destination"') && line.includes('"web"'));
      return inbound.find((line) => line.includes('connection_security_policy="mutual_tls"'));
    };
    const line = await until('the series', told);
    assert.match(line, new RegExp(`source_principal="${asCaller}"`));
    assert.match(line, /destination_principal="spiffe:\/\/cluster\.local\/ns\/shop\/sa\/web"/);
  });

  it('is told of flows by who sends, as the destination sees it: all, or how much', async () => {
    const rule = destinationRule('clear', { host, trafficPolicy: { tls: { mode: 'DISABLE' } } });
    const toWeb = async () => (await flowsOf(mesh)).filter(({ destination }) => destination.host === host);
    const told = (flows: readonly Flow[], name: 'withMtls' | 'withoutMtls') => sum(flows, (flow) => flow[name] ?? 0);
    const seen = (policy: string) =>
      metricOf(mesh, 'istio_requests_total', [
        'reporter="destination"',
        'source_workload="caller"',
        `connection_security_policy="${policy}"`,
      ]);
    const clean = await until('the flows', async () => {
      const flows = await toWeb();
      return flows.length === 2 && told(flows, 'withMtls') === (await seen('mutual_tls')) ? flows : undefined;
    });
    assert.deepEqual(
      clean.map(({ mtls }) => mtls),
      [true, true],
    );
    await mesh.apply(rule);
    await until('plaintext', async () => (await callerSeen()) === undefined);
    assert.equal((await caller.perform({ do: 'tcp', host, port: 9000 })).text, 'greeting');
    await mesh.remove(rule);
    await until('mTLS again', () => callerSeen());
    const mixed = await until('all is told', async () => {
      const flows = await toWeb();
      const requests = flows.filter(({ protocol }) => protocol === 'http');
      const clear = await seen('none');
      const all = clear > 0 && told(requests, 'withMtls') === (await seen('mutual_tls'));
      return flows.length === 3 && all && told(requests, 'withoutMtls') === clear ? flows : undefined;
    });
    const byPort = mixed.map(({ destination: { port }, mtls, withMtls = 0 }) => [port, mtls, withMtls > 0]);
    assert.deepEqual(byPort, [
      [80, false, true],
      [81, true, true],
      [9000, false, false],
    ]);
    assert.match(await mesh.run('traffic', 'caller', '-o', 'wide'), / web\.shop\.\S+:80 .* \d+\.\d% /);
  });

  it('lets nobody make up who they are', async () => {
    const forged = { 'x-forwarded-client-cert': 'URI=spiffe://cluster.local/ns/shop/sa/admin' };
    assert.doesNotMatch((await callerSeen(80, forged)) ?? '', /admin/);
    assert.equal(await fromOutside(8080, forged), 200);
  });

  it('leaves servers that speak first, and applications with TLS of their own, as they are', async () => {
    assert.ok((await greeted()) < 900);
    assert.match((await caller.perform({ do: 'tls', host, port: 9443 })).text ?? '', /own TLS$/);
  });

  it('takes plaintext too as long as nothing else is said; a server that speaks first is heard after a second', async () => {
    assert.equal(await fromOutside(8080), 200);
    const waited = (await greetedOutside()) ?? 0;
    assert.ok(waited > 900 && waited < 3000, `${waited} ms`);
    const text = await new Promise((resolve, reject) => {
      const socket = connectTls({ host: podIP, port: 9443, rejectUnauthorized: false }, () => {
        socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      });
      socket.on('data', (chunk) => String(chunk).includes('own TLS') && resolve('own TLS'));
      socket.on('error', reject);
    });
    assert.equal(text, 'own TLS');
  });

  it('is all there is under STRICT: who has no certificate is refused, on ports of no Service too', async () => {
    const strict = peerAuthentication('strict', { mtls: { mode: 'STRICT' } }, inShop);
    await mesh.apply(strict);
    await until('plaintext is refused', async () => (await fromOutside(8080)) !== 200);
    assert.match(String(await fromOutside(8080)), /ECONNRESET|hang up/);
    assert.equal(await greetedOutside(), undefined);
    assert.match(String(await fromOutside(7777)), /ECONNRESET|hang up/);
    assert.match((await callerSeen()) ?? '', new RegExp(asCaller));
    assert.ok((await greeted()) < 900);
    assert.match((await caller.perform({ do: 'tls', host, port: 9443 })).text ?? '', /own TLS$/);
    await mesh.remove(strict);
    await until('plaintext is taken again', async () => (await fromOutside(8080)) === 200);
  });

  it('is not there under DISABLE, and nobody waits for it', async () => {
    const disabled = peerAuthentication('off', { mtls: { mode: 'DISABLE' } }, inShop);
    await mesh.apply(disabled);
    await until('plaintext', async () => (await callerSeen()) === undefined);
    assert.ok(((await greetedOutside()) ?? 5000) < 900);
    assert.ok((await greeted()) < 900);
    await mesh.remove(disabled);
    await until('mTLS again', () => callerSeen());
  });

  it('is decided by port where a PeerAuthentication that chooses the workload says so', async () => {
    await mesh.apply(
      peerAuthentication('of-namespace', { mtls: { mode: 'STRICT' } }, inShop) +
        peerAuthentication(
          'by-port',
          {
            selector: { matchLabels: { app: 'web' } },
            portLevelMtls: { 8081: { mode: 'DISABLE' }, 9000: { mode: 'PERMISSIVE' } },
          },
          inShop,
        ),
    );
    await until('plaintext on the one port', async () => (await callerSeen(81)) === undefined);
    await until('refused on the other', async () => (await fromOutside(8080)) !== 200);
    assert.equal(await fromOutside(8081), 200);
    assert.notEqual(await greetedOutside(), undefined);
    assert.match((await callerSeen()) ?? '', new RegExp(asCaller));
    await mesh.run('delete', 'peerauthentication', 'of-namespace', 'by-port', '-n', 'shop');
    await until('mTLS everywhere', () => callerSeen(81));
  });

  it('is all there is on one port that says STRICT, whatever the others take', async () => {
    const strictPort = peerAuthentication(
      'strict-port',
      {
        selector: { matchLabels: { app: 'web' } },
        portLevelMtls: { 8080: { mode: 'STRICT' }, 7777: { mode: 'STRICT' } },
      },
      inShop,
    );
    await mesh.apply(strictPort);
    await until('plaintext is refused', async () => (await fromOutside(8080)) !== 200);
    assert.match(String(await fromOutside(8080)), /ECONNRESET|hang up/);
    assert.match(String(await fromOutside(7777)), /ECONNRESET|hang up/);
    assert.equal(await fromOutside(8081), 200);
    assert.match((await callerSeen()) ?? '', new RegExp(asCaller));
    assert.match(await mesh.run('logs', 'web', '-n', 'shop', '-c', 'istio-proxy'), /"- - -" 0 UH .* BlackHoleCluster /);
    await mesh.remove(strictPort);
    await until('plaintext is taken again', async () => (await fromOutside(8080)) === 200);
  });

  it('is begun or left by a DestinationRule, whatever the workload would take', async () => {
    const rule = (mode: string, more = {}) =>
      destinationRule('web', { host, trafficPolicy: { tls: { mode, ...more } } });
    await mesh.apply(rule('DISABLE'));
    await until('plaintext', async () => (await callerSeen()) === undefined);
    await mesh.apply(rule('ISTIO_MUTUAL'));
    assert.match(await until('mTLS', () => callerSeen()), new RegExp(asCaller));
    await mesh.apply(rule('ISTIO_MUTUAL', { subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/other'] }));
    await until('nobody has that identity', async () => (await caller.perform({ do: 'http', host })).status === 503);
    await mesh.run('delete', 'destinationrule', 'web');
    await until('mTLS again', async () => (await caller.perform({ do: 'http', host })).status === 200);
  });

  it('comes and goes under load', async () => {
    const load = caller.perform({ do: 'load', host, ms: 12_000 });
    for (const mode of ['STRICT', 'PERMISSIVE', 'DISABLE', 'PERMISSIVE']) {
      await mesh.apply(peerAuthentication('switched', { mtls: { mode } }, inShop));
      await until(mode, async () => ((await callerSeen()) === undefined) === (mode === 'DISABLE'));
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    const { outcomes = {} } = await load;
    assert.deepEqual(Object.keys(outcomes), ['200']);
  });
});
