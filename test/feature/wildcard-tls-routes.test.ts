// A wildcard host that is resolved when it is asked for (DYNAMIC_DNS) as the destination of a VirtualService's TLS rule: it takes
// what lies below it, and the SNI says which; any other name is not resolved on its account (istio-semantics 2.2, 2.3, 3.1).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const port = (number: number) => ({ number, name: `tls-${number}`, protocol: 'TLS' });
const below = ['b.deep.wild.test', 'c.d.deep.wild.test'];
const beside = ['a.wild.test', 'deep.wild.test', 'wild.test', 'xwild.test', 'a.wild.test.evil.test', 'stranger.test'];

for (const capture of ['redirect', 'proxy'] as const) {
  describe(`TLS routes to a wildcard, ${capture} capture`, needs('root', 'iproute2', 'firewall'), () => {
    const scope = suiteScope();
    let mesh: TestMesh;
    let caller: Workload;
    let outside: OutsideHttp;

    before(async () => {
      const address = outsideAddress(capture === 'redirect' ? 94 : 95);
      outside = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
      const hosts = [...below, ...beside, 'front.test', 'other.test'];
      mesh = await startMesh(scope, {
        up: ['--capture', capture, ...hosts.flatMap((host) => ['--resolve', `${host}=${address}`])],
      });
      caller = await mesh.workload('caller');
      await mesh.apply(
        outboundPolicy('REGISTRY_ONLY') +
          serviceEntry('wild', { hosts: ['*.wild.test'], ports: [port(443)], resolution: 'DYNAMIC_DNS' }),
      );
      await until('the wildcard is there', async () => /200/.test(await overTls(caller, 'a.wild.test')));
    });

    /** Each of them; and nothing of those that are refused has come out. */
    async function expect(names: readonly string[], passes: boolean): Promise<void> {
      for (const name of names) {
        const before = outside.connections.items.length;
        const answer = await overTls(caller, name);
        assert.equal(/^HTTP\/1.1 200/.test(answer), passes, `${name}: ${answer}`);
        const came = outside.connections.items.slice(before).map(({ sni }) => sni);
        assert.deepEqual(came, passes ? [name] : []);
      }
    }

    it('take what the rule names below it, whichever name it is', async () => {
      await mesh.apply(
        virtualService('wild', {
          hosts: ['*.wild.test'],
          tls: [{ match: [{ sniHosts: ['*.deep.wild.test'] }], route: [{ destination: { host: '*.wild.test' } }] }],
        }),
      );
      await until('the rule stands for the host', async () => !/200/.test(await overTls(caller, 'a.wild.test')));
      await expect(below, true);
      await expect(beside, false);
    });

    it('take no other name that a rule sends there, though it has an address', async () => {
      const to = (host: string) => [{ destination: { host } }];
      await mesh.apply(
        serviceEntry('front', { hosts: ['front.test', 'other.test', 'stranger.test'], ports: [port(443)] }) +
          virtualService('front', {
            hosts: ['front.test', 'other.test'],
            tls: [
              { match: [{ sniHosts: ['front.test'] }], route: to('*.wild.test') },
              { match: [{ sniHosts: ['other.test'] }], route: to('other.test') },
            ],
          }),
      );
      await until('the rules hold', async () => /200/.test(await overTls(caller, 'other.test')));
      await expect(['front.test'], false);
      await expect(['other.test', 'stranger.test', ...below], true);
    });
  });
}
