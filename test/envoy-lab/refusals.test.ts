// What Envoy keeps, takes and says when it refuses a delta response, type by type: discovery's way to the resource at fault
// (src/discovery/refusals.ts) is built on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvoyProcess, type Scope, startEnvoy } from '../support/envoy-process.ts';
import { until } from '../support/until.ts';
import {
  adsBootstrap,
  startXdsScript,
  type XdsAnswer,
  type XdsResource,
  type XdsStream,
} from '../support/xds-script.ts';
import { adsSource, type Json, listener, loadAssignment, staticCluster, tcpProxy, virtualHost } from './envoy-json.ts';
import { routeConfiguration, startUnanswered, startVhdsMesh } from './vhds-mesh.ts';

async function startDynamic(t: Scope) {
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true, lds: true });
  const bootstrap = { dynamic_resources, static_resources: { clusters: [xdsCluster] } };
  const [envoy, stream] = await Promise.all([startEnvoy({ t, bootstrap, waitFor: 'admin' }), xds.nextStream()]);
  return { envoy, stream };
}

/** Envoy's words on a response that it refuses. */
async function refusal(stream: XdsStream, answer: XdsAnswer): Promise<string> {
  return stream.push(answer).then(
    () => assert.fail('it was accepted'),
    (error: unknown) => String(error),
  );
}

const named = (value: Json): XdsResource => ({ name: String(value['name'] ?? value['cluster_name']), value });
const cluster = (name: string) => named(staticCluster(name, 1));
const unresolvable = (name: string) =>
  named({ ...staticCluster(name, 1), load_assignment: loadAssignment(name, 'no-address', 1) });
const assignment = (name: string, address: string) => named(loadAssignment(name, address, 1));

async function clusters(envoy: EnvoyProcess): Promise<readonly string[]> {
  const page = await envoy.admin('/clusters');
  const names = page.matchAll(/^(\w+)::default_priority::max_connections/gm);
  return [...new Set([...names].map(([, name = '']) => name))].filter((name) => name !== 'xds').sort();
}

test('CDS: the good ones are taken, removals too, and the bad ones named', async (t) => {
  const { envoy, stream } = await startDynamic(t);
  await stream.push({ type: 'CDS', resources: [cluster('gone')] });
  const resources = [cluster('a'), unresolvable('bad'), cluster('b'), unresolvable('worse')];
  const words = await refusal(stream, { type: 'CDS', resources, removed: ['gone'] });
  assert.match(words, /Error adding\/updating cluster\(s\) bad: malformed IP address: no-address.*, worse: malformed/);
  assert.deepEqual(await clusters(envoy), ['a', 'b']);
});

test('CDS: a broken bound of the schema lets the whole response down', async (t) => {
  const { envoy, stream } = await startDynamic(t);
  await stream.push({ type: 'CDS', resources: [cluster('stays')] });
  const bad = named({ ...staticCluster('bad', 1), connect_timeout: '0s' });
  const words = await refusal(stream, { type: 'CDS', resources: [cluster('a'), bad], removed: ['stays'] });
  assert.match(words, /name: "bad"[\s\S]*ClusterValidationError\.ConnectTimeout: value must be greater than/);
  assert.deepEqual(await clusters(envoy), ['stays']);
});

test('LDS: the good ones are taken and the bad ones named', async (t) => {
  const { envoy, stream } = await startDynamic(t);
  await stream.push({ type: 'CDS', resources: [cluster('a')] });
  const tcp = (name: string, address = '127.0.0.1') => {
    const socket_address = { address, port_value: 0 };
    return named({ ...listener(name, { filter_chains: [{ filters: [tcpProxy('a')] }] }), address: { socket_address } });
  };
  const words = await refusal(stream, { type: 'LDS', resources: [tcp('one'), tcp('bad', '192.0.2.77'), tcp('two')] });
  assert.match(words, /Error adding\/updating listener\(s\) bad: cannot bind '192\.0\.2\.77:0'/);
  await until('the good ones listen', async () => {
    const page = await envoy.admin('/listeners');
    return page.includes('one::') && page.includes('two::') && !page.includes('bad::');
  });
});

test('EDS: one bad assignment may let the others down, and nothing names it', async (t) => {
  const { stream } = await startDynamic(t);
  const byEds = (name: string) =>
    named({ name, type: 'EDS', connect_timeout: '1s', eds_cluster_config: { eds_config: adsSource } });
  stream.send({ type: 'CDS', resources: ['e1', 'e2', 'e3'].map(byEds) });
  await stream.subscription('EDS');
  const resources = [assignment('e1', '127.0.0.1'), assignment('e2', 'no-address'), assignment('e3', '127.0.0.3')];
  const words = await refusal(stream, { type: 'EDS', resources });
  assert.match(words, /malformed IP address: no-address/);
  assert.doesNotMatch(words, /\be[123]\b/);
  for (const resource of resources.filter(({ name }) => name !== 'e2')) {
    await stream.push({ type: 'EDS', resources: [resource] });
  }
});

test('RDS: what was in force stays, and the others go through when they come again', async (t) => {
  const { stream } = await startUnanswered(t, ['80', '81']);
  await stream.subscription('RDS');
  const bad = routeConfiguration('81');
  const twice = {
    ...bad,
    value: { ...bad.value, virtual_hosts: [virtualHost('a', ['*'], 'up'), virtualHost('b', ['*'], 'up')] },
  };
  const words = await refusal(stream, { type: 'RDS', resources: [routeConfiguration('80'), twice] });
  assert.match(words, /Only a single wildcard domain is permitted in route 81/);
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80')] });
  await stream.push({ type: 'VHDS', removed: ['80/none'] });
});

test('VHDS: nothing of a refused response holds, removals neither', async (t) => {
  const { stream, envoy } = await startVhdsMesh(t, ['stays.test']);
  const good = { name: '80/good', value: virtualHost('80/good', ['good.test'], 'up') };
  const same = { name: '80/same', value: virtualHost('80/same', ['good.test'], 'up') };
  const words = await refusal(stream, { type: 'VHDS', resources: [good, same], removed: ['80/stays.test'] });
  assert.match(words, /Duplicate entry of domain good\.test in route 80/);
  const routes = await envoy.admin('/config_dump?resource=dynamic_route_configs');
  assert.match(routes, /80\/stays\.test/);
  assert.doesNotMatch(routes, /good\.test/);
  await stream.push({ type: 'VHDS', removed: ['80/stays.test'] });
  await stream.push({ type: 'VHDS', resources: [good] });
});
