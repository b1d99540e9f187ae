// The traps of VHDS and of coming back, on a real Envoy: each test fails if discovery waits for what Envoy never says.
// Envoy's own time-outs are set long here, so that nothing passes because of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { test } from 'node:test';
import { silentLog, startDiscovery, type TestDiscovery } from '../../test/support/discovery.ts';
import { type EnvoyProcess, type Scope, startEnvoy } from '../../test/support/envoy-process.ts';
import { httpCall } from '../../test/support/http-client.ts';
import { memoryViews, testProxy } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { encodeResource, type ResourceType } from '../../test/support/xds-resource.ts';
import { adsBootstrap } from '../../test/support/xds-script.ts';
import { createDiscovery } from './discovery.ts';
import { type Resource, typeUrls } from './view.ts';

const ads = { ads: {}, resource_api_version: 'V3' };

function envoyResource(type: ResourceType, name: string, value: Readonly<Record<string, unknown>>): Resource {
  const bytes = encodeResource(type, { name, ...value });
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { name, version, bytes, origins: [`Test/default/${name}`], ...(type === 'RDS' ? { vhds: true } : {}) };
}

/** A listener on a port of its own, with the routes of that name. */
function listener(route: string): Resource {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'test',
    rds: { config_source: ads, route_config_name: route },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  return envoyResource('LDS', `listener-${route}`, { address, filter_chains: [{ filters }] });
}

const answer = (status: number) => ({ match: { prefix: '/' }, direct_response: { status } });

function route(name: string, blocked = 502): Resource {
  const blockAll = { name: 'block_all', domains: ['*'], routes: [answer(blocked)] };
  return envoyResource('RDS', name, { virtual_hosts: [blockAll], vhds: { config_source: ads } });
}

function host(routeName: string, name: string): Resource {
  return envoyResource('VHDS', `${routeName}/${name}`, { domains: [name], routes: [answer(200)] });
}

function bootEnvoy(t: Scope, { socketPath, nodeId }: TestDiscovery, args: readonly string[] = []) {
  const { xdsCluster, dynamic_resources } = adsBootstrap(socketPath, { cds: true, lds: true });
  const node = { id: nodeId, cluster: 'test' };
  const bootstrap = { node, dynamic_resources, static_resources: { clusters: [xdsCluster] } };
  return startEnvoy({ t, bootstrap, args });
}

const statusOf = async (port: number, name: string, agent?: Agent) =>
  (await httpCall({ port, host: name, ...(agent === undefined ? {} : { agent }) })).status;

/** Milliseconds until the host is answered so. */
async function answers(envoy: EnvoyProcess, routeName: string, name: string, status: number): Promise<number> {
  const started = performance.now();
  await until(`${name} is answered ${status}`, async () => {
    const port = await envoy.listenerPort(`listener-${routeName}`);
    return (await statusOf(port, name)) === status;
  });
  return performance.now() - started;
}

test('cold start without a single host: the listener lives at once', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({ listener: { set: [listener('80')] }, route: { set: [route('80')] } });
  const envoy = await bootEnvoy(t, server);
  assert.ok((await answers(envoy, '80', 'a.test', 502)) < 5000);
});

test('hosts come and go under traffic, without a lost request or connection', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'stays.test')] },
  });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'stays.test', 200);
  const port = await envoy.listenerPort('listener-80');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (let round = 0; round < 30; round++) {
    server.view.change({ virtualHost: { set: [host('80', `h${round}.test`)] } });
    await until('the host is allowed', async () => {
      assert.equal(await statusOf(port, 'stays.test', agent), 200);
      return (await statusOf(port, `h${round}.test`, agent)) === 200;
    });
  }
  server.view.change({ virtualHost: { remove: ['80/h7.test'] } });
  await answers(envoy, '80', 'h7.test', 502);
  assert.equal(await statusOf(port, 'h8.test'), 200);
});

