// How the text of a Host chooses the virtual host, and what of it goes out (security-facts H3 to H5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { rawExchange } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { blockAll, httpListener, type Json, staticCluster, virtualHost } from './envoy-json.ts';

/** A function that asks with this Host and tells the status and the Host that came out. */
async function start(t: Scope, manager: Json, routes: Json) {
  const outside = await startOutsideHttp({ t });
  const hosts = [virtualHost('a', ['a.test'], 'up'), virtualHost('wild', ['*.wild.test'], 'up'), blockAll()];
  const routeConfig = { name: '80', virtual_hosts: hosts, ...routes };
  // After an answer of its own Envoy would wait a second for the other side to close.
  const common = { route_config: routeConfig, delayed_close_timeout: '0.01s' };
  const listeners = [httpListener('80', { manager: { ...manager, ...common } })];
  const clusters = [staticCluster('up', outside.port)];
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters, listeners } } });
  const port = await envoy.listenerPort('80');
  return async (host: string, target = '/'): Promise<string> => {
    const answer = await rawExchange(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const status = answer.slice(9, 12);
    return status === '200' ? `200 ${(await outside.requests.next()).host}` : status;
  };
}

test('as it comes, a dot at the end or a port makes another host of it', async (t) => {
  const ask = await start(t, {}, {});
  assert.equal(await ask('a.test'), '200 a.test');
  assert.equal(await ask('A.Test'), '200 A.Test');
  for (const host of ['a.test.', 'a.test:80', 'a.test.:80', 'x.wild.test.']) assert.equal(await ask(host), '502', host);
});

test('strip_trailing_host_dot and ignore_port_in_host_matching give every spelling the decision of the plain host', async (t) => {
  const ask = await start(t, { strip_trailing_host_dot: true }, { ignore_port_in_host_matching: true });
  const expected = {
    'a.test': '200 a.test',
    'a.test.': '200 a.test',
    'a.test:80': '200 a.test:80',
    'a.test:443': '200 a.test:443',
    'a.test:': '200 a.test:',
    'a.test:abc': '200 a.test:abc',
    'a.test.:80': '200 a.test:80',
    'A.TEST.:80': '200 A.TEST:80',
    'x.wild.test.': '200 x.wild.test',
    'X.wild.test.:80': '200 X.wild.test:80',
    'wild.test': '502',
    'a.test..': '502',
    '.a.test': '502',
    'b.test.': '502',
  };
  const seen: Record<string, string> = {};
  for (const host of Object.keys(expected)) seen[host] = await ask(host);
  assert.deepEqual(seen, expected);
  assert.equal(await ask('b.test', 'http://a.test.:80/'), '200 a.test:80', 'the absolute form replaces the Host');
});

test('strip_any_host_port cuts the port that goes out, but refuses a port that is none', async (t) => {
  const ask = await start(t, { strip_trailing_host_dot: true, strip_any_host_port: true }, {});
  assert.equal(await ask('a.test.:80'), '200 a.test');
  assert.equal(await ask('a.test:'), '502');
  assert.equal(await ask('a.test:abc'), '502');
});
