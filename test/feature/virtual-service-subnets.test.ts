// Rules of a VirtualService by the address that was connected to, seen by callers and servers outside (istio-semantics 3.1):
// of a TCP service without addresses, of one with two of its own, and of a TLS host by its SNI.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createTestAuthority } from '../support/certificates.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload, withoutGivenAddress } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { claimAddress, outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const standby = '198.51.100.222';
const own = '198.51.100.223';
/** Of no service, though in the rules' subnets: whatever came to them would arrive. */
const closed = { tcp: '192.0.2.78', tls: '192.0.2.9' } as const;
/** Envoy has accepted what it then ends. */
const stopped = /^(ECONNRESET)?$/;

const entry = (name: string, spec: Parameters<typeof serviceEntry>[1]) => serviceEntry(name, spec, withoutGivenAddress);

const tcp = (number: number) => ({ number, name: `tcp-${number}`, protocol: 'TCP' });
const at = (address: string) => ({ resolution: 'STATIC', endpoints: [{ address }] });

describe('VirtualService: destinationSubnets', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  const servers: OutsideTcp[] = [];
  const sites: OutsideHttp[] = [];
  const arrived = () => [...servers, ...sites].map(({ connections }) => connections.items.length);

  before(async () => {
    const authority = await createTestAuthority();
    servers.push(await startOutsideTcp({ t: scope, address: claimAddress(closed.tcp), port: 5433 }));
    servers.push(await startOutsideTcp({ t: scope, address: claimAddress(closed.tls), port: 443 }));
    for (const [number, name] of [
      [222, 'standby'],
      [223, 'own'],
    ] as const) {
      const address = outsideAddress(number);
      for (const port of [5432, 5433]) {
        servers.push(await startOutsideTcp({ t: scope, address, port, serve: ({ socket }) => socket.end(name) }));
      }
      const tls = await authority.issue({ commonName: `${name}.test` });
      sites.push(
        await startOutsideHttp({ t: scope, address, port: 443, tls, respond: (_, answer) => answer.end(name) }),
      );
    }
    mesh = await startMesh(scope, { up: ['--resolve', `site.test=${own}`, '--resolve', `other.test=${own}`] });
    caller = await mesh.workload('caller');
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
  });

  async function reach(host: string, port: number): Promise<string> {
    const { text, error } = await caller.perform({ do: 'tcp', host, port, send: '' });
    return text ?? error ?? '';
  }

  it('send TCP connections to some addresses elsewhere, and leave the others to the service', async () => {
    await mesh.apply(
      entry('standby', {
        hosts: ['standby.test'],
        ports: [tcp(5432), tcp(5433)],
        addresses: [standby],
        ...at(standby),
      }) +
        entry('db', { hosts: ['db.test'], ports: [tcp(5432)], ...at(own) }) +
        entry('pair', {
          hosts: ['pair.test'],
          ports: [tcp(5433)],
          addresses: ['192.0.2.7', '192.0.2.77'],
          ...at(own),
        }) +
        virtualService('subnets', {
          hosts: ['db.test', 'pair.test'],
          tcp: [
            {
              match: [{ destinationSubnets: ['192.0.2.64/26'] }],
              route: [{ destination: { host: 'standby.test', port: { number: 5433 } } }],
            },
          ],
        }),
    );
    await until('the rule holds', async () => (await reach('192.0.2.77', 5432)) === 'standby');
    assert.equal(await reach('192.0.2.7', 5432), 'own', 'all else on the port is the service without addresses');
    await until('the other rule holds', async () => (await reach('192.0.2.77', 5433)) === 'standby');
    assert.equal(await reach('192.0.2.7', 5433), 'own');
    const before = arrived();
    assert.match(await reach(closed.tcp, 5433), stopped, 'an address that is no service stays closed');
    assert.deepEqual(arrived(), before);
  });

  it('send TLS elsewhere by SNI and address; another SNI to that address is judged as ever', async () => {
    const tls = { number: 443, name: 'tls', protocol: 'TLS' };
    await mesh.apply(
      entry('site', { hosts: ['site.test'], ports: [tls], ...at(own) }) +
        entry('other', { hosts: ['other.test'], ports: [tls], ...at(own) }) +
        entry('secure', { hosts: ['secure.test'], ports: [tls], ...at(standby) }) +
        virtualService('site', {
          hosts: ['site.test'],
          tls: [
            {
              match: [{ sniHosts: ['site.test'], destinationSubnets: ['192.0.2.0/24'] }],
              route: [{ destination: { host: 'secure.test', port: { number: 443 } } }],
            },
            { match: [{ sniHosts: ['site.test'] }], route: [{ destination: { host: 'site.test' } }] },
          ],
        }),
    );
    const answer = async (host: string, sni: string) => {
      const { text, error } = await caller.perform({ do: 'tls', host, sni });
      return error ?? text?.split('\r\n').at(-1) ?? '';
    };
    await until('the rule holds', async () => /standby/.test(await answer(closed.tls, 'site.test')));
    assert.match(await answer(standby, 'site.test'), /own/, 'to other addresses the second rule holds');
    assert.match(await answer(closed.tls, 'other.test'), /own/, 'another SNI goes to its own service');
    const before = arrived();
    for (const address of [closed.tls, standby, own]) {
      assert.match(await answer(address, 'nobody.test'), stopped, `an SNI that nobody registered, to ${address}`);
    }
    assert.deepEqual(arrived(), before);
  });
});
