// Which server a second try goes to, seen by two servers outside that both refuse (istio-semantics 3.4).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

describe('VirtualService: second tries', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const servers: OutsideHttp[] = [];
  let mesh: TestMesh;
  let caller: Workload;

  before(async () => {
    const addresses = [outsideAddress(224), outsideAddress(225)];
    for (const address of addresses) {
      const respond: NonNullable<Parameters<typeof startOutsideHttp>[0]['respond']> = ({ url }, answer) =>
        answer.writeHead(url === '/ready' ? 200 : 503).end();
      servers.push(await startOutsideHttp({ t: scope, address, port: 80, respond }));
    }
    mesh = await startMesh(scope, { up: ['--resolve', `retries.test=${addresses[0]}`] });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    const rule = (path: string, retries: object) => ({
      match: [{ uri: { exact: path } }],
      retries,
      route: [{ destination: { host: 'retries.test' } }],
    });
    const spec = {
      hosts: ['retries.test'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'STATIC',
      endpoints: addresses.map((address) => ({ address })),
    };
    const entry = { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name: 'retries' }, spec };
    await mesh.apply(
      `${JSON.stringify(entry)}\n---\n${virtualService('retries', {
        hosts: ['retries.test'],
        http: [
          rule('/other', { attempts: 1, retryOn: '503' }),
          rule('/any', { attempts: 1, retryOn: '503', retryIgnorePreviousHosts: false }),
          rule('/none', {}),
          { match: [{ uri: { exact: '/ready' } }], route: [{ destination: { host: 'retries.test' } }] },
        ],
      })}`,
    );
    caller = await mesh.workload('caller');
    await until('the rules hold', async () => (await statusOf(caller, 'retries.test', { path: '/ready' })) === 200);
  });

  /** How many requests each server got for one of the caller's. */
  async function tries(path: string): Promise<readonly number[]> {
    const counts = () => servers.map(({ requests }) => requests.items.length);
    const before = counts();
    assert.equal(await statusOf(caller, 'retries.test', { path }), 503);
    return counts().map((count, index) => count - (before[index] ?? 0));
  }

  it('go to the server that was not asked yet', async () => {
    for (let round = 0; round < 10; round += 1) assert.deepEqual(await tries('/other'), [1, 1]);
  });

  it('may go to the same one where the rule says so', async () => {
    await until('one server was asked twice', async () => (await tries('/any')).includes(2));
  });

  it('are none without attempts', async () => {
    for (let round = 0; round < 5; round += 1) assert.deepEqual([...(await tries('/none'))].sort(), [0, 1]);
  });
});
