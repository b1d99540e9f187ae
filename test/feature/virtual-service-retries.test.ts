// When a second try comes and which server it goes to, seen by two servers outside that both refuse (istio-semantics 3.4).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

describe('VirtualService: second tries', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const servers: OutsideHttp[] = [];
  /** When requests came, by their path. */
  const arrivals = new Map<string, number[]>();
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const addresses = [outsideAddress(224), outsideAddress(225)];
    for (const address of addresses) {
      const respond: NonNullable<Parameters<typeof startOutsideHttp>[0]['respond']> = ({ url }, answer) => {
        arrivals.set(url, [...(arrivals.get(url) ?? []), performance.now()]);
        answer.writeHead(url === '/ready' ? 200 : 503).end();
      };
      servers.push(await startOutsideHttp({ t: scope, address, port: 80, respond }));
    }
    const names = ['retries.test', 'places.test'].flatMap((name) => ['--resolve', `${name}=${addresses[0]}`]);
    mesh = await startMesh(scope, { up: names });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    const rule = (path: string, retries: object, host = 'retries.test') => ({
      match: [{ uri: { prefix: path } }],
      retries,
      route: [{ destination: { host } }],
    });
    const endpoints = (localities: readonly string[]) =>
      addresses.map((address, index) => ({ address, locality: localities[index] }));
    // Both stand by however often they refuse.
    const outlierDetection = { consecutive5xxErrors: 0, consecutiveGatewayErrors: 0 };
    await mesh.apply(
      serviceEntry('retries', { hosts: ['retries.test'], resolution: 'STATIC', endpoints: endpoints([]) }) +
        virtualService('retries', {
          hosts: ['retries.test'],
          http: [
            rule('/other', { attempts: 1, retryOn: '503' }),
            rule('/any', { attempts: 1, retryOn: '503', retryIgnorePreviousHosts: false }),
            rule('/later', { attempts: 1, retryOn: '503', backoff: '1s' }),
            rule('/none', {}),
            { match: [{ uri: { exact: '/ready' } }], route: [{ destination: { host: 'retries.test' } }] },
          ],
        }) +
        serviceEntry('places', {
          hosts: ['places.test'],
          resolution: 'STATIC',
          endpoints: endpoints(['near/one', 'far/one']),
        }) +
        destinationRule('places', { host: 'places.test', trafficPolicy: { outlierDetection } }) +
        virtualService('places', {
          hosts: ['places.test'],
          http: [
            rule('/own', { attempts: 2, retryOn: '503' }, 'places.test'),
            rule('/remote', { attempts: 2, retryOn: '503', retryRemoteLocalities: true }, 'places.test'),
            { match: [{ uri: { exact: '/ready' } }], route: [{ destination: { host: 'places.test' } }] },
          ],
        }),
    );
    caller = await mesh.workload('caller', { args: ['--label', 'istio-locality=near.one'] });
    for (const host of ['retries.test', 'places.test'])
      await until(`${host} is open`, async () => (await statusOf(caller, host, { path: '/ready' })) === 200);
  });

  /** How many requests each server got for one of the caller's. */
  async function tries(path: string, host = 'retries.test'): Promise<readonly number[]> {
    const counts = () => servers.map(({ requests }) => requests.items.length);
    const before = counts();
    assert.equal(await statusOf(caller, host, { path }), 503);
    return counts().map((count, index) => count - (before[index] ?? 0));
  }

  it('go to the server that was not asked yet', async () => {
    let both = 0;
    for (let round = 0; round < 40; round += 1) if ((await tries('/other')).join() === '1,1') both += 1;
    // Envoy draws up to six times, and takes what it has then: of two servers the same once in 64.
    assert.ok(both >= 32, `${both} of 40`);
  });

  it('may go to the same one where the rule says so', async () => {
    await until('one server was asked twice', async () => (await tries('/any')).includes(2));
  });

  it('stay in the nearest locality, unless the rule says otherwise: then the second of them goes to another', async () => {
    for (let round = 0; round < 5; round += 1) {
      assert.deepEqual(await tries('/own', 'places.test'), [3, 0]);
      assert.deepEqual(await tries('/remote', 'places.test'), [2, 1]);
    }
  });

  it('wait for a time below the backoff, by chance', async () => {
    const paths = Array.from({ length: 20 }, (_, index) => `/later/${index}`);
    await Promise.all(paths.map(async (path) => assert.equal(await statusOf(caller, 'retries.test', { path }), 503)));
    const waits = paths.map((path) => {
      const [first = 0, second = 0, ...others] = arrivals.get(path) ?? [];
      assert.deepEqual(others, []);
      return second - first;
    });
    // Of 20 one waits longer than a quarter of the backoff, but for one run in 10^12; Envoy's own is 25 ms.
    assert.ok(Math.max(...waits) >= 250, waits.map(Math.round).join());
  });

  it('are none without attempts', async () => {
    for (let round = 0; round < 5; round += 1) assert.deepEqual([...(await tries('/none'))].sort(), [0, 1]);
  });
});
