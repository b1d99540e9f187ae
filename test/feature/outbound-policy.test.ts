// The mesh-wide policy as a user sees it: the seeds' commands with their exact texts, what a caller in the mesh gets, and
// what the server outside received (product-facts checks 1–5, 10, 22–28, 42–46).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

describe('outbound traffic policy', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let httpbin: OutsideHttp;
  let secure: OutsideHttp;
  let raw: OutsideTcp;

  before(async () => {
    const address = outsideAddress(1);
    httpbin = await startOutsideHttp({ t: scope, address, port: 80 });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    raw = await startOutsideTcp({ t: scope, address, port: 7000 });
    const hosts = ['httpbin.org', 'www.httpbin.org', 'other.example'];
    const resolve = hosts.flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up: resolve });
    caller = await mesh.workload('notifications', { namespace: 'smm-demo' });
  });

  async function get(host: string, port = 80): Promise<number | string> {
    const { status, error } = await caller.perform({ do: 'http', host, port });
    return status ?? error ?? '';
  }

  async function setPolicy(word: 'allowed' | 'restricted', seen: (status: number | string) => boolean): Promise<void> {
    await mesh.run('istio', 'outbound-traffic-policy', word);
    await until(`the policy ${word} is in force`, async () => seen(await get('other.example')));
  }

  it('says that nothing is set, and lets everything pass', async () => {
    assert.equal(
      await mesh.run('istio', 'outbound-traffic-policy'),
      'mesh wide outbound traffic policy is not found\n',
    );
    const mode = await mesh.run(
      'get',
      'istio',
      'mesh',
      '-n',
      'istio-system',
      '-o',
      'jsonpath={@.spec.outboundTrafficPolicy.mode}{"\\n"}',
    );
    assert.equal(mode, 'ALLOW_ANY\n');
    const before = httpbin.requests.items.length;
    const { status, headers } = await caller.perform({ do: 'http', host: 'httpbin.org', path: '/get' });
    assert.equal(status, 200);
    assert.equal(headers?.['server'], 'envoy');
    assert.equal(httpbin.requests.items.length, before + 1);
    assert.equal(httpbin.requests.items.at(-1)?.host, 'httpbin.org');
    const log = await mesh.run('logs', 'notifications', '-n', 'smm-demo', '-c', 'istio-proxy');
    await until('the access log names PassthroughCluster', async () =>
      (await mesh.run('logs', 'notifications', '-n', 'smm-demo', '-c', 'istio-proxy')).includes('PassthroughCluster'),
    );
    assert.ok(!log.includes('BlackHoleCluster'));
  });

  it('passes TLS and other TCP as well', async () => {
    assert.match((await caller.perform({ do: 'tls', host: 'httpbin.org' })).text ?? '', /^HTTP\/1.1 200/);
    assert.equal(secure.requests.items.at(-1)?.sni, 'httpbin.org');
    const answer = await caller.perform({ do: 'tcp', host: 'httpbin.org', port: 7000, send: 'ping', expect: 4 });
    assert.deepEqual(answer, { text: 'ping' });
  });

  it('blocks what is not registered, each in its way, and nothing of it leaves', async () => {
    const text = await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    assert.equal(text, "mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'\n");
    await until('the policy is in force', async () => (await get('httpbin.org')) === 502);
    const seen = [httpbin.requests.items.length, secure.connections.items.length, raw.connections.items.length];
    const { status, headers, body } = await caller.perform({ do: 'http', host: 'httpbin.org' });
    assert.equal(status, 502);
    assert.equal(headers?.['server'], 'envoy');
    assert.equal(headers?.['content-length'], '0');
    assert.equal(body, '');
    assert.equal((await caller.perform({ do: 'tls', host: 'httpbin.org' })).error, 'ECONNRESET');
    const tcp = await caller.perform({ do: 'tcp', host: 'httpbin.org', port: 7000, send: 'ping' });
    assert.ok(tcp.error === 'ECONNRESET' || tcp.text === '', JSON.stringify(tcp));
    assert.deepEqual(
      [httpbin.requests.items.length, secure.connections.items.length, raw.connections.items.length],
      seen,
    );
    await until('the access log names BlackHoleCluster and block_all', async () => {
      const log = await mesh.run('logs', 'notifications', '-n', 'smm-demo', '-c', 'istio-proxy');
      return log.includes('BlackHoleCluster') && / 502 .* block_all/.test(log);
    });
  });

  it('tells the setting, an equal one and a wrong one apart', async () => {
    assert.equal(
      await mesh.run('istio', 'otp'),
      "mesh wide outbound traffic policy is currently set to 'REGISTRY_ONLY'\n",
    );
    assert.equal(
      await mesh.run('istio', 'outbound-traffic-policy', 'restricted'),
      "mesh wide outbound traffic policy is already set to 'REGISTRY_ONLY'\n",
    );
    const wrong = await mesh.cli('istio', 'outbound-traffic-policy', 'closed');
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /invalid outbound mesh policy: closed/);
  });

  it('opens one host by a ServiceEntry, with one request seen outside for one made, and closes it again', async () => {
    const entry = serviceEntry(
      'httpbin.org',
      { hosts: ['httpbin.org', 'www.httpbin.org'], location: 'MESH_EXTERNAL' },
      { namespace: 'smm-demo' },
    );
    assert.equal(await mesh.apply(entry), 'serviceentry.networking.istio.io/httpbin.org created\n');
    await until('httpbin.org is open', async () => (await get('httpbin.org')) === 200);
    const before = httpbin.requests.items.length;
    assert.equal(await get('www.httpbin.org'), 200);
    assert.equal(httpbin.requests.items.length, before + 1);
    assert.equal(httpbin.requests.items.at(-1)?.host, 'www.httpbin.org');
    assert.equal(await get('other.example'), 502);
    await until('the access log names the cluster', async () =>
      (await mesh.run('logs', 'notifications', '-n', 'smm-demo', '-c', 'istio-proxy')).includes(
        'outbound|80||www.httpbin.org',
      ),
    );
    assert.equal(
      await mesh.run('delete', 'serviceentry', '-n', 'smm-demo', 'httpbin.org'),
      'serviceentry.networking.istio.io "httpbin.org" deleted\n',
    );
    await until('httpbin.org is closed', async () => (await get('httpbin.org')) === 502);
  });

  it('takes the same setting by patch', async () => {
    const patch = (mode: string) =>
      mesh.run(
        'patch',
        'istio',
        'mesh',
        '-n',
        'istio-system',
        '-p',
        `{"spec":{"outboundTrafficPolicy":{"mode":"${mode}"}}}`,
        '--type=merge',
      );
    assert.equal(await patch('ALLOW_ANY'), 'istio.istio.banzaicloud.io/mesh patched\n');
    await until('everything passes', async () => (await get('httpbin.org')) === 200);
    assert.equal(await patch('REGISTRY_ONLY'), 'istio.istio.banzaicloud.io/mesh patched\n');
    await until('nothing passes', async () => (await get('httpbin.org')) === 502);
    await setPolicy('allowed', (status) => status === 200);
    assert.equal(await mesh.run('istio', 'otp'), "mesh wide outbound traffic policy is currently set to 'ALLOW_ANY'\n");
  });
});
