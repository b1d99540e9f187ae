// A pod of a headless Service that connects to its own address, as members of a database do that take the list of all members
// from DNS: it reaches itself and no other pod. Redirected pods do so without their proxy; proxies that are asked spread HTTP.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask } from '../support/calls.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { keeperPod } from '../support/mesh-processes.ts';
import { outboundPolicy } from '../support/networking.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const server = (name: string) => [
  process.execPath,
  '-e',
  `const host = process.env.HOST;
   require('http').createServer((q, r) => r.end(${JSON.stringify(name)})).listen(18080, host);
   for (const port of [19000, 19001]) require('net').createServer((s) => s.end(${JSON.stringify(name)})).listen(port, host)`,
];
const ports = [
  { name: 'tcp-db', port: 19000 },
  { name: 'detected', port: 19001 },
  { name: 'http-admin', port: 18080 },
];
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'db', namespace: 'shop' },
  spec: { clusterIP: 'None', selector: { app: 'db' }, ports },
};

for (const capture of ['redirect', 'proxy'] as const) {
  const requirements = capture === 'redirect' ? needs('root', 'iproute2', 'firewall') : {};
  describe(`a pod of a headless Service, ${capture} capture`, requirements, () => {
    const scope = suiteScope();
    const members = new Map<string, Workload>();
    let mesh: TestMesh;

    before(async () => {
      mesh = await startMesh(scope, { up: ['--capture', capture] });
      await mesh.apply(JSON.stringify(service));
      for (const name of ['db-0', 'db-1']) {
        const args = ['--label', 'app=db', ...ports.flatMap(({ port }) => ['--port', String(port)])];
        members.set(name, await mesh.workload(name, { namespace: 'shop', command: server(name), args }));
      }
    });

    async function said(from: Workload, host: string, port: number): Promise<string> {
      const { text, error } = await from.perform({ do: 'tcp', host, port, send: '', timeoutMs: 5000 });
      return text || (error ?? '');
    }

    for (const mode of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
      it(`reaches itself at its own address, and the other at the other's, ${mode}`, async () => {
        await mesh.apply(outboundPolicy(mode));
        for (const [name, member] of members) {
          for (const wanted of members.keys()) {
            const { podIP = '' } = (await keeperPod(mesh, wanted)) ?? {};
            for (const port of [19000, 19001]) {
              await until(`${wanted} answers`, async () => (await said(member, podIP, port)) === wanted);
              for (let turn = 0; turn < 3; turn += 1) {
                assert.equal(await said(member, podIP, port), wanted, `${name} to ${wanted} ${port}`);
              }
            }
          }
          if (capture === 'redirect') {
            // Never leaves the pod: a proxy would spread it over both.
            const { podIP = '' } = (await keeperPod(mesh, name)) ?? {};
            for (let turn = 0; turn < 4; turn += 1) {
              assert.equal((await ask(member, podIP, { port: 18080 })).body, name);
            }
            continue;
          }
          const seen = new Set<string | undefined>();
          const host = 'db.shop.svc.cluster.local';
          await until('HTTP finds both', async () => {
            return seen.add((await ask(member, host, { port: 18080 })).body).size === 2;
          });
          assert.deepEqual([...seen].sort(), ['db-0', 'db-1'], name);
        }
      });
    }
  });
}
