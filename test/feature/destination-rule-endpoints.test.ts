// Which endpoints a DestinationRule chooses (istio-semantics 4.4). By a hash: the same for the same header, cookie, query
// parameter or caller, also where a VirtualService leads there. By locality: the nearest to the workload, or by shares.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, type HttpOptions } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy, virtualService } from '../support/networking.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { repeat } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

const numbers = [241, 242, 243, 244];
const addresses = numbers.map((number) => `198.51.100.${number}`);
const endpoints = addresses.map((address) => ({ address }));

describe('DestinationRule: endpoints', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  /** Servers that answer 503. */
  const failing = new Set<string>();

  before(async () => {
    for (const number of numbers) {
      const address = outsideAddress(number);
      await startOutsideHttp({
        t: scope,
        address,
        port: 80,
        respond: (_, answer) => void answer.writeHead(failing.has(address) ? 503 : 200).end(address),
      });
      await startOutsideTcp({ t: scope, address, port: 5432, serve: ({ socket }) => socket.end(address) });
    }
    mesh = await startMesh(scope);
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    await mesh.apply(
      serviceEntry('pool', {
        hosts: ['pool.test'],
        resolution: 'STATIC',
        endpoints,
      }) +
        serviceEntry('front', { hosts: ['front.test'], resolution: 'STATIC', endpoints: [{ address: '192.0.2.1' }] }) +
        virtualService('front', { hosts: ['front.test'], http: [{ route: [{ destination: { host: 'pool.test' } }] }] }),
    );
    caller = await mesh.workload('caller');
  });

  /** The address that answered, or the status. */
  async function answering(host: string, options: HttpOptions = {}, from = caller): Promise<string> {
    const headers = { ...options.headers, host };
    const { status, body = '' } = await ask(from, addresses[0] ?? '', { ...options, headers });
    return status === 200 ? body : String(status);
  }

  async function seen(host: string, options: HttpOptions = {}): Promise<readonly string[]> {
    return [...new Set(await repeat(24, () => answering(host, options)))];
  }

  async function hashing(consistentHash: object): Promise<void> {
    await mesh.apply(
      destinationRule('pool', { host: 'pool.test', trafficPolicy: { loadBalancer: { consistentHash } } }),
    );
  }

  it('leads the same header to the same server, and different ones to several', async () => {
    await until('all answer', async () => (await seen('pool.test')).length === addresses.length);
    await hashing({ httpHeaderName: 'x-user', ringHash: { minimumRingSize: 2048 } });
    for (const host of ['pool.test', 'front.test']) {
      await until(`${host} is hashed`, async () => (await seen(host, { headers: { 'x-user': 'one' } })).length === 1);
    }
    const [first] = await seen('pool.test', { headers: { 'x-user': 'one' } });
    assert.deepEqual(await seen('front.test', { headers: { 'x-user': 'one' } }), [first]);
    const users = await repeat(40, (index) => answering('pool.test', { headers: { 'x-user': `user-${index}` } }));
    assert.ok(new Set(users).size > 1, `all went to ${users[0]}`);
    // Without the header there is nothing to hash.
    assert.ok((await seen('pool.test')).length > 1);
  });

  it('leads the same query parameter to the same server', async () => {
    await hashing({ httpQueryParameterName: 'id', maglev: { tableSize: 1021 } });
    await until('it is hashed', async () => (await seen('front.test', { path: '/?id=7' })).length === 1);
    const ids = await repeat(40, (index) => answering('pool.test', { path: `/?id=${index}` }));
    assert.ok(new Set(ids).size > 1, `all went to ${ids[0]}`);
  });

  it('gives a cookie to who has none: for the session, or for a time', async () => {
    const cookie = { name: 'lb', path: '/shop', attributes: [{ name: 'SameSite', value: 'Strict' }] };
    const given = async () =>
      (await ask(caller, addresses[0] ?? '', { headers: { host: 'front.test' } })).headers?.['set-cookie'];
    await hashing({ httpCookie: { ...cookie, ttl: '0s' } });
    const session = await until('a cookie is given', given);
    assert.match(session, /^lb="[0-9a-f]+"; Path=\/shop; SameSite=Strict; HttpOnly$/);
    await hashing({ httpCookie: { ...cookie, ttl: '60s' } });
    await until('it has an end', async () => /^lb="[0-9a-f]+"; Max-Age=60; Path=/.test((await given()) ?? ''));
    const sent = session.split(';')[0] ?? '';
    assert.equal((await seen('front.test', { headers: { cookie: sent } })).length, 1);
    await hashing({ httpCookie: cookie });
    await until('nobody is given one', async () => (await given()) === undefined);
  });

  it('leads a caller to one server, also by raw connections', async () => {
    await hashing({ useSourceIp: true });
    await until('it is hashed', async () => (await seen('pool.test')).length === 1);
    await mesh.apply(
      serviceEntry('raw', {
        hosts: ['raw.test'],
        addresses: ['192.0.2.90'],
        ports: [{ number: 5432, name: 'db', protocol: 'TCP' }],
        resolution: 'STATIC',
        endpoints,
      }),
    );
    const connect = async () => (await caller.perform({ do: 'tcp', host: '192.0.2.90', port: 5432 })).text ?? '';
    const servers = async () => new Set((await repeat(24, connect)).filter((text) => text !== '')).size;
    await until('it is open', async () => (await servers()) > 1);
    await mesh.apply(
      destinationRule('raw', {
        host: 'raw.test',
        trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } },
      }),
    );
    await until('it is hashed', async () => (await servers()) === 1);
  });

  describe('by locality', () => {
    const localities = ['near/one', 'near/two', 'far/one', 'far/two'];
    const outlierDetection = {
      consecutive5xxErrors: 1,
      interval: '0.1s',
      baseEjectionTime: '60s',
      maxEjectionPercent: 100,
    };
    let near: Workload;
    let far: Workload;

    before(async () => {
      near = await mesh.workload('near', { args: ['--label', 'istio-locality=near.one'] });
      const labels = ['topology.kubernetes.io/region=far', 'topology.kubernetes.io/zone=two'];
      far = await mesh.workload('far', { args: labels.flatMap((label) => ['--label', label]) });
    });

    async function placed(name: string, trafficPolicy: object): Promise<string> {
      await mesh.apply(
        serviceEntry(name, {
          hosts: [`${name}.test`],
          resolution: 'STATIC',
          endpoints: addresses.map((address, index) => ({ address, locality: localities[index] })),
        }) + destinationRule(name, { host: `${name}.test`, trafficPolicy }),
      );
      return `${name}.test`;
    }

    const counts = async (host: string, from: Workload, times = 24) =>
      Map.groupBy(await repeat(times, () => answering(host, {}, from)), (address) => address);

    it('asks the nearest, and the next once those fail', async () => {
      const host = await placed('nearest', { outlierDetection });
      const only = async (from: Workload, index: number) => {
        const seenHere = await counts(host, from);
        return seenHere.size === 1 && seenHere.has(addresses[index] ?? '');
      };
      await until('each has the one at its place', async () => (await only(near, 0)) && (await only(far, 3)));
      await until('who is nowhere has all', async () => (await counts(host, caller)).size === addresses.length);
      failing.add(addresses[0] ?? '');
      await until('the next zone is asked', () => only(near, 1));
      failing.add(addresses[1] ?? '');
      await until('another region is asked', async () => {
        const seenHere = await counts(host, near);
        return [...seenHere.keys()].sort().join() === addresses.slice(2).join();
      });
      assert.ok(await only(far, 3));
      failing.clear();
    });

    it('gives localities their shares, and others nothing', async () => {
      const to = { 'near/one': 75, 'far/*': 25 };
      const host = await placed('shares', {
        loadBalancer: { simple: 'ROUND_ROBIN', localityLbSetting: { distribute: [{ from: 'near/*', to }] } },
      });
      await until('it is open', async () => (await answering(host, {}, near)) !== '502');
      const seenHere = await untilFits(
        () => counts(host, near, 80),
        (now) => now.size === 3,
      );
      const times = addresses.map((address) => seenHere.get(address)?.length ?? 0);
      assert.equal(times[1], 0);
      assert.ok((times[0] ?? 0) >= 50 && (times[0] ?? 0) <= 70, `${times}`);
      // There is no entry for who is elsewhere.
      await until('others have all', async () => (await counts(host, far, 40)).size === addresses.length);
    });
  });
});
