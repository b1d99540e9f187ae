// What is inside a CONNECT: under REGISTRY_ONLY the name that TLS or HTTP shows there is judged, not the one that CONNECT
// named; under ALLOW_ANY nothing breaks that would work without us.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scope } from '../support/envoy-process.ts';
import { exchangeOver, getInside, openTunnel, tlsInside } from '../support/proxy-client.ts';
import { type Mode, policy, portList, serviceEntry, startExplicitProxy } from './explicit-proxy-mesh.ts';

/** a: HTTP and TLS; b: TLS; db: a port whose protocol is sniffed; wild: HTTP and TLS, resolved by us. */
function start(t: Scope, mode: Mode) {
  return startExplicitProxy(t, ({ echo }) =>
    [
      policy(mode, '127.0.78.0/24'),
      serviceEntry('a', `{ hosts: [a.example.test], ${portList('80/HTTP', '443/TLS')}, resolution: DNS }`),
      serviceEntry('b', `{ hosts: [b.example.test], ${portList('443/TLS')}, resolution: DNS }`),
      serviceEntry('db', `{ hosts: [db.example.test], ${portList(`3306/auto>${echo}`)}, resolution: DNS }`),
    ].join(''),
  );
}

test('REGISTRY_ONLY: the SNI inside decides: another registered host is reached, none other', async (t) => {
  const { proxy, https, nextLine, noMoreLines } = await start(t, 'REGISTRY_ONLY');
  const lying = await openTunnel(proxy, 'a.example.test:443');
  const tls = await tlsInside(lying.socket, 'b.example.test');
  assert.ok(tls);
  await exchangeOver(tls, getInside('b.example.test'));
  assert.equal((await https.connections.next()).sni, 'b.example.test');
  assert.match(await nextLine(), / outbound\|443\|\|b\.example\.test .* b\.example\.test -$/);
  for (const sni of ['other.example.test', undefined]) {
    const tunnel = await openTunnel(proxy, 'a.example.test:443');
    assert.equal(await tlsInside(tunnel.socket, sni), undefined);
    assert.match(await nextLine(), /"- - -" 0 (NC|UH) /);
  }
  await noMoreLines();
  assert.equal(https.connections.items.length, 1);
});

test('REGISTRY_ONLY: plain bytes in a CONNECT for TLS go nowhere', async (t) => {
  const { proxy, nextLine, https } = await start(t, 'REGISTRY_ONLY');
  const { socket } = await openTunnel(proxy, 'b.example.test:443');
  assert.equal(await exchangeOver(socket, 'neither TLS nor HTTP\r\n\r\n'), '');
  assert.match(await nextLine(), /"- - -" 0 UH .* BlackHoleCluster /);
  assert.equal(https.connections.items.length, 0);
});

test('HTTP inside a CONNECT is judged and logged request by request', async (t) => {
  const { proxy, nextLine, noMoreLines, http } = await start(t, 'REGISTRY_ONLY');
  const { socket } = await openTunnel(proxy, 'a.example.test:80');
  const requests = `${getInside('other.example.test').replace('Connection: close\r\n', '')}${getInside('a.example.test')}`;
  const answers = await exchangeOver(socket, requests);
  assert.match(answers, /^HTTP\/1\.1 502 [\s\S]*HTTP\/1\.1 200 /);
  assert.match(await nextLine(), /"GET \/inside HTTP\/1.1" 502 - direct_response /);
  assert.match(
    await nextLine(),
    /"GET \/inside HTTP\/1.1" 200 .* outbound\|80\|\|a\.example\.test .* 127\.0\.77\.1:\d+ 127\.0\.0\.1:\d+ /,
  );
  await noMoreLines();
  assert.equal(http.requests.items.length, 1);
});

test('what is not HTTP on a port for HTTP: nowhere under REGISTRY_ONLY, to the host under ALLOW_ANY', async (t) => {
  for (const mode of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
    const { proxy, nextLine } = await start(t, mode);
    const { socket } = await openTunnel(proxy, 'a.example.test:80');
    const answer = await exchangeOver(socket, '\x16\x03\x01 something\r\n\r\n', (text) => text.length > 0);
    if (mode === 'REGISTRY_ONLY') assert.equal(answer, '');
    else assert.match(answer, /^HTTP\/1\.1 400 /, 'the server itself answers');
    assert.match(
      await nextLine(),
      mode === 'REGISTRY_ONLY' ? / BlackHoleCluster / : / outbound\|80\|\|a\.example\.test /,
    );
  }
});

test('a port whose protocol is found out: bytes go to the service that was asked for', async (t) => {
  const { proxy, nextLine, noMoreLines } = await start(t, 'REGISTRY_ONLY');
  const { socket } = await openTunnel(proxy, 'db.example.test:3306');
  assert.equal(await exchangeOver(socket, '\x01\x02hello', (text) => text.length > 6), '\x01\x02hello');
  assert.match(await nextLine(), /"- - -" 0 .* outbound\|3306\|\|db\.example\.test /);
  await noMoreLines();
});

test('ALLOW_ANY: any SNI and none at all in a CONNECT for TLS', async (t) => {
  const { proxy, nextLine } = await start(t, 'ALLOW_ANY');
  for (const sni of ['a.example.test', 'other.example.test', undefined]) {
    const { socket } = await openTunnel(proxy, 'a.example.test:443');
    const tls = await tlsInside(socket, sni);
    assert.ok(tls, sni);
    await exchangeOver(tls, getInside('a.example.test'));
    assert.match(await nextLine(), / outbound\|443\|\|a\.example\.test /);
  }
});
