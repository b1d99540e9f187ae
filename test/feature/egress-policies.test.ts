// EgressPolicies as workloads feel them, in both captures: who gets out and who does not, by HTTP, TLS and TCP; what is told of
// it, and by which identity; and that nothing of what was refused reaches the server.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Decision } from '../../src/telemetry/decision.ts';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { egressPolicy, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const ok = 'HTTP/1.1 200 OK';
const web = { selector: { matchLabels: { app: 'web' } } };

describe('EgressPolicy', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let plain: OutsideHttp;
  let tls: OutsideHttp;
  let database: OutsideTcp;

  before(async () => {
    plain = await startOutsideHttp({ t: scope, address: outsideAddress(245), port: 80 });
    tls = await startOutsideHttp({ t: scope, address: outsideAddress(245), port: 443, tls: true });
    database = await startOutsideTcp({
      t: scope,
      address: outsideAddress(246),
      port: 5432,
      serve: ({ socket }) => socket.write('ready'),
    });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let other: Workload;
      let payments: Workload;

      before(async () => {
        const rules = ['api', 'some', 'open', 'seen', 'over', 'taken', 'alias', 'raw', 'x.wild', 'y.wild'].flatMap(
          (name) => ['--resolve', `${name}.test=${outsideAddress(245)}`],
        );
        mesh = await startMesh(meshScope, {
          up: ['--capture', capture, ...rules, '--resolve', `db.test=${outsideAddress(246)}`],
        });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        caller = await mesh.workload('caller', { args: ['--label', 'app=web'] });
        other = await mesh.workload('other', { args: ['--label', 'app=other'] });
        payments = await mesh.workload('payments', { args: ['--service-account', 'payments'] });
      });

      async function answers(from: Workload, host: string, status: number, path = '/'): Promise<void> {
        await until(`${host} answers ${status}`, async () => (await statusOf(from, host, { path })) === status);
      }

      async function isAllowed(from: Workload, host: string): Promise<void> {
        await answers(from, host, 200);
        await until(`${host} over TLS`, async () => (await overTls(from, host)) === ok);
      }

      /** Nothing of it arrives. */
      async function isRefused(from: Workload, host: string): Promise<void> {
        await answers(from, host, 403);
        await until(`${host} is closed`, async () => (await overTls(from, host)) !== ok);
        const [requests, connections] = [plain.requests.items.length, tls.connections.items.length];
        assert.equal(await statusOf(from, host), 403);
        assert.notEqual(await overTls(from, host), ok);
        assert.deepEqual([plain.requests.items.length, tls.connections.items.length], [requests, connections]);
      }

      async function decided(host: string, wanted: Partial<Decision>): Promise<void> {
        await until(`a decision about ${host}: ${JSON.stringify(wanted)}`, async () =>
          (await decisionsOf(mesh)).some(
            (one) =>
              one.destination.host === host &&
              Object.entries(wanted).every(([field, value]) =>
                Object.entries(one).some(([k, v]) => k === field && v === value),
              ),
          ),
        );
      }

      const isDenied = { signature: 'policy-denied', verdict: 'blocked' } as const;

      it('lets those out whom it chooses, refuses all others, and says who it was', async () => {
        const yaml = egressPolicy('api', { from: [web], hosts: ['api.test'] });
        await mesh.apply(yaml);
        await isAllowed(caller, 'api.test');
        await isRefused(other, 'api.test');
        await decided('api.test', { ...isDenied, protocol: 'http', object: 'EgressPolicy/default/api' });
        await decided('api.test', { ...isDenied, protocol: 'tls', object: 'EgressPolicy/default/api' });
        const denied = (await decisionsOf(mesh)).filter(({ signature }) => signature === 'policy-denied');
        assert.deepEqual(
          [...new Set(denied.map(({ source }) => `${source.workload} ${source.identity}`))],
          ['other spiffe://cluster.local/ns/default/sa/default'],
        );
        await mesh.remove(yaml);
        await answers(caller, 'api.test', 502);
      });

      it('chooses by service account', async () => {
        const yaml = egressPolicy('api', { from: [{ serviceAccounts: ['payments'] }], hosts: ['api.test'] });
        await mesh.apply(yaml);
        await isAllowed(payments, 'api.test');
        await isRefused(caller, 'api.test');
        await mesh.remove(yaml);
      });

      it('judges requests by method and path', async () => {
        const yaml = egressPolicy('some', {
          from: [web],
          hosts: ['some.test'],
          methods: ['GET'],
          paths: ['/v1/*', '/health'],
        });
        await mesh.apply(yaml);
        await answers(caller, 'some.test', 200, '/v1/a');
        for (const [path, method, status] of [
          ['/health', 'GET', 200],
          ['/health?full', 'GET', 200],
          ['/healthy', 'GET', 403],
          ['/v1', 'GET', 403],
          ['/v2/a', 'GET', 403],
          ['/v1/../v2/a', 'GET', 403],
          ['/v1/%2e%2e/v2/a', 'GET', 403],
          ['/v1/..%2Fv2/a', 'GET', 403],
          ['/v1/a', 'POST', 403],
        ] as const) {
          assert.equal(await statusOf(caller, 'some.test', { path, method }), status, `${method} ${path}`);
        }
        await answers(other, 'some.test', 403, '/v1/a');
        await mesh.remove(yaml);
      });

      it('judges what rules for other hosts lead there, and what they write anew not at all', async () => {
        const policy = egressPolicy('some', {
          from: [web],
          hosts: ['some.test', '*.wild.test'],
          methods: ['GET'],
          paths: ['/v1/*'],
        });
        const to = (host: string) => [{ destination: { host, port: { number: 80 } } }];
        const rules =
          virtualService('alias', {
            hosts: ['alias.test'],
            http: [
              { match: [{ uri: { prefix: '/old/' } }], rewrite: { uri: '/v1/' }, route: to('some.test') },
              {
                match: [{ headers: { named: { exact: 'x' } } }],
                rewrite: { authority: 'x.wild.test' },
                route: to('*.wild.test'),
              },
              { route: to('some.test') },
            ],
          }) +
          serviceEntry('raw', { hosts: ['raw.test'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }] }) +
          virtualService('raw', {
            hosts: ['raw.test'],
            tls: [{ match: [{ port: 443, sniHosts: ['raw.test'] }], route: to('some.test') }],
          });
        await mesh.apply(policy + rules);
        await answers(caller, 'alias.test', 200, '/v1/a');
        const through = { headers: { named: 'x' } };
        assert.equal(await statusOf(caller, 'alias.test', { path: '/v1/a', ...through }), 200);
        const before = [plain.requests.items.length, plain.connections.items.length];
        for (const [path, method] of [
          ['/v2/a', 'GET'],
          ['/v1/../v2/a', 'GET'],
          ['/v1/a', 'POST'],
          ['/old/a', 'GET'],
        ] as const) {
          assert.equal(await statusOf(caller, 'alias.test', { path, method }), 403, `${method} ${path}`);
          assert.equal(await statusOf(caller, 'alias.test', { path, method, ...through }), 403, `${method} ${path}`);
        }
        assert.notEqual(await overTls(caller, 'raw.test'), ok);
        await answers(other, 'alias.test', 403, '/v1/a');
        assert.deepEqual([plain.requests.items.length, plain.connections.items.length], before);
        await mesh.remove(policy + rules);
      });

      it('closes a wildcard to others, name by name', async () => {
        const yaml = egressPolicy('wild', { from: [web], hosts: ['*.wild.test'] });
        // What the wildcard's addresses are allowed to be.
        await mesh.apply(yaml);
        await answers(other, 'x.wild.test', 403);
        await until('closed', async () => (await overTls(other, 'y.wild.test')) !== ok);
        await decided('y.wild.test', { ...isDenied, protocol: 'tls', object: 'EgressPolicy/default/wild' });
        await mesh.remove(yaml);
      });

      it('closes TCP to others, and tells its host', async () => {
        const yaml = egressPolicy('db', {
          from: [{ serviceAccounts: ['payments'] }],
          hosts: ['db.test'],
          ports: [{ number: 5432, protocol: 'TCP' }],
        });
        await mesh.apply(yaml);
        const hello = async (from: Workload) => {
          const steps = [{ expect: 'ready' }];
          return from.perform({ do: 'talk', host: 'db.test', port: 5432, tunnel: true, steps, timeoutMs: 2000 });
        };
        const isHeard = async (from: Workload) => (await hello(from)).text === 'ready';
        await until('the database answers', () => isHeard(payments));
        await until('it is closed', async () => !(await isHeard(other)));
        const before = database.connections.items.length;
        assert.equal(await isHeard(other), false);
        assert.equal(database.connections.items.length, before);
        if (capture === 'redirect') await decided('db.test', { ...isDenied, object: 'EgressPolicy/default/db' });
        await mesh.remove(yaml);
      });

      it('only reports, where that is its mode: everything passes, and what would not is told', async () => {
        const yaml = egressPolicy('seen', { from: [web], hosts: ['seen.test'], mode: 'report' });
        await mesh.apply(yaml);
        await isAllowed(caller, 'seen.test');
        await isAllowed(other, 'seen.test');
        const told = {
          signature: 'policy-reported',
          verdict: 'reported',
          object: 'EgressPolicy/default/seen',
        } as const;
        await decided('seen.test', { ...told, protocol: 'http' });
        await decided('seen.test', { ...told, protocol: 'tls' });
        const reported = (await decisionsOf(mesh)).filter(({ verdict }) => verdict === 'reported');
        assert.deepEqual([...new Set(reported.map(({ source }) => source.workload))], ['other']);
        await mesh.remove(yaml);
      });

      it('stops nobody where it is open', async () => {
        const yaml = egressPolicy('open', { from: [web], hosts: ['open.test'], mode: 'open' });
        await mesh.apply(yaml);
        await isAllowed(other, 'open.test');
        await mesh.remove(yaml);
      });

      it('closes its hosts where every other host is open', async () => {
        const yaml = egressPolicy('api', { from: [web], hosts: ['api.test'] });
        await mesh.apply(outboundPolicy('ALLOW_ANY') + yaml);
        await isAllowed(caller, 'api.test');
        await isAllowed(other, 'open.test');
        await isRefused(other, 'api.test');
        await mesh.remove(yaml);
        await isAllowed(other, 'api.test');
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
      });

      it('allows nobody any more when its time is over', async () => {
        const expires = new Date(Date.now() + 3000).toISOString();
        const yaml = egressPolicy('over', { from: [web], hosts: ['over.test'], expires });
        await mesh.apply(yaml);
        await answers(caller, 'over.test', 200);
        await answers(caller, 'over.test', 403);
        assert.ok(Date.now() >= Date.parse(expires));
        await mesh.remove(yaml);
      });

      it('leaves a host alone that a VirtualService speaks of', async () => {
        const route = [{ destination: { host: 'open.test', port: { number: 80 } } }];
        const rule = virtualService('taken', { hosts: ['taken.test'], http: [{ route }] });
        const yaml =
          egressPolicy('open', { hosts: ['open.test'], mode: 'open' }) +
          egressPolicy('taken', { from: [web], hosts: ['taken.test'] });
        await mesh.apply(yaml);
        await answers(caller, 'taken.test', 200);
        await answers(other, 'taken.test', 403);
        await mesh.apply(rule);
        await answers(other, 'taken.test', 200);
        await mesh.remove(rule);
        await answers(other, 'taken.test', 403);
        await mesh.remove(yaml);
      });
    });
  }
});
