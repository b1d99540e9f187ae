// Services inside the mesh: names, ClusterIPs, balancing over pods, and that a locked mesh leaves them alone (product-facts
// check 5).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy } from '../support/networking.ts';
import { startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const server = (answer: string) => [
  process.execPath,
  '-e',
  `require('http').createServer((q, r) => r.end(${JSON.stringify(answer)} + ' ' + (q.headers.host ?? ''))).listen(8080);
   require('net').createServer((s) => s.end(${JSON.stringify(answer)})).listen(9000)`,
];

describe('services of the mesh', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let stranger: Workload;

  before(async () => {
    mesh = await startMesh(scope);
    await mesh.run('istio', 'otp', 'restricted');
    for (const name of ['web-1', 'web-2']) {
      await mesh.workload(name, { namespace: 'shop', command: server(name), args: ['--label', 'app=web'] });
    }
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp-raw, port: 9000 }]
`);
    caller = await mesh.workload('caller', { namespace: 'shop' });
    stranger = await mesh.workload('stranger');
    await until('the service answers', async () => (await caller.perform({ do: 'http', host: 'web' })).status === 200);
  });

  it('answer under their short and long names, by namespace', async () => {
    for (const host of ['web', 'web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local']) {
      assert.match((await caller.perform({ do: 'http', host })).body ?? '', new RegExp(`^web-[12] ${host}$`), host);
    }
    assert.match((await stranger.perform({ do: 'http', host: 'web.shop' })).body ?? '', /^web-[12] web.shop$/);
    assert.notEqual((await stranger.perform({ do: 'http', host: 'web' })).status, 200);
  });

  it('have an address that get shows and DNS answers', async () => {
    const address = (await mesh.run('get', 'service', 'web', '-n', 'shop', '-o', 'jsonpath={.spec.clusterIP}')).trim();
    assert.match(address, /^10\.96\.\d+\.\d+$/);
    assert.deepEqual((await caller.perform({ do: 'lookup', host: 'web.shop.svc.cluster.local' })).addresses, [address]);
    assert.equal((await caller.perform({ do: 'http', host: address })).status, 200);
  });

  it('balance over their pods, for HTTP and TCP', async () => {
    for (const ask of [
      async () => (await caller.perform({ do: 'http', host: 'web' })).body?.slice(0, 5),
      async () => (await caller.perform({ do: 'tcp', host: 'web', port: 9000, send: '' })).text,
    ]) {
      const seen = new Set<string | undefined>();
      await until('both pods have answered', async () => seen.add(await ask()).size === 2);
      assert.deepEqual([...seen].sort(), ['web-1', 'web-2']);
    }
  });

  it("are logged by the other side's sidecar as well, request by request", async () => {
    const path = '/inbound-line';
    await caller.perform({ do: 'http', host: 'web', path });
    const lines = await until('the line is there', async () => {
      const logs = await Promise.all(
        ['web-1', 'web-2'].map((name) => mesh.run('logs', name, '-n', 'shop', '-c', 'istio-proxy')),
      );
      const found = logs
        .join('')
        .split('\n')
        .filter((line) => line.includes(path));
      return found.length > 0 && found;
    });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"GET \/inbound-line HTTP\/1\.1" 200 .* inbound\|8080\|\| /);
  });

  it('follow their pods', async () => {
    await mesh.run('delete', 'pod', 'web-2', '-n', 'shop');
    await until('only the other one answers', async () => {
      const bodies = await Promise.all(Array.from({ length: 8 }, () => caller.perform({ do: 'http', host: 'web' })));
      return bodies.every(({ body }) => body?.startsWith('web-1') === true);
    });
  });

  it('without an address are whichever pod was chosen, and leave the rest of their port alone', async () => {
    const address = outsideAddress(221);
    await startOutsideTcp({ t: scope, address, port: 9000, serve: ({ socket }) => socket.end('outside') });
    for (const name of ['db-0', 'db-1']) {
      await mesh.workload(name, { namespace: 'shop', command: server(name), args: ['--label', 'app=db'] });
    }
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec:
  clusterIP: None
  selector: { app: db }
  ports: [{ name: tcp-db, port: 9000 }, { name: detected, port: 8080 }]
`);
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    const reach = async (host: string) =>
      (await caller.perform({ do: 'tcp', host, port: 9000, send: '' })).text || 'nothing';
    const addresses = await until('both are known by name', async () => {
      const { addresses: found = [] } = await caller.perform({ do: 'lookup', host: 'db.shop' });
      return found.length === 2 && found;
    });
    const answers = await until('each is reached', async () => {
      const found = await Promise.all(addresses.map(reach));
      return !found.includes('nothing') && found;
    });
    assert.deepEqual([...answers].sort(), ['db-0', 'db-1']);
    for (const [index, pod] of addresses.entries()) {
      const again = await Promise.all([1, 2, 3, 4].map(() => reach(pod)));
      assert.deepEqual(new Set(again), new Set([answers[index]]), 'a pod is not another one');
    }
    assert.match(await reach('db.shop'), /^db-[01]$/);
    assert.match((await caller.perform({ do: 'http', host: 'db.shop', port: 8080 })).body ?? '', /^db-[01] db.shop/);

    await until('others on the port are stopped', async () => (await reach(address)) === 'nothing');
    await mesh.apply(outboundPolicy('ALLOW_ANY'));
    await until('others on the port pass', async () => (await reach(address)) === 'outside');
    assert.deepEqual(await Promise.all(addresses.map(reach)), answers);
  });
});
