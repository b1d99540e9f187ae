// Where names and addresses may lead under proxy capture: the guard judges what a program asked for, by URL or CONNECT,
// before anything is dialled; services that are known by their addresses are reached by them; wildcards by any name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOutsideTcp } from '../support/outside-server.ts';
import { askProxy, exchangeOver, getInside, openTunnel, tlsInside } from '../support/proxy-client.ts';
import {
  forbiddenAddress,
  outsideAddress,
  policy,
  portList,
  serviceEntry,
  startExplicitProxy,
} from './explicit-proxy-mesh.ts';

const names = { 'forbidden.example.test': forbiddenAddress, 'two.wild.test': forbiddenAddress };

test('ALLOW_ANY: loopback, link-local and mapped addresses are refused, by name and by number', async (t) => {
  const forbidden = await startOutsideTcp({ t, address: forbiddenAddress });
  const { proxy, nextLine } = await startExplicitProxy(t, () => policy('ALLOW_ANY'), { names });
  const { port } = forbidden;
  const targets = [forbiddenAddress, 'forbidden.example.test', '127.0.0.1', '169.254.169.254'];
  for (const host of targets) {
    assert.equal((await openTunnel(proxy, `${host}:${port}`)).status, 403, host);
    assert.match(
      await nextLine(),
      /"CONNECT - HTTP\/1.1" 403 - rbac_access_denied_matched_policy\[address-not-external\]/,
    );
    assert.equal((await askProxy(proxy, `http://${host}:${port}/`)).status, 403, host);
    await nextLine();
  }
  // IPv6 is not dialled at all.
  for (const host of ['[::1]', '[::ffff:127.0.0.1]']) {
    assert.equal((await openTunnel(proxy, `${host}:${port}`)).status, 503, host);
    assert.equal((await askProxy(proxy, `http://${host}:${port}/`)).status, 503, host);
  }
  assert.equal(forbidden.connections.items.length, 0);
});

test('a proxy that is asked for itself does not ask itself', async (t) => {
  const { proxy } = await startExplicitProxy(t, () => policy('ALLOW_ANY', '127.0.0.0/8'));
  assert.equal((await askProxy(proxy, 'http://127.0.77.1:15001/')).status, 502);
  assert.equal((await openTunnel(proxy, 'localhost:15001')).status, 403);
});

test('REGISTRY_ONLY: a registered name that leads to loopback is refused, on ports for HTTP and TCP', async (t) => {
  const forbidden = await startOutsideTcp({ t, address: forbiddenAddress });
  const { proxy, nextLine } = await startExplicitProxy(
    t,
    () =>
      policy('REGISTRY_ONLY') +
      serviceEntry(
        'f',
        `{ hosts: [forbidden.example.test], ${portList(`80/HTTP>${forbidden.port}`, `3306/TCP>${forbidden.port}`)}, resolution: DNS }`,
      ),
    { names },
  );
  assert.equal((await askProxy(proxy, 'http://forbidden.example.test/')).status, 403);
  await nextLine();
  assert.equal((await openTunnel(proxy, 'forbidden.example.test:3306')).status, 403);
  assert.match(
    await nextLine(),
    / 403 - rbac_access_denied_matched_policy\[address-not-external\] .* outbound\|3306\|\|forbidden\.example\.test /,
  );
  assert.equal(forbidden.connections.items.length, 0);
});

