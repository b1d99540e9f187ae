// What a Sidecar makes of its namespace's view of the mesh (istio-semantics 1.8), in both captures: the hosts that programs
// may name, where unregistered traffic goes, for whom, and how all of it is told.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { bodyOf, overTls, statusOf } from '../support/calls.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { sidecar, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const tls: ServicePort = { number: 443, name: 'tls', protocol: 'TLS' };
const names = { 105: ['a', 'nobody', 'theirs'], 106: ['b'], 107: ['proxy'] } as const;
const closed = { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } };

describe('Sidecar', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let first: OutsideHttp;
  let second: OutsideHttp;
  let secondTls: OutsideHttp;
  let proxy: OutsideTcp;

  before(async () => {
    first = await startOutsideHttp({ t: scope, address: outsideAddress(105), port: 80 });
    await startOutsideHttp({ t: scope, address: outsideAddress(105), port: 443, tls: true });
    second = await startOutsideHttp({ t: scope, address: outsideAddress(106), port: 80 });
    secondTls = await startOutsideHttp({ t: scope, address: outsideAddress(106), port: 443, tls: true });
    proxy = await startOutsideTcp({
      t: scope,
      address: outsideAddress(107),
      port: 3128,
      serve: ({ socket }) => {
        socket.once('data', (bytes: Buffer) => {
          if (bytes.toString('latin1').startsWith('GET ')) {
            socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy');
          } else socket.destroy();
        });
      },
    });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let worker: Workload;
      let stranger: Workload;

      before(async () => {
        const rules = Object.entries(names).flatMap(([address, list]) =>
          list.flatMap((name) => ['--resolve', `${name}.test=198.51.100.${address}`]),
        );
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...rules] });
        await mesh.apply(
          serviceEntry('own', { hosts: ['a.test', 'b.test'], ports: [http, tls] }) +
            serviceEntry('theirs', { hosts: ['theirs.test'], ports: [http] }, { namespace: 'other' }),
        );
        caller = await mesh.workload('caller');
        worker = await mesh.workload('worker', { args: ['--label', 'app=worker'] });
        stranger = await mesh.workload('stranger', { namespace: 'other' });
      });

      function answers(from: Workload, host: string, status: number): Promise<boolean> {
        return until(`${host} answers ${status}`, async () => (await statusOf(from, host)) === status);
      }

      /** Listeners may follow routes by a moment. */
      async function isRefusedByTls(from: Workload, host: string): Promise<void> {
        await until(`${host} is refused`, async () => (await overTls(from, host)) !== 'HTTP/1.1 200 OK');
        const before = secondTls.connections.items.length;
        await overTls(from, host);
        assert.equal(secondTls.connections.items.length, before);
      }

      it('closes its namespace where the mesh is open, and says that it was it', async () => {
        await answers(caller, 'nobody.test', 200);
        const yaml = sidecar('closed', closed);
        await mesh.apply(yaml);
        await answers(caller, 'nobody.test', 502);
        assert.equal(await statusOf(caller, 'a.test'), 200);
        assert.equal(await statusOf(stranger, 'nobody.test'), 200);
        await until('the decision names it', async () => {
          const all = await decisionsOf(mesh);
          return all.some(({ object, reason }) => {
            return object === 'Sidecar/default/closed' && reason.includes('Sidecar/default/closed allows registered');
          });
        });
        await mesh.remove(yaml);
        await answers(caller, 'nobody.test', 200);
      });

      it('hides what it does not import; to others that stays known', async () => {
        const yaml = sidecar('scope', { egress: [{ hosts: ['./a.test'] }], ...closed });
        await mesh.apply(yaml);
        await answers(caller, 'b.test', 502);
        assert.equal(await statusOf(caller, 'a.test'), 200);
        assert.equal(await overTls(caller, 'a.test'), 'HTTP/1.1 200 OK');
        await isRefusedByTls(caller, 'b.test');
        assert.equal(await statusOf(caller, 'theirs.test'), 502);
        assert.equal(await statusOf(stranger, 'b.test'), 200);
        await until('the decision says so', async () => {
          const all = await decisionsOf(mesh);
          return all.some(({ reason }) =>
            reason.startsWith('b.test:80 is registered, and Sidecar/default/scope does not'),
          );
        });
        await mesh.remove(yaml);
        await answers(caller, 'b.test', 200);
      });

      it('lets what it does not import pass as unregistered, where it allows any', async () => {
        const yaml = sidecar('scope', { egress: [{ hosts: ['./a.test'] }] });
        await mesh.apply(yaml);
        await until('it passes', async () => {
          assert.equal(await statusOf(caller, 'theirs.test'), 200);
          const flows = await flowsOf(mesh);
          return flows.some(
            ({ source, destination }) =>
              source.workload === 'caller' && destination.kind === 'passthrough' && destination.host === 'theirs.test',
          );
        });
        await mesh.remove(yaml);
      });

      it('knows what imported rules send to, and by no name', async () => {
        const yaml =
          sidecar('scope', { egress: [{ hosts: ['./a.test'] }], ...closed }) +
          virtualService('a', {
            hosts: ['a.test'],
            http: [{ route: [{ destination: { host: 'b.test', port: { number: 80 } } }] }],
          });
        await mesh.apply(yaml);
        // Requests to b.test itself have come there before.
        const path = `/by-rule-${capture}`;
        await until('the second server has it', async () => {
          return (
            (await statusOf(caller, 'a.test', { path })) === 200 &&
            second.requests.items.some(({ url }) => url === path)
          );
        });
        const before = first.requests.items.length;
        assert.equal(await statusOf(caller, 'a.test', { path }), 200);
        assert.equal(second.requests.items.at(-1)?.host, 'b.test');
        assert.equal(first.requests.items.length, before, 'and no other has it');
        await answers(caller, 'b.test', 502);
        assert.equal(await overTls(caller, 'a.test'), 'HTTP/1.1 200 OK');
        await isRefusedByTls(caller, 'b.test');
        await mesh.remove(yaml);
        await answers(caller, 'b.test', 200);
      });

      it('for chosen workloads stands before the one for all', async () => {
        const chosen = { workloadSelector: { labels: { app: 'worker' } }, egress: [{ hosts: ['./b.test'] }] };
        const yaml = sidecar('all', closed) + sidecar('chosen', { ...chosen, ...closed });
        await mesh.apply(yaml);
        await answers(worker, 'a.test', 502);
        await answers(caller, 'nobody.test', 502);
        assert.equal(await statusOf(worker, 'b.test'), 200);
        assert.equal(await statusOf(caller, 'a.test'), 200);
        await mesh.remove(yaml);
        await answers(worker, 'a.test', 200);
      });

      it('sends what nobody registered to its egress proxy, and tells it as unregistered', async () => {
        const egressProxy = { host: 'proxy.test', port: { number: 3128 } };
        const port = { number: 3128, name: 'tcp', protocol: 'TCP' };
        const yaml =
          serviceEntry('proxy', { hosts: ['proxy.test'], ports: [port] }) +
          sidecar('proxied', {
            egress: [{ hosts: ['./a.test'] }],
            outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy },
          });
        await mesh.apply(yaml);
        const before = first.requests.items.length;
        await until('the proxy answers', async () => (await bodyOf(caller, 'nobody.test')) === 'proxy');
        assert.match(String(proxy.connections.items.at(-1)?.received.items[0]), /host: nobody\.test/i);
        assert.equal(await bodyOf(caller, 'a.test'), 'outside');
        const asked = first.requests.items.slice(before).map(({ host }) => host);
        assert.equal(asked.at(-1), 'a.test');
        await overTls(caller, 'nobody.test');
        // The first byte of a TLS handshake.
        await until('TLS has come', () => proxy.connections.items.at(-1)?.received.items[0]?.[0] === 0x16);
        await until('both are told as unregistered', async () => {
          const flows = await flowsOf(mesh);
          return [80, 443].every((number) =>
            flows.some(
              ({ source, destination: { kind, host, port: to } }) =>
                source.workload === 'caller' && kind === 'passthrough' && host === 'nobody.test' && to === number,
            ),
          );
        });
        await mesh.remove(yaml);
      });
    });
  }
});
