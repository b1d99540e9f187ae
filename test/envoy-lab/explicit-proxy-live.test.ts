// Changes under way, and what comes in: hosts and the policy change while programs talk, services of the mesh are reached
// by their names, and what comes to a pod's own ports is passed to its program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { askProxy, exchangeOver, getInside, openTunnel, tlsInside } from '../support/proxy-client.ts';
import { until } from '../support/until.ts';
import { policy, portList, serviceEntry, startExplicitProxy } from './explicit-proxy-mesh.ts';

const entryA = serviceEntry('a', `{ hosts: [a.example.test], ${portList('80/HTTP', '443/TLS')}, resolution: DNS }`);
const entryB = serviceEntry('b', `{ hosts: [b.example.test], ${portList('80/HTTP', '443/TLS')}, resolution: DNS }`);

test('hosts come and go, and the policy with them, while a held connection goes on', async (t) => {
  const mesh = await startExplicitProxy(t, () => policy('REGISTRY_ONLY'));
  const { proxy } = mesh;
  const url = async () => (await askProxy(proxy, 'http://a.example.test/')).status;
  const tunnel = async (target: string) => {
    const { status, socket } = await openTunnel(proxy, target);
    socket.destroy();
    return status;
  };
  const becomes = (what: string, ask: () => Promise<number>, status: number) =>
    until(`${what} is ${status}`, async () => (await ask()) === status, 3000);
  assert.deepEqual([await url(), await tunnel('a.example.test:443')], [502, 403]);

  await mesh.apply(entryA);
  await becomes('the URL', url, 200);
  await becomes('CONNECT', () => tunnel('a.example.test:443'), 200);
  assert.equal(await tunnel('b.example.test:443'), 403);

  const held = await openTunnel(proxy, 'a.example.test:443');
  const tls = await tlsInside(held.socket, 'a.example.test');
  assert.ok(tls);
  await mesh.apply(entryB);
  await becomes('the other CONNECT', () => tunnel('b.example.test:443'), 200);
  await mesh.apply(policy('ALLOW_ANY'));
  await becomes('an unregistered URL', async () => (await askProxy(proxy, 'http://other.example.test/')).status, 200);
  assert.equal(await tunnel('other.example.test:443'), 200);
  assert.equal(await url(), 200);
  await mesh.apply(policy('REGISTRY_ONLY'));
  await becomes('CONNECT', () => tunnel('other.example.test:443'), 403);
  assert.equal(await url(), 200);
  await mesh.remove(entryA);
  await becomes('the URL', url, 502);
  assert.equal(await tunnel('a.example.test:443'), 403);
  await becomes('the other CONNECT', () => tunnel('b.example.test:443'), 200);
  assert.match(await exchangeOver(tls, getInside('a.example.test')), /^HTTP\/1\.1 200 /);
});

test('a switch of the policy judges what is inside anew', async (t) => {
  const mesh = await startExplicitProxy(t, () => policy('ALLOW_ANY') + entryA);
  const liesWell = async () => {
    const { socket } = await openTunnel(mesh.proxy, 'a.example.test:443');
    const tls = await tlsInside(socket, 'other.example.test');
    tls?.destroy();
    return tls !== undefined;
  };
  assert.equal(await liesWell(), true);
  await mesh.apply(policy('REGISTRY_ONLY'));
  await until('the SNI is judged', async () => !(await liesWell()), 3000);
  await mesh.apply(policy('ALLOW_ANY'));
  await until('it is not any more', liesWell, 3000);
});

const podIP = '127.0.77.1';
const programIP = '127.0.77.2';

/** A Service of one HTTP and one TCP port, and the pod behind it. */
const webService = (http: number, tcp: number) => `---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z' }
spec:
  clusterIP: 192.0.2.9
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: ${http} }, { name: tcp, port: 3306, targetPort: ${tcp} }]
---
apiVersion: v1
kind: Pod
metadata: { name: web-1, namespace: default, labels: { app: web } }
spec: { containers: [{ name: web, command: [web] }] }
status: { phase: Running, podIP: ${podIP}, containerStatuses: [{ name: web, ready: true }] }
`;

test("a service of the mesh: by its names and its address, in through the pod's own ports", async (t) => {
  const program = await startOutsideHttp({ t, address: programIP, port: await freePort(podIP) });
  const raw = await startOutsideTcp({ t, address: programIP, port: await freePort(podIP) });
  const inbound = [program.port, raw.port].map((port) => ({
    at: { address: podIP, port },
    program: { address: programIP, port },
  }));
  const { proxy, nextLine, noMoreLines } = await startExplicitProxy(
    t,
    () => policy('REGISTRY_ONLY') + webService(program.port, raw.port),
    { inbound },
  );
  for (const host of ['web', 'web.default', 'web.default.svc.cluster.local', '192.0.2.9', 'web:80']) {
    const { status, headers } = await askProxy(proxy, `http://${host}/x`);
    assert.equal(status, 200, host);
    assert.equal(headers['server'], 'envoy');
    const request = await program.requests.next();
    assert.equal(request.host, host);
    const lines = [await nextLine(), await nextLine()].join('\n');
    assert.match(lines, /"GET \/x HTTP\/1.1" 200 .* outbound\|80\|\|web\.default\.svc\.cluster\.local /);
    const inside = new RegExp(
      `"GET /x HTTP/1.1" 200 .* "${programIP}:${program.port}" inbound\\|${program.port}\\|\\| `,
    );
    assert.match(lines, inside);
    assert.match(lines, new RegExp(` ${programIP}:${program.port} 127\\.0\\.0\\.1:\\d+ `), 'addresses of both sides');
  }
  for (const target of ['web:3306', '192.0.2.9:3306']) {
    const { status, socket } = await openTunnel(proxy, target);
    assert.equal(status, 200);
    assert.equal(await exchangeOver(socket, 'hello', (text) => text === 'hello'), 'hello');
    const lines = [await nextLine(), await nextLine()].join('\n');
    assert.match(lines, / outbound\|3306\|\|web\.default\.svc\.cluster\.local /);
    assert.match(lines, new RegExp(` inbound\\|${raw.port}\\|\\| `));
  }
  await noMoreLines();
});