test('a second RouteConfiguration that comes later has its hosts, and its listener lives', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({ listener: { set: [listener('80')] }, route: { set: [route('80')] } });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'a.test', 502);
  server.view.change({
    listener: { set: [listener('81'), listener('82')] },
    route: { set: [route('81'), route('82')] },
    virtualHost: { set: [host('81', 'a.test')] },
  });
  assert.ok((await answers(envoy, '81', 'a.test', 200)) < 5000);
  assert.ok((await answers(envoy, '82', 'a.test', 502)) < 5000);
});

test('a RouteConfiguration that Envoy drops and asks for again has its hosts again', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'a.test')] },
  });
  const envoy = await bootEnvoy(t, server, ['--drain-time-s', '1']);
  await answers(envoy, '80', 'a.test', 200);
  server.view.change({ listener: { remove: ['listener-80'] } });
  // A removed listener drains before its routes are dropped.
  await until('the routes are dropped', () => {
    return server.discovery.proxies()[0]?.types.get(typeUrls.route)?.resources === 0;
  });
  server.view.change({ virtualHost: { set: [host('80', 'b.test')] } });
  server.view.change({ listener: { set: [listener('80')] } });
  assert.ok((await answers(envoy, '80', 'a.test', 200)) < 5000);
  assert.ok((await answers(envoy, '80', 'b.test', 200)) < 5000);
});

test('a listener replaced before the old one has drained has the hosts', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'a.test')] },
  });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'a.test', 200);
  for (let round = 0; round < 5; round++) {
    server.view.change({ listener: { remove: ['listener-80'] } });
    await until('the listener is gone', async () => !(await envoy.admin('/listeners')).includes('listener-80'));
    server.view.change({ listener: { set: [listener('80')] }, virtualHost: { set: [host('80', `h${round}.test`)] } });
    assert.ok((await answers(envoy, '80', 'a.test', 200)) < 5000);
    assert.ok((await answers(envoy, '80', `h${round}.test`, 200)) < 5000);
  }
});

test('what was taken away while no control plane was there is gone when it is back, and it is back at once', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    cluster: { set: [envoyResource('CDS', 'any', { type: 'STATIC' })] },
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'a.test'), host('80', 'gone.test')] },
  });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'gone.test', 200);
  await server.discovery.close();
  server.view.change({ virtualHost: { set: [host('80', 'new.test')], remove: ['80/gone.test'] } });
  assert.equal(await statusOf(await envoy.listenerPort('listener-80'), 'gone.test'), 200);

  const pushes = new Map<string, number>();
  const log = silentLog.child({}, { level: 'silent' });
  log.debug = (fields: unknown) => {
    if (typeof fields !== 'object' || fields === null || !('type' in fields) || !('updated' in fields)) return;
    pushes.set(String(fields.type), Number(fields.updated) + (pushes.get(String(fields.type)) ?? 0));
  };
  const again = createDiscovery({ views: memoryViews(server.view), bootId: 'second boot', log });
  t.after(() => again.close());
  const started = performance.now();
  await again.serveProxy({ identity: testProxy('echo'), socketPath: server.socketPath });
  await until('the proxy is back', () => again.proxies().length === 1);
  assert.ok(performance.now() - started < 2000);
  await answers(envoy, '80', 'gone.test', 502);
  await answers(envoy, '80', 'new.test', 200);
  assert.equal(await statusOf(await envoy.listenerPort('listener-80'), 'a.test'), 200);
  // Only the one host that is new was sent.
  assert.deepEqual(Object.fromEntries(pushes), { [typeUrls.virtualHost]: 1 });
});

