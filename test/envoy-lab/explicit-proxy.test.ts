// Programs that are told of an HTTP proxy, end to end: the real bootstrap and views drive a real Envoy. What is asked
// with a whole URL and by CONNECT, and that each is told of once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askProxy, exchangeOver, getInside, openTunnel, tlsInside } from '../support/proxy-client.ts';
import { type Mode, policy, portList, serviceEntry, startExplicitProxy } from './explicit-proxy-mesh.ts';

const modes = ['REGISTRY_ONLY', 'ALLOW_ANY'] as const;

const manifests = (mode: Mode, echo: number) =>
  [
    policy(mode),
    serviceEntry('a', `{ hosts: [a.example.test], ${portList('80/HTTP', '443/TLS')}, resolution: DNS }`),
    serviceEntry('db', `{ hosts: [db.example.test], ${portList(`3306/TCP>${echo}`)}, resolution: DNS }`),
  ].join('');

for (const mode of modes) {
  test(`${mode}: a whole URL reaches its host, whichever way the host is written, and is logged once`, async (t) => {
    const { proxy, http, nextLine, noMoreLines } = await startExplicitProxy(t, ({ echo }) => manifests(mode, echo));
    for (const host of [
      'a.example.test',
      'A.Example.TEST',
      'a.example.test.',
      'a.example.test:80',
      'a.example.test.:80',
    ]) {
      assert.equal((await askProxy(proxy, `http://${host}/x`)).status, 200, host);
      assert.match(
        await nextLine(),
        /"GET \/x HTTP\/1.1" 200 .* outbound\|80\|\|a\.example\.test .* 127\.0\.0\.1:\d+ - default$/,
      );
    }
    assert.equal(http.requests.items.length, 5);
    await noMoreLines();
  });

  test(`${mode}: nothing of Envoy or of the mesh leaves with a request`, async (t) => {
    const { proxy, http } = await startExplicitProxy(t, ({ echo }) => manifests(mode, echo));
    const headers = {
      'x-envoy-handed-over': '1',
      'x-forwarded-for': '1.2.3.4',
      'x-envoy-max-retries': '9',
      'proxy-connection': 'keep-alive',
      'proxy-authorization': 'Basic bWU6bWU=',
    };
    const answer = await askProxy(proxy, 'http://a.example.test/', { method: 'POST', headers, body: 'body' });
    assert.equal(answer.status, 200);
    const request = await http.requests.next();
    assert.equal(request.body.toString(), 'body');
    assert.deepEqual([...request.headers.keys()].sort(), ['content-length', 'host']);
  });

  test(`${mode}: CONNECT for TLS, from end to end, and for raw TCP`, async (t) => {
    const { proxy, echo, nextLine, noMoreLines } = await startExplicitProxy(t, (ports) => manifests(mode, ports.echo));
    for (const target of ['a.example.test:443', 'A.EXAMPLE.test.:443']) {
      const { status, socket } = await openTunnel(proxy, target);
      assert.equal(status, 200);
      const tls = await tlsInside(socket, 'a.example.test');
      assert.ok(tls);
      assert.match(await exchangeOver(tls, getInside('a.example.test')), /^HTTP\/1\.1 200 [\s\S]*outside$/);
      assert.match(await nextLine(), / outbound\|443\|\|a\.example\.test /);
    }
    const { socket } = await openTunnel(proxy, 'db.example.test:3306');
    assert.equal(await exchangeOver(socket, 'hello', (text) => text === 'hello'), 'hello');
    assert.equal(echo.connections.items.length, 1);
    assert.match(await nextLine(), /"CONNECT - HTTP\/1.1" 200 .* outbound\|3306\|\|db\.example\.test /);
    await noMoreLines();
  });
}

test('REGISTRY_ONLY: what is not registered: 502 for a URL, 403 for CONNECT, both at once', async (t) => {
  const { proxy, nextLine, noMoreLines, http } = await startExplicitProxy(t, ({ echo }) =>
    manifests('REGISTRY_ONLY', echo),
  );
  for (const url of ['http://other.example.test/', 'http://a.example.test:8080/', 'http://a.example.test:443/']) {
    const { status, headers, body } = await askProxy(proxy, url, { headers: { 'x-envoy-handed-over': '1' } });
    assert.deepEqual([status, headers['server'], body], [502, 'envoy', ''], url);
    assert.match(await nextLine(), /"GET \/ HTTP\/1.1" 502 - direct_response .* block_all$/);
  }
  for (const target of [
    'other.example.test:443',
    'a.example.test:444',
    'other.example.test:80',
    '127.0.0.1:80',
    '[::1]:443',
  ]) {
    const { status, head, ms } = await openTunnel(proxy, target);
    assert.equal(status, 403, target);
    assert.match(head, /\r\nserver: envoy\r\n/);
    assert.ok(ms < 500);
    assert.match(await nextLine(), /"CONNECT - HTTP\/1.1" 403 - direct_response .* block_connect$/);
  }
  await noMoreLines();
  assert.equal(http.connections.items.length, 0);
});

test('ALLOW_ANY: what is not registered passes through, on any port', async (t) => {
  const { proxy, echo, http, nextLine, noMoreLines } = await startExplicitProxy(t, (ports) =>
    manifests('ALLOW_ANY', ports.echo),
  );
  assert.equal((await askProxy(proxy, `http://other.example.test:${http.port}/`)).status, 200);
  assert.equal((await http.requests.next()).host, `other.example.test:${http.port}`);
  assert.match(await nextLine(), / PassthroughCluster .* allow_any$/);
  const { socket } = await openTunnel(proxy, `other.example.test:${echo.port}`);
  assert.equal(await exchangeOver(socket, 'hello', (text) => text === 'hello'), 'hello');
  assert.match(await nextLine(), /"CONNECT - HTTP\/1.1" 200 .* PassthroughCluster .* allow_any$/);
  assert.equal((await openTunnel(proxy, 'nowhere.example.test:443')).status, 503);
  await nextLine();
  await noMoreLines();
});

test('ALLOW_ANY: a port rule leads what is not registered to its port, and the Host stays', async (t) => {
  const { proxy, http, nextLine } = await startExplicitProxy(t, () => policy('ALLOW_ANY'));
  assert.equal((await askProxy(proxy, 'http://other.example.test/')).status, 200);
  assert.equal((await http.requests.next()).host, 'other.example.test');
  assert.match(await nextLine(), / PassthroughCluster /);
  const { socket } = await openTunnel(proxy, 'OTHER.example.test:443');
  const tls = await tlsInside(socket, 'other.example.test');
  assert.ok(tls);
  assert.match(await exchangeOver(tls, getInside('other.example.test')), /^HTTP\/1\.1 200 /);
  assert.match(await nextLine(), / PassthroughCluster /);
});
