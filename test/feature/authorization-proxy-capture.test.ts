// AuthorizationPolicies on the outbound side where programs are told of their proxy: requests with a whole URL, and CONNECT with
// HTTP, TLS or bytes inside.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { authorizationPolicy } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const outbound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } } as const;
const ok = 'HTTP/1.1 200 OK';

describe('authorization policies under proxy capture', needs('root', 'iproute2'), () => {
  const scope = suiteScope();
  let web: OutsideHttp;
  let tls: OutsideHttp;
  let bytes: OutsideTcp;
  let address: string;

  before(async () => {
    address = outsideAddress(5);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    tls = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    bytes = await startOutsideTcp({ t: scope, address, port: 5432, serve: ({ socket }) => socket.end('ready') });
  });

  for (const mode of ['restricted', 'allowed'] as const) {
    describe(mode, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let other: Workload;

      before(async () => {
        const names = ['a.test', 'b.test', 'db.test', 'unknown.test'];
        const up = ['--capture', 'proxy', ...names.flatMap((name) => ['--resolve', `${name}=${address}`])];
        mesh = await startMesh(meshScope, { up });
        const ports = [
          { number: 80, name: 'http', protocol: 'HTTP' },
          { number: 443, name: 'tls', protocol: 'TLS' },
        ];
        await mesh.apply(
          serviceEntry('web', { hosts: ['a.test', 'b.test'], ports }) +
            serviceEntry('db', { hosts: ['db.test'], ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }] }),
        );
        await mesh.run('istio', 'outbound-traffic-policy', mode);
        caller = await mesh.workload('caller', { args: ['--service-account', 'caller'] });
        other = await mesh.workload('other', { args: ['--service-account', 'other'] });
        for (const one of [caller, other]) {
          await until('it is open', async () => (await statusOf(one, 'a.test')) === 200);
        }
      });

      const inConnect = async (from: Workload, host: string) => {
        const send = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        const { text, error } = await from.perform({
          do: 'talk',
          host: 'a.test',
          port: 80,
          tunnel: true,
          steps: [{ send }, { ended: true }],
        });
        return error ?? text?.split('\r\n')[0];
      };
      const says = async (from: Workload) =>
        (await from.perform({ do: 'talk', host: 'db.test', port: 5432, tunnel: true, steps: [{ ended: true }] })).text;

      it('judges what is asked for by host and port, for whom it is meant', async () => {
        const rules = [
          {
            from: [{ source: { serviceAccounts: ['caller'] } }],
            to: [
              { operation: { hosts: ['a.test'], paths: ['/v1/*', '/'], ports: ['80'] } },
              { operation: { hosts: ['a.test'], ports: ['443'] } },
            ],
          },
          { from: [{ source: { serviceAccounts: ['other'] } }] },
        ];
        const policy = authorizationPolicy('out', { rules }, outbound);
        await mesh.apply(policy);
        await until('it is in force', async () => (await statusOf(caller, 'b.test')) === 403);
        await until('what is inside is judged', async () => (await inConnect(caller, 'a.test')) === ok);
        const before = [web.requests.items.length, tls.connections.items.length, bytes.connections.items.length];
        assert.equal(await statusOf(caller, 'a.test', { path: '/v2' }), 403);
        assert.equal(await statusOf(caller, 'a.test', { path: '/v1/../v2' }), 403);
        assert.equal(await statusOf(caller, 'unknown.test'), 403);
        assert.notEqual(await overTls(caller, 'b.test'), ok);
        assert.notEqual(await overTls(caller, 'unknown.test'), ok);
        assert.equal(await inConnect(caller, 'b.test'), 'HTTP/1.1 403 Forbidden');
        assert.notEqual(await says(caller), 'ready');
        assert.deepEqual(
          [web.requests.items.length, tls.connections.items.length, bytes.connections.items.length],
          before,
        );
        assert.equal(await statusOf(caller, 'a.test', { path: '/v1/x' }), 200);
        assert.equal(await overTls(caller, 'a.test'), ok);
        assert.equal(await inConnect(caller, 'a.test'), ok);
        assert.equal(await statusOf(other, 'b.test'), 200);
        assert.equal(await overTls(other, 'b.test'), ok);
        assert.equal(await says(other), 'ready');
        const told = await until('that is told', async () =>
          (await decisionsOf(mesh)).find(({ signature }) => signature === 'policy-denied'),
        );
        assert.deepEqual(
          [told.object, told.source.identity],
          ['AuthorizationPolicy/default/out', 'spiffe://cluster.local/ns/default/sa/caller'],
        );
        await mesh.remove(policy);
        await until('it is open again', async () => (await statusOf(caller, 'b.test')) === 200);
        assert.equal(await overTls(caller, 'b.test'), ok);
      });
    });
  }
});