test('a refused host leaves the last good one in force, and the others go on', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'a.test')] },
  });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'a.test', 200);
  const bad = envoyResource('VHDS', '80/a.test', { domains: ['a.test'], routes: [{ match: { prefix: '/' } }] });
  server.view.change({ virtualHost: { set: [bad, host('80', 'companion.test')] } });
  const status = await until('the refusal is shown', () => {
    const found = server.discovery.proxies()[0]?.types.get(typeUrls.virtualHost);
    return found?.state === 'ERROR' && found;
  });
  assert.deepEqual(
    status.refused?.map(({ origins }) => origins),
    [['Test/default/80/a.test']],
  );
  // The other one of the response waits for nobody.
  await answers(envoy, '80', 'companion.test', 200);
  server.view.change({ virtualHost: { set: [host('80', 'b.test')] } });
  await answers(envoy, '80', 'b.test', 200);
  assert.equal(await statusOf(await envoy.listenerPort('listener-80'), 'a.test'), 200);
});

test('a bad resource of each type is found, and holds nothing else up: not its companions, not what came with it, not the next change', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({ listener: { set: [listener('80')] }, route: { set: [route('80')] } });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'a.test', 502);
  const twice = { name: 'twice', domains: ['*'], routes: [answer(200)] };
  server.view.change({
    // It breaks a bound of the schema, so that Envoy takes nothing of the response.
    cluster: { set: [envoyResource('CDS', 'c-bad', { connect_timeout: '-1s' }), envoyResource('CDS', 'c-good', {})] },
    listener: {
      set: [
        envoyResource('LDS', 'l-bad', { address: { socket_address: { address: '192.0.2.77', port_value: 80 } } }),
        listener('81'),
        listener('82'),
      ],
    },
    route: {
      set: [
        envoyResource('RDS', '81', { virtual_hosts: [twice, { ...twice, name: 'again' }] }),
        route('82'),
        // The policy changes with it.
        route('80', 503),
      ],
    },
    virtualHost: {
      set: [
        host('80', 'a.test'),
        envoyResource('VHDS', '80/bad', { domains: ['b.test', 'b.test'], routes: [answer(200)] }),
      ],
    },
  });
  await answers(envoy, '80', 'a.test', 200);
  await answers(envoy, '80', 'other.test', 503);
  await answers(envoy, '82', 'other.test', 502);
  const types = await until('the bad ones are found', () => {
    const found = server.discovery.proxies()[0]?.types;
    const refused = [...(found?.values() ?? [])].flatMap(({ refused = [] }) => refused.map(({ name }) => name));
    return refused.length === 4 && { found, refused };
  });
  assert.deepEqual(types.refused.toSorted(), ['80/bad', '81', 'c-bad', 'l-bad']);
  assert.match(await envoy.admin('/clusters'), /^c-good::/m);
  const syncOf = server.discovery.syncs(server.nodeId, typeUrls.cluster);
  const clusters = [...server.view.resources(typeUrls.cluster).values()];
  assert.deepEqual(
    clusters.map((cluster) => [cluster.name, syncOf?.(cluster).state]),
    [
      ['c-bad', 'ERROR'],
      ['c-good', 'SYNCED'],
    ],
  );

  server.view.change({
    cluster: { remove: ['c-bad'] },
    listener: { set: [listener('83')], remove: ['l-bad', 'listener-81'] },
    route: { set: [route('83')], remove: ['81'] },
    virtualHost: { remove: ['80/bad', '80/a.test'] },
  });
  await answers(envoy, '83', 'other.test', 502);
  await answers(envoy, '80', 'a.test', 503);
  await until('nothing is refused any more', () => {
    const states = [...(server.discovery.proxies()[0]?.types.values() ?? [])].map(({ state }) => state);
    return states.every((state) => state === 'SYNCED');
  });
});

test('a switch of the catch-all keeps the hosts', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({
    listener: { set: [listener('80')] },
    route: { set: [route('80')] },
    virtualHost: { set: [host('80', 'a.test')] },
  });
  const envoy = await bootEnvoy(t, server);
  await answers(envoy, '80', 'a.test', 200);
  server.view.change({ route: { set: [route('80', 503)] } });
  await answers(envoy, '80', 'other.test', 503);
  assert.equal(await statusOf(await envoy.listenerPort('listener-80'), 'a.test'), 200);
});
