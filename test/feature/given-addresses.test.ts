// Hosts whose bytes name nobody are told apart by addresses that the mesh gives them: two databases on one port, reached by
// name under both policies, told apart in logs and traffic; the same addresses after kill -9; and what such an address
// must not break (istio-semantics 2.5, 11 number 3 and 8).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload, withoutGivenAddress } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { outboundPolicy } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { claimAddress, outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const database = { number: 5432, name: 'tcp-db', protocol: 'TCP' };
const given = /^240\.240\.\d+\.\d+$/;
/** Envoy has accepted what it then ends; nobody waits. */
const ended = /^(ECONNRESET)?$/;

describe('addresses that the mesh gives', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let stranger: Workload;
  const [one, two] = ['198.51.100.31', '198.51.100.32'];
  const databases: OutsideTcp[] = [];
  const sites: OutsideHttp[] = [];
  const arrived = () => [...databases, ...sites].map(({ connections }) => connections.items.length);

  before(async () => {
    for (const number of [31, 32]) outsideAddress(number);
    for (const [address, answer] of [
      [one, 'orders'],
      [two, 'users'],
    ] as const) {
      // They speak first, as databases do.
      databases.push(
        await startOutsideTcp({ t: scope, address, port: 5432, serve: ({ socket }) => socket.end(answer) }),
      );
      sites.push(await startOutsideHttp({ t: scope, address, port: 80, respond: (_, reply) => reply.end(answer) }));
      await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    }
    const rules = [`orders.example=${one}`, `users.example=${two}`, `private.example=${one}`, `sniffed.example=${two}`];
    rules.push(`a.wild.example=${one}`, `wild.example=${one}`);
    mesh = await startMesh(scope, { up: rules.flatMap((rule) => ['--resolve', rule]) });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    caller = await mesh.workload('caller');
    stranger = await mesh.workload('stranger', { namespace: 'other' });
  });

  async function said(from: Workload, host: string, port = 5432): Promise<string> {
    const { text, error } = await from.perform({ do: 'tcp', host, port, send: '', timeoutMs: 3000 });
    return text ?? error ?? '';
  }

  async function addressOf(from: Workload, host: string): Promise<string> {
    const { addresses, error } = await from.perform({ do: 'lookup', host, family: 4 });
    return addresses?.join(' ') ?? error ?? '';
  }

  async function statusAddress(name: string, namespace = 'default'): Promise<string> {
    const path = 'jsonpath={.status.addresses[0].value}';
    return (await mesh.run('get', 'serviceentry', name, '-n', namespace, '-o', path)).trim();
  }

  const orders = serviceEntry('orders', { hosts: ['orders.example'], ports: [database] });
  const users = serviceEntry('users', {
    hosts: ['users.example'],
    ports: [database, { number: 80, name: 'http', protocol: 'HTTP' }, { number: 443, name: 'tls', protocol: 'TLS' }],
  });

  it('tell two databases on one port apart by their names, in both policies', async () => {
    assert.doesNotMatch(await mesh.apply(orders + users), /SP0310/);
    await until('both are there', async () => (await said(caller, 'users.example')) === 'users');
    for (const policy of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
      await mesh.apply(outboundPolicy(policy));
      const unregistered = policy === 'ALLOW_ANY' ? 200 : 502;
      await until(policy, async () => (await statusOf(caller, 'private.example')) === unregistered);
      for (let turn = 0; turn < 3; turn += 1) {
        assert.equal(await said(caller, 'orders.example'), 'orders', policy);
        assert.equal(await said(caller, 'users.example'), 'users', policy);
        assert.equal(await said(stranger, 'orders.example'), 'orders', policy);
      }
      // The other ports of a host with an address.
      assert.equal(await statusOf(caller, 'users.example'), 200, policy);
      assert.match(await overTls(caller, 'users.example'), /200 OK/, policy);
    }
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    const [a, b] = [await addressOf(caller, 'orders.example'), await addressOf(caller, 'users.example')];
    assert.match(a, given);
    assert.match(b, given);
    assert.notEqual(a, b);
    const six = await caller.perform({ do: 'lookup', host: 'orders.example', family: 6 });
    assert.match(six.error ?? '', /ENOTFOUND|ENODATA/);
  });

  it('are told in traffic and logs by the name', async () => {
    const logs = await until('the log has both', async () => {
      const text = await mesh.run('logs', 'caller', '-c', 'istio-proxy', '--tail', '200');
      return text.includes('outbound|5432||orders.example') && text.includes('outbound|5432||users.example') && text;
    });
    // Before the first that passed, a caller may have known the address before its proxy did.
    const since = String(logs).slice(String(logs).indexOf('outbound|5432||'));
    assert.doesNotMatch(since, /BlackHoleCluster.*:5432/);
    for (const host of ['orders.example', 'users.example']) {
      const flow = await until(`a flow to ${host}`, async () =>
        (await flowsOf(mesh)).find(({ destination: { host: to, port } }) => to === host && port === 5432),
      );
      assert.equal(typeof flow === 'object' && flow.destination.serviceEntry, `default/${host.split('.')[0]}`);
    }
  });

  it('stand in the status, and applying the same again changes nothing', async () => {
    await until('the status has it', async () => given.test(await statusAddress('orders')));
    assert.equal(await statusAddress('orders'), await addressOf(caller, 'orders.example'));
    assert.match(await mesh.apply(orders), /serviceentry.networking.istio.io\/orders unchanged/);
    const shown = await mesh.run('get', 'serviceentry', 'orders', '-o', 'yaml');
    assert.match(shown, /host: orders\.example/);
  });

  it('are the same after kill -9 of the control plane, and for an entry that was deleted and comes again', async () => {
    const before = await statusAddress('orders');
    await kill(await controlPlanePid(mesh));
    assert.equal(await addressOf(caller, 'orders.example'), before, 'DNS goes on');
    await mesh.run('up', '--detach', '--listen', mesh.listen);
    assert.equal(await statusAddress('orders'), before);
    assert.equal(await said(caller, 'orders.example'), 'orders');
    await mesh.remove(orders);
    await until('the name is what it is outside', async () => (await addressOf(caller, 'orders.example')) === one);
    await mesh.apply(orders);
    await until('it is back', async () => (await said(caller, 'orders.example')) === 'orders');
    assert.equal(await addressOf(caller, 'orders.example'), before);
  });

  it('are answered where the entry is visible, and one host has one in all namespaces', async () => {
    const hidden = { hosts: ['private.example'], ports: [database], exportTo: ['.'] };
    await mesh.apply(serviceEntry('private', hidden));
    await until('its own namespace has it', async () => given.test(await addressOf(caller, 'private.example')));
    assert.equal(await said(caller, 'private.example'), 'orders');
    assert.equal(await addressOf(stranger, 'private.example'), one);
    const before = arrived();
    assert.match(await said(stranger, 'private.example'), ended);
    assert.deepEqual(arrived(), before);
    await mesh.apply(serviceEntry('private', hidden, { namespace: 'other' }));
    await until('the other has it', async () => (await said(stranger, 'private.example')) === 'orders');
    assert.equal(await addressOf(stranger, 'private.example'), await addressOf(caller, 'private.example'));
  });

  it('are not given where the entry says so', async () => {
    const yaml = serviceEntry('private', { hosts: ['private.example'], ports: [database] }, withoutGivenAddress);
    await mesh.apply(yaml);
    await until('the address is gone', async () => (await addressOf(caller, 'private.example')) === one);
    await until('and its status', async () => (await statusAddress('private')) === '');
    await mesh.run('delete', 'serviceentry', 'private');
  });

  it('leave HTTP on a port without a protocol told by Host, and let the rest through to the host', async () => {
    await mesh.apply(
      serviceEntry('sniffed', {
        hosts: ['sniffed.example'],
        ports: [
          { number: 80, name: 'web', protocol: '' },
          { number: 5432, name: 'db', protocol: '' },
        ],
      }),
    );
    await until('HTTP is open', async () => (await statusOf(caller, 'sniffed.example')) === 200);
    const before = arrived();
    assert.equal(await statusOf(caller, 'sniffed.example', { headers: { host: 'nobody.example' } }), 502);
    assert.deepEqual(arrived(), before);
    await until('so is the rest', async () => (await said(caller, 'sniffed.example')) === 'users');
  });

  it('are given to hosts of HTTP and TLS that ask for one, below a wildcard too', async () => {
    const labels = { 'networking.istio.io/enable-autoallocate-ip': 'true' };
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    const wild = { hosts: ['*.wild.example'], ports, resolution: 'DYNAMIC_DNS' };
    await mesh.apply(serviceEntry('wild', wild, { labels }));
    await until('HTTP is open', async () => (await statusOf(caller, 'a.wild.example')) === 200);
    assert.match(await overTls(caller, 'a.wild.example'), /200 OK/);
    assert.match(await addressOf(caller, 'never.seen.wild.example'), given);
    assert.equal(await addressOf(caller, 'wild.example'), one);
  });

  it('end at once where no entry has the port', async () => {
    // Where it could end up: at the address itself, and at the host's own.
    for (const address of [claimAddress(await addressOf(caller, 'orders.example')), one]) {
      databases.push(await startOutsideTcp({ t: scope, address, port: 5433 }));
    }
    for (const policy of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
      await mesh.apply(outboundPolicy(policy));
      const unregistered = policy === 'ALLOW_ANY' ? 200 : 502;
      await until(policy, async () => (await statusOf(caller, 'private.example')) === unregistered);
      const before = arrived();
      assert.match(await said(caller, 'orders.example', 5433), ended, policy);
      assert.deepEqual(arrived(), before, policy);
    }
  });
});
