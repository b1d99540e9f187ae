// Where the addresses behind a host come from: workloads chosen by labels, Endpoints and EndpointSlices of Services without
// a selector, names outside (Istio's task egress-kubernetes-services), and addresses that only the registry knows. Under
// REGISTRY_ONLY, seen by caller and outside server.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { claimAddress, outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowTo } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };

function object(apiVersion: string, kind: string, name: string, rest: object, labels: object = {}): string {
  return `${JSON.stringify({ apiVersion, kind, metadata: { name, labels }, ...rest })}\n---\n`;
}

const service = (name: string, spec: object) => object('v1', 'Service', name, { spec });

describe('endpoints', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const [one, two] = ['198.51.100.102', '198.51.100.103'];
  /** Link-local, as the metadata of clouds. */
  const linkLocal = '169.254.169.102';
  let mesh: TestMesh;
  let caller: Workload;
  let first: OutsideHttp;
  let second: OutsideHttp;
  let secure: OutsideHttp;
  let database: OutsideTcp;
  let metadata: readonly (OutsideHttp | OutsideTcp)[];

  before(async () => {
    for (const number of [102, 103]) outsideAddress(number);
    first = await startOutsideHttp({ t: scope, address: one, port: 80, respond: (_, answer) => answer.end('one') });
    await startOutsideHttp({ t: scope, address: two, port: 8080, respond: (_, answer) => answer.end('two') });
    second = await startOutsideHttp({ t: scope, address: two, port: 80, respond: (_, answer) => answer.end('two') });
    secure = await startOutsideHttp({ t: scope, address: two, port: 443, tls: true });
    database = await startOutsideTcp({
      t: scope,
      address: two,
      port: 5432,
      serve: ({ socket }) => socket.end('database'),
    });
    metadata = [
      await startOutsideHttp({ t: scope, address: claimAddress(linkLocal), port: 80 }),
      await startOutsideTcp({ t: scope, address: linkLocal, port: 5433 }),
    ];
    const rules = [`httpbin.test=${one}`, `db.test=${two}`, 'loopback.test=127.0.0.1', `metadata.test=${linkLocal}`];
    mesh = await startMesh(scope, { up: rules.flatMap((rule) => ['--resolve', rule]) });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    caller = await mesh.workload('caller');
    const program = `require('http').createServer((q, r) => r.end('pod')).listen(8080)`;
    await mesh.workload('legacy', {
      command: [process.execPath, '-e', program],
      args: ['--label', 'app=legacy', '--port', '8080:http'],
    });
  });

  /** Everybody who answers within some requests. */
  async function answering(host: string, times = 24): Promise<string> {
    const found = new Set<string>();
    for (let turn = 0; turn < times; turn += 1) found.add(await bodyOf(caller, host));
    return [...found].sort().join(' ');
  }

  const machine = object('networking.istio.io/v1', 'WorkloadEntry', 'machine', {
    spec: { address: one, ports: { http: 80 }, labels: { app: 'legacy' } },
  });

  it('of a ServiceEntry are the pods and WorkloadEntries that it selects, as they come and go', async () => {
    await mesh.apply(
      serviceEntry('legacy', {
        hosts: ['legacy.test'],
        addresses: ['198.18.7.7'],
        ports: [{ ...http, targetPort: 8080 }],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        workloadSelector: { labels: { app: 'legacy' } },
      }),
    );
    await until('the pod answers', async () => (await answering('legacy.test', 3)) === 'pod');
    await mesh.apply(machine);
    await until('both answer', async () => (await answering('legacy.test')) === 'one pod');
    await mesh.remove(machine);
    await until('the pod is alone', async () => (await answering('legacy.test')) === 'pod');
  });

  it('of a Service are WorkloadEntries too', async () => {
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
    await mesh.apply(machine + service('legacy', { selector: { app: 'legacy' }, ports }));
    await until('both answer', async () => (await answering('legacy')) === 'one pod');
    await mesh.remove(machine);
    await until('the pod is alone', async () => (await answering('legacy')) === 'pod');
  });

  it('of an ExternalName are where its name leads, under the Service’s own', async () => {
    const host = 'my-httpbin.default.svc.cluster.local';
    await mesh.apply(
      service('my-httpbin', {
        type: 'ExternalName',
        externalName: 'httpbin.test',
        ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
      }) + destinationRule('my-httpbin', { host, trafficPolicy: { tls: { mode: 'DISABLE' } } }),
    );
    await until('it answers', async () => (await statusOf(caller, host)) === 200);
    assert.equal(first.requests.items.at(-1)?.host, host);
    assert.equal(await bodyOf(caller, 'my-httpbin'), 'one');
    assert.deepEqual((await caller.perform({ do: 'lookup', host, family: 4 })).addresses, [one]);
    assert.equal(await statusOf(caller, 'httpbin.test'), 502, 'the name itself is not registered by it');
    const flow = await until('a flow to it', () => flowTo(mesh, host, 'external'));
    assert.equal(flow.destination.port, 80);
    assert.match(await mesh.run('get', 'service', 'my-httpbin'), /ExternalName +<none> +httpbin\.test/);
  });

  it('of an ExternalName with a TCP port take its own connections and no others', async () => {
    const spec = { type: 'ExternalName', externalName: 'db.test', ports: [{ name: 'tcp-db', port: 5432 }] };
    await mesh.apply(service('my-db', spec));
    const said = async (to: string) =>
      (await caller.perform({ do: 'tcp', host: to, port: 5432, timeoutMs: 3000 }).catch(() => undefined))?.text;
    await until('it answers', async () => (await said('my-db')) === 'database');
    const before = database.connections.items.length;
    assert.notEqual(await said(two), 'database');
    assert.equal(database.connections.items.length, before);
    const [address] = (await caller.perform({ do: 'lookup', host: 'my-db', family: 4 })).addresses ?? [];
    assert.match(address ?? '', /^240\.240\./);
  });

  it('of an ExternalName are judged like those of every host outside', async () => {
    for (const name of ['loopback', 'metadata']) {
      const ports = [
        { name: 'http', port: 80 },
        { name: 'tcp', port: 5433 },
      ];
      await mesh.apply(service(name, { type: 'ExternalName', externalName: `${name}.test`, ports }));
      await until(`${name} is known`, async () => (await statusOf(caller, name)) === 403);
      const { text, error } = await caller.perform({ do: 'tcp', host: name, port: 5433, timeoutMs: 3000 });
      assert.ok(error !== undefined || text === '', `${name} by TCP: ${text}`);
    }
    assert.deepEqual(
      metadata.map(({ connections }) => connections.items.length),
      [0, 0],
    );
    const named = await until('both decisions are there', async () => {
      const refused = (await decisionsOf(mesh)).filter(({ signature }) => signature === 'address-refused');
      const objects = new Set(refused.map(({ object }) => object));
      return new Set(refused.map(({ destination }) => destination.host)).size === 2 && objects;
    });
    assert.deepEqual([...named].sort(), ['Service/default/loopback', 'Service/default/metadata']);
  });

  it('of an ExternalName for a Service of the mesh are that Service’s', async () => {
    await mesh.apply(
      object('v1', 'Service', 'alias', {
        spec: { type: 'ExternalName', externalName: 'legacy.default.svc.cluster.local' },
      }),
    );
    await until('it answers', async () => (await bodyOf(caller, 'alias')) === 'pod');
  });

  it('of a Service without a selector are those that somebody wrote', async () => {
    const address = async () => (await mesh.run('get', 'service', 'wiki', '-o', 'jsonpath={.spec.clusterIP}')).trim();
    await mesh.apply(
      service('wiki', {
        ports: [
          { name: 'tls', port: 443 },
          { name: 'http', port: 80 },
        ],
      }) +
        object('v1', 'Endpoints', 'wiki', {
          subsets: [{ addresses: [{ ip: two }], ports: [{ name: 'tls', port: 443 }] }],
        }) +
        object(
          'discovery.k8s.io/v1',
          'EndpointSlice',
          'wiki-1',
          { addressType: 'IPv4', endpoints: [{ addresses: [two] }], ports: [{ name: 'http', port: 8080 }] },
          { 'kubernetes.io/service-name': 'wiki' },
        ) +
        destinationRule('wiki', {
          host: 'wiki.default.svc.cluster.local',
          trafficPolicy: { tls: { mode: 'DISABLE' } },
        }),
    );
    await until('HTTP answers', async () => (await bodyOf(caller, 'wiki')) === 'two');
    // As `curl --resolve en.wikipedia.org:443:<ClusterIP>` does it.
    const { text, error } = await caller.perform({ do: 'tls', host: await address(), sni: 'en.wikipedia.org' });
    assert.match(text ?? error ?? '', /200 OK/);
    assert.equal(secure.requests.items.at(-1)?.sni, 'en.wikipedia.org');
  });

  it('that nobody else knows are found by the name of their entry', async () => {
    await mesh.apply(
      serviceEntry('internal', { hosts: ['address.internal'], addresses: [one], ports: [http], resolution: 'NONE' }),
    );
    await until('it answers', async () => (await bodyOf(caller, 'address.internal')) === 'one');
    const before = second.connections.items.length;
    const { status } = await ask(caller, two, { headers: { host: 'address.internal' } });
    assert.equal(status, 403);
    assert.equal(second.connections.items.length, before);
  });
});
