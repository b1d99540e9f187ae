// Servers that speak first, on ports where the caller's first bytes are looked at: who is heard, after how long, and who never,
// so that nothing of them is reached either (istio-semantics 2.6; docs/differences.md).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy } from '../support/networking.ts';
import { type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const greeting = '5.7.0-server\r\n';
const ungiven = { labels: { 'networking.istio.io/enable-autoallocate-ip': 'false' } };
const port = (number: number, protocol: string) => ({ number, name: `port-${number}`, protocol });

describe('servers that speak first', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const servers = new Map<number, OutsideTcp>();
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const [database, site] = [outsideAddress(88), outsideAddress(89)];
    const serve: Parameters<typeof startOutsideTcp>[0]['serve'] = ({ socket }) => {
      socket.write(greeting);
      socket.once('data', (said) => socket.end(`you said ${said}`));
    };
    for (const number of [7001, 7002, 7003, 7004, 7005, 7006]) {
      servers.set(number, await startOutsideTcp({ t: scope, address: database, port: number, serve }));
    }
    for (const number of [7004, 7005]) await startOutsideHttp({ t: scope, address: site, port: number });
    const hosts = ['given.test', 'own.test', 'bare.test', 'mysql.test', 'mongo.test', 'lone.test'];
    const resolve = [...hosts.map((host) => `${host}=${database}`), `web.test=${site}`];
    mesh = await startMesh(scope, { up: resolve.flatMap((rule) => ['--resolve', rule]) });
    caller = await mesh.workload('caller');
    await mesh.apply(
      outboundPolicy('REGISTRY_ONLY') +
        serviceEntry('given', { hosts: ['given.test'], ports: [port(7001, '')] }) +
        serviceEntry('own', { hosts: ['own.test'], ports: [port(7002, '')], addresses: [database] }) +
        serviceEntry('web', { hosts: ['web.test'], ports: [port(7004, 'HTTP'), port(7005, 'HTTP')] }) +
        serviceEntry('mysql', { hosts: ['mysql.test'], ports: [port(7004, 'MySQL')] }),
    );
  });

  const talk = (host: string, number: number, timeoutMs: number, said?: string) =>
    caller.perform({
      do: 'talk',
      host,
      port: number,
      steps: [...(said === undefined ? [] : [{ send: said }]), { expect: greeting }],
      timeoutMs,
    });

  /** Resolves when the server has been heard; to the milliseconds that it took. */
  async function heard(host: string, number: number): Promise<number> {
    await until(`${host} is heard`, async () => (await talk(host, number, 5000)).text === greeting);
    const began = performance.now();
    assert.equal((await talk(host, number, 5000)).text, greeting);
    return performance.now() - began;
  }

  /** Not within two seconds, and the server does not hear of the caller; once the caller speaks, it does. */
  async function unheardAtFirst(host: string, number: number): Promise<void> {
    await until(`${host} is there`, async () => (await talk(host, number, 5000, 'hello\n')).text?.startsWith(greeting));
    const before = servers.get(number)?.connections.items.length;
    const { text = '', left } = await talk(host, number, 2000);
    assert.deepEqual([text, left === 0], ['', false]);
    assert.equal(servers.get(number)?.connections.items.length, before);
  }

  it('are heard within about a second without a protocol, at an address that the mesh gave', async () => {
    const ms = await heard('given.test', 7001);
    assert.ok(ms > 900 && ms < 4000, `${ms} ms`);
  });

  it('are heard at once without a protocol, at an address of their own that no http rule speaks of', async () => {
    const ms = await heard('own.test', 7002);
    assert.ok(ms < 900, `${ms} ms`);
  });

  it('are not heard without a protocol and an address, before the caller speaks; apply says so', async () => {
    const told = await mesh.tryApply(serviceEntry('bare', { hosts: ['bare.test'], ports: [port(7003, '')] }, ungiven));
    assert.match(told.stderr, /a server that speaks first is not heard/);
    await unheardAtFirst('bare.test', 7003);
  });

  it('are heard at once as MySQL beside HTTP on one port, by the address that the mesh gave', async () => {
    assert.ok((await heard('mysql.test', 7004)) < 900);
    assert.equal((await ask(caller, 'web.test', { port: 7004 })).body, 'outside');
  });

  it('are not heard as MongoDB beside HTTP on one port without an address, and HTTP holds', async () => {
    const mongo = serviceEntry('mongo', { hosts: ['mongo.test'], ports: [port(7005, 'Mongo')] }, ungiven);
    const told = await mesh.tryApply(mongo);
    assert.match(told.stderr, /web\.test .* a server that speaks first is not heard/);
    await unheardAtFirst('mongo.test', 7005);
    assert.equal((await ask(caller, 'web.test', { port: 7005 })).body, 'outside');
  });

  it('are heard at once without an address where nobody else has the port', async () => {
    await mesh.apply(serviceEntry('lone', { hosts: ['lone.test'], ports: [port(7006, 'MySQL')] }, ungiven));
    assert.ok((await heard('lone.test', 7006)) < 900);
  });
});
