// AuthorizationPolicies on real Envoys: the truth table from programs' own sidecars, TLS and TCP, what is told of refusals, and
// what workloads are sent.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  type AskerName,
  askers,
  policyObjects,
  readRow,
  truthTables,
} from '../../src/xds/authorization/testing/truth-table.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { authorizationPolicy } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowsOf, sum } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const outbound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } } as const;
const hosts = ['a.test', 'b.test', 'c.test', 'd.test', '*.wild.test', 'wild.test'] as const;
const resolved = [...hosts.slice(0, 4), 'x.wild.test', 'wild.test'];

describe('authorization policies', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let address: string;
  let web: OutsideHttp;
  let tls: OutsideHttp;
  let callers: Readonly<Record<AskerName, Workload>>;

  before(async () => {
    address = outsideAddress(3);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    tls = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    await startOutsideHttp({ t: scope, address, port: 9000 });
    mesh = await startMesh(scope, { up: resolved.flatMap((host) => ['--resolve', `${host}=${address}`]) });
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    const exact = hosts.filter((host) => !host.startsWith('*'));
    await mesh.apply(
      [
        serviceEntry('exact', { hosts: exact, ports }),
        serviceEntry('wild', { hosts: ['*.wild.test'], ports, resolution: 'DYNAMIC_DNS' }),
        serviceEntry(
          'bytes',
          {
            hosts: ['bytes.test'],
            ports: [{ number: 9000, name: 'tcp', protocol: 'TCP' }],
            addresses: [address],
            endpoints: [{ address }],
            resolution: 'STATIC',
          },
          { namespace: 'istio-system' },
        ),
      ].join(''),
    );
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    const started = Object.entries(askers).map(async ([name, { namespace, serviceAccount, labels }]) => {
      const labelled = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
      const args = ['--service-account', serviceAccount, ...labelled];
      return [name, await mesh.workload(name, { namespace, args })] as const;
    });
    callers = Object.fromEntries(await Promise.all(started)) as Record<AskerName, Workload>;
  });

  async function answer(asked: string): Promise<number | string | undefined> {
    const { asker, host, method, path, headers } = readRow(asked);
    const { status, error } = await callers[asker].perform({
      do: 'http',
      host: address,
      method,
      path,
      headers: { ...headers, host },
    });
    return status ?? error;
  }

  /** Resolves when all callers are judged by these; removes them again behind the test. */
  async function inForce<T>(policies: string, test: () => Promise<T>): Promise<T> {
    const marker = `marker-${Math.random().toString(36).slice(2)}.test`;
    const deny = { action: 'DENY', rules: [{ to: [{ operation: { hosts: [marker] } }] }] };
    const all = `${policies}${authorizationPolicy('marker', deny, { namespace: 'istio-system', ...outbound })}`;
    await mesh.apply(all);
    try {
      for (const name of Object.keys(askers)) {
        await until(`${name} is judged`, async () => (await answer(`${name} GET ${marker}/`)) === 403);
      }
      return await test();
    } finally {
      await mesh.remove(all);
      for (const name of Object.keys(askers)) {
        await until(`${name} is judged no more`, async () => (await answer(`${name} GET ${marker}/`)) === 502);
      }
    }
  }

  for (const table of truthTables) {
    it(`truth table: ${table.title}`, async () => {
      const policies = policyObjects(table).map((object) => `${JSON.stringify(object)}\n---\n`);
      await inForce(policies.join(''), async () => {
        const answers = await Promise.all(
          table.rows.map(async ([asked]) => {
            const status = await answer(asked);
            return [asked, status === 403 ? 'deny' : status === 200 ? 'allow' : status] as const;
          }),
        );
        assert.deepEqual(answers, table.rows);
      });
    });
  }

  it('what is denied in TLS is reset, by its SNI, and nobody outside is called', async () => {
    const policy = authorizationPolicy(
      'tls',
      {
        selector: { matchLabels: { app: 'web' } },
        rules: [{ to: [{ operation: { hosts: ['a.test', '*.wild.test'] } }] }],
      },
      { namespace: 'shop', ...outbound },
    );
    await inForce(policy, async () => {
      const before = tls.connections.items.length;
      const say = (name: AskerName, sni: string) => callers[name].perform({ do: 'tls', host: address, sni });
      assert.match((await say('web', 'a.test')).text ?? '', /outside/);
      assert.match((await say('web', 'x.wild.test')).text ?? '', /outside/);
      assert.equal((await say('web', 'b.test')).error, 'ECONNRESET');
      assert.match((await say('batch', 'b.test')).text ?? '', /outside/);
      assert.equal(tls.connections.items.length, before + 3);
      const told = await until('that is told', async () =>
        (await decisionsOf(mesh)).find(({ destination }) => destination.host === 'b.test' && destination.port === 443),
      );
      assert.equal(told.signature, 'policy-denied');
      assert.equal(told.object, 'AuthorizationPolicy/shop/tls');
      assert.equal(told.source.identity, 'spiffe://cluster.local/ns/shop/sa/web');
    });
  });

  it('TCP is denied at once, by its port and the host that is registered for it', async () => {
    const rules = [{ to: [{ operation: { ports: ['9000'] } }] }];
    const policy = authorizationPolicy('tcp', { action: 'DENY', rules }, { namespace: 'shop', ...outbound });
    const say = (name: AskerName) =>
      callers[name].perform({
        do: 'tcp',
        host: address,
        port: 9000,
        send: 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      });
    await until('it is open', async () => (await say('web')).text?.includes('outside') === true);
    await inForce(policy, async () => {
      assert.equal((await say('web')).text ?? '', '');
      assert.match((await say('other')).text ?? '', /outside/);
      const told = await until('that is told', async () =>
        (await decisionsOf(mesh)).find(
          ({ object, destination: { port } }) => port === 9000 && object.endsWith('/shop/tcp'),
        ),
      );
      assert.deepEqual(
        [told.signature, told.object, told.destination.host],
        ['policy-denied', 'AuthorizationPolicy/shop/tcp', 'bytes.test'],
      );
      assert.match(told.reason, /^AuthorizationPolicy\/shop\/tcp denies it: /);
    });
  });

  it('refusals are told and counted once each, with who asked and the policy', async () => {
    const allow = {
      selector: { matchLabels: { app: 'batch' } },
      rules: [{ to: [{ operation: { hosts: ['a.test'] } }] }],
    };
    const deny = {
      action: 'DENY',
      selector: { matchLabels: { app: 'batch' } },
      rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
    };
    const policies = [
      authorizationPolicy('batch', allow, { namespace: 'shop', ...outbound }),
      authorizationPolicy('no-delete', deny, { namespace: 'shop', ...outbound }),
    ].join('');
    await inForce(policies, async () => {
      const blocked = async () =>
        sum(
          (await flowsOf(mesh)).filter(
            ({ destination }) => destination.kind === 'blocked' && destination.host === 'd.test',
          ),
          ({ requests }) => requests,
        );
      const before = await blocked();
      const outside = web.requests.items.length;
      for (let index = 0; index < 20; index++) assert.equal(await answer('batch GET d.test/x'), 403);
      for (let index = 0; index < 10; index++) assert.equal(await answer('batch DELETE a.test/x'), 403);
      await until('all are counted', async () => (await blocked()) === before + 20);
      const decisions = await decisionsOf(mesh);
      const none = decisions.filter(({ object }) => object === 'AuthorizationPolicy/shop/batch');
      assert.equal(
        sum(
          none.filter(({ destination }) => destination.host === 'd.test'),
          ({ count }) => count,
        ),
        20,
      );
      const denied = decisions.filter(({ object }) => object === 'AuthorizationPolicy/shop/no-delete');
      assert.equal(
        sum(denied, ({ count }) => count),
        10,
      );
      for (const one of [...none, ...denied]) {
        assert.equal(one.signature, 'policy-denied');
        assert.equal(one.source.identity, 'spiffe://cluster.local/ns/shop/sa/batch');
        assert.equal(one.verdict, 'blocked');
      }
      assert.equal(web.requests.items.length, outside);
    });
  });
});
