// The seeds' story against the real httpbin, a server we did not write: closed, opened by a ServiceEntry, and the whole of
// its HTTP passes (product-facts checks 43–46, 50).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { serviceEntry, startMesh } from '../support/mesh.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { httpbinFolder } from '../support/prepare-tools.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const capable = needs('root', 'iproute2', 'firewall', 'python3');
const absent = existsSync(httpbinFolder) || process.env['CI'] === 'true' ? false : 'httpbin could not be fetched';

it('opens httpbin.org', { skip: capable.skip || absent }, async (t) => {
  const address = outsideAddress(104);
  const program = 'import sys; from httpbin import app; app.run(host=sys.argv[1], port=80, threaded=True)';
  const server = spawn('python3', ['-c', program, address], {
    env: { ...process.env, PYTHONPATH: httpbinFolder },
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  t.after(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  await until('httpbin answers', async () => (await fetch(`http://${address}/status/200`)).ok, 30_000);

  const mesh = await startMesh(t, { up: ['--resolve', `httpbin.org=${address}`] });
  const echo = await mesh.workload('echo');
  const get = (path: string, headers = {}) => echo.perform({ do: 'http', host: 'httpbin.org', path, headers });
  const open = await get('/');
  assert.equal(open.status, 200);
  assert.equal(open.headers?.['server'], 'envoy');
  assert.match(open.headers?.['content-type'] ?? '', /^text\/html/);
  await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
  await until('httpbin.org is closed', async () => (await get('/')).status === 502);
  assert.equal(
    await mesh.apply(serviceEntry('httpbin-ext', { hosts: ['httpbin.org'], location: 'MESH_EXTERNAL' })),
    'serviceentry.networking.istio.io/httpbin-ext created\n',
  );
  await until('httpbin.org is open', async () => (await get('/')).status === 200);
  const { headers } = JSON.parse((await get('/headers')).body ?? '') as { headers: Record<string, string> };
  assert.deepEqual(
    Object.keys(headers).filter((name) => /^x-/i.test(name)),
    [],
  );
  assert.equal(headers['Host'], 'httpbin.org');
  assert.equal((await get('/status/418')).status, 418);
  assert.equal((await get('/redirect-to?url=/get')).status, 302);
  assert.equal((await get('/stream-bytes/100000')).body?.length !== undefined, true);
  await until('the access log names the cluster', async () =>
    /"GET \/headers HTTP\/1.1" 200 .* outbound\|80\|\|httpbin.org /.test(
      await mesh.run('logs', 'echo', '-c', 'istio-proxy'),
    ),
  );
});