for (const mode of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
  test(`${mode}: a wildcard: names below it, with its guard, and one that a rule leads to another port`, async (t) => {
    const forbidden = await startOutsideTcp({ t, address: forbiddenAddress });
    const { proxy, http, https, nextLine } = await startExplicitProxy(
      t,
      (ports) =>
        policy(mode) +
        serviceEntry(
          'wild',
          `{ hosts: ['*.wild.test'], ${portList('80/HTTP', '443/TLS', `${forbidden.port}/TLS`, `${ports.https}/TLS`, `${ports.http}/HTTP`)}, resolution: NONE }`,
        ),
      { names: { ...names, 'any.wild.test': outsideAddress } },
    );
    // By rule, on the ports that the rule maps.
    assert.equal((await askProxy(proxy, 'http://one.wild.test/')).status, 200);
    await nextLine();
    const mapped = await openTunnel(proxy, 'one.wild.test:443');
    const tls = await tlsInside(mapped.socket, 'one.wild.test');
    assert.ok(tls);
    await exchangeOver(tls, getInside('one.wild.test'));
    assert.match(await nextLine(), / outbound\|443\|\|(one|\*)\.wild\.test /);
    // By the name alone.
    assert.equal((await askProxy(proxy, `http://any.wild.test:${http.port}/`)).status, 200);
    assert.match(await nextLine(), / outbound\|\d+\|\|\*\.wild\.test /);
    const plain = await openTunnel(proxy, `any.wild.test:${http.port}`);
    assert.match(await exchangeOver(plain.socket, getInside(`any.wild.test:${http.port}`)), /^HTTP\/1\.1 200 /);
    assert.match(await nextLine(), / outbound\|\d+\|\|\*\.wild\.test /);
    const secure = await openTunnel(proxy, `any.wild.test:${https.port}`);
    const inside = await tlsInside(secure.socket, 'any.wild.test');
    assert.ok(inside);
    await exchangeOver(inside, getInside('any.wild.test'));
    assert.match(await nextLine(), / outbound\|\d+\|\|\*\.wild\.test /);
    // The guard.
    const guarded = await openTunnel(proxy, `two.wild.test:${forbidden.port}`);
    if (mode === 'ALLOW_ANY') assert.equal(guarded.status, 403);
    else assert.equal(await tlsInside(guarded.socket, 'two.wild.test'), undefined);
    assert.match(await nextLine(), /rbac_access_denied_matched_policy\[address-private\]/);
    assert.equal(forbidden.connections.items.length, 0);
  });
}

test('REGISTRY_ONLY: services known by addresses and ranges are reached by them, others on the port are not', async (t) => {
  const { proxy, echo, https, nextLine } = await startExplicitProxy(
    t,
    ({ echo: tcp, https: tls }) =>
      [
        policy('REGISTRY_ONLY'),
        serviceEntry(
          'one',
          `{ hosts: [tcp.internal], addresses: [${outsideAddress}], ${portList(`${tcp}/TCP`)}, resolution: NONE }`,
        ),
        serviceEntry(
          'range',
          `{ hosts: [tls.internal], addresses: [127.0.78.0/28], ${portList(`${tls}/TLS`)}, resolution: NONE }`,
        ),
        serviceEntry(
          'to',
          `{ hosts: [static.internal], addresses: [192.0.2.7], ${portList('3306/TCP')}, resolution: STATIC, endpoints: [{ address: ${outsideAddress}, ports: { p3306: ${tcp} } }] }`,
        ),
      ].join(''),
    { names: { 'tls.internal': outsideAddress } },
  );
  const byAddress = await openTunnel(proxy, `${outsideAddress}:${echo.port}`);
  assert.equal(await exchangeOver(byAddress.socket, 'one', (text) => text === 'one'), 'one');
  assert.match(await nextLine(), / outbound\|\d+\|original-destination\|tcp\.internal /);
  const mapped = await openTunnel(proxy, '192.0.2.7:3306');
  assert.equal(await exchangeOver(mapped.socket, 'two', (text) => text === 'two'), 'two');
  assert.match(await nextLine(), / outbound\|3306\|\|static\.internal /);
  const inRange = await openTunnel(proxy, `${outsideAddress}:${https.port}`);
  const tls = await tlsInside(inRange.socket, 'tls.internal');
  assert.ok(tls);
  await exchangeOver(tls, getInside('tls.internal'));
  assert.match(await nextLine(), / outbound\|\d+\|original-destination\|tls\.internal /);
  assert.equal((await openTunnel(proxy, `127.0.78.16:${https.port}`)).status, 403);
  assert.equal((await openTunnel(proxy, `192.0.2.8:3306`)).status, 403);
});
