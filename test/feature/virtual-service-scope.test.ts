// Which VirtualService speaks for what: hosts that nobody registered, wildcards, short names, namespaces, several for one
// host, and connections that are passed on unread by their SNI or address (istio-semantics 1.4, 3.1), in both captures.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { bodyOf, overTls, statusOf } from '../support/calls.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { repeat } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const alt: ServicePort = { number: 8080, name: 'alt', protocol: 'HTTP' };
const tls: ServicePort = { number: 443, name: 'tls', protocol: 'TLS' };
const tcp: ServicePort = { number: 7000, name: 'tcp', protocol: 'TCP' };
/** Names of the first and of the second server outside. */
const names = {
  161: [
    'site',
    'root',
    'nobody',
    'half',
    'a.below',
    'b.below',
    'deep.a.below',
    'mine',
    'twice',
    'tls-a',
    'a.wild',
    'tcp-a',
  ],
  162: ['tls-b', 'tcp-b'],
} as const;

/** A rule that answers with these words. */
const saying = (words: string) => ({ directResponse: { status: 200, body: { string: words } } });

describe('VirtualService: what it speaks for', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let site: OutsideHttp;
  let firstTls: OutsideHttp;
  let secondTls: OutsideHttp;

  before(async () => {
    const [first, second] = [outsideAddress(161), outsideAddress(162)];
    site = await startOutsideHttp({ t: scope, address: first, port: 80 });
    firstTls = await startOutsideHttp({ t: scope, address: first, port: 443, tls: true });
    secondTls = await startOutsideHttp({ t: scope, address: second, port: 443, tls: true });
    for (const [address, word] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      await startOutsideTcp({ t: scope, address, port: 7000, serve: ({ socket }) => void socket.end(word) });
    }
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let stranger: Workload;

      before(async () => {
        const rules = Object.entries(names).flatMap(([address, list]) =>
          list.flatMap((name) => ['--resolve', `${name}.test=198.51.100.${address}`]),
        );
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...rules] });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        await mesh.apply(serviceEntry('site', { hosts: ['site.test'], ports: [http, alt] }));
        caller = await mesh.workload('caller');
        stranger = await mesh.workload('stranger', { namespace: 'other' });
        await until('the first host is open', async () => (await statusOf(caller, 'site.test')) === 200);
      });

      function says(from: Workload, host: string, words: string): Promise<boolean> {
        return until(`${host} says ${words}`, async () => (await bodyOf(from, host)) === words);
      }

      it('speaks for hosts that nobody registered, on port 80 alone', async () => {
        const yaml = virtualService('nobody', {
          hosts: ['nobody.test'],
          http: [{ route: [{ destination: { host: 'site.test', port: { number: 80 } } }] }],
        });
        assert.equal(await statusOf(caller, 'nobody.test'), 502);
        await mesh.apply(yaml);
        await says(caller, 'nobody.test', 'outside');
        assert.equal(site.requests.items.at(-1)?.host, 'site.test');
        assert.equal(await statusOf(caller, 'nobody.test', { port: 8080 }), 502);
        await mesh.remove(yaml);
        await until('it is closed', async () => (await statusOf(caller, 'nobody.test')) === 502);
      });

      it('answers 404 to what no rule takes, and leaves callers alone whom no rule is for', async () => {
        await mesh.apply(
          serviceEntry('half', { hosts: ['half.test'] }) +
            virtualService('half', {
              hosts: ['half.test'],
              http: [{ match: [{ sourceNamespace: 'other', uri: { exact: '/known' } }], ...saying('known') }],
            }),
        );
        await until(
          'the rule holds',
          async () => (await bodyOf(stranger, 'half.test', { path: '/known' })) === 'known',
        );
        assert.equal(await statusOf(stranger, 'half.test', { path: '/unknown' }), 404);
        // As in Istio: to whom no rule speaks, the host is as if nobody had registered it.
        assert.equal(await statusOf(caller, 'half.test', { path: '/known' }), 502);
      });

      it('hands paths on to VirtualServices of other namespaces, which follow their own objects', async () => {
        const team = { namespace: 'other' };
        const inner = (words: string, more: object = {}) =>
          virtualService(
            'inner',
            { http: [{ match: [{ uri: { exact: '/team/a' } }], ...saying(words) }], ...more },
            team,
          );
        const root = virtualService('root', {
          hosts: ['root.test'],
          http: [
            { match: [{ uri: { prefix: '/team' } }], delegate: { name: 'inner', namespace: 'other' } },
            { match: [{ uri: { prefix: '/wrong' } }], delegate: { name: 'inner', namespace: 'other' } },
            saying('rest'),
          ],
        });
        const asked = (path: string) => bodyOf(caller, 'root.test', { path });
        const told = async () => (await mesh.cli('analyze')).stdout;
        await mesh.apply(root);
        await says(caller, 'root.test', 'rest');
        assert.equal(await asked('/team/a'), 'rest', 'what is handed on to nobody is left to the other rules');
        assert.match(await told(), /SP0732.*VirtualService other\/inner/);

        await mesh.apply(inner('first'));
        await until('the delegate holds', async () => (await asked('/team/a')) === 'first');
        assert.deepEqual([await asked('/team/b'), await asked('/wrong')], ['rest', 'rest']);
        assert.match(await told(), /SP0735/);
        await mesh.apply(inner('second'));
        await until('it says something else', async () => (await asked('/team/a')) === 'second');
        await mesh.apply(inner('third', { exportTo: ['.'] }));
        await until('it is not exported any more', async () => (await asked('/team/a')) === 'rest');
        await mesh.apply(inner('fourth', { hosts: ['site.test'] }));
        await until(
          'it speaks for a host of its own, to its own namespace',
          async () => (await bodyOf(stranger, 'site.test', { path: '/team/a' })) === 'fourth',
        );
        assert.equal(await asked('/team/a'), 'rest', "what has hosts of its own is nobody's delegate");
        await mesh.remove(root + inner(''));
      });

      it('speaks for all hosts below a wildcard, unless another names one of them', async () => {
        await mesh.apply(
          serviceEntry('below', { hosts: ['a.below.test', 'b.below.test', 'deep.a.below.test'] }) +
            virtualService('wild', { hosts: ['*.below.test'], http: [saying('wild')] }) +
            virtualService('exact', { hosts: ['b.below.test'], http: [saying('exact')] }),
        );
        await says(caller, 'a.below.test', 'wild');
        await says(caller, 'deep.a.below.test', 'wild');
        await says(caller, 'b.below.test', 'exact');
      });

      it('completes short names with its own namespace', async () => {
        const serve = `require('http').createServer((q, r) => r.end('web')).listen(process.env.PORT ?? 8080, process.env.HOST)`;
        const words = ['--detach', '--port', '8080:http', '--label', 'app=web', '--', process.execPath, '-e', serve];
        await mesh.run('run', '--name', 'web', '-n', 'other', ...words);
        await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web, namespace: other }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`);
        await says(caller, 'web.other', 'web');
        const rules = [
          { match: [{ uri: { exact: '/rule' } }], ...saying('rule') },
          { route: [{ destination: { host: 'web' } }] },
        ];
        await mesh.apply(virtualService('web', { hosts: ['web'], http: rules }, { namespace: 'other' }));
        for (const [from, host] of [
          [stranger, 'web'],
          [caller, 'web.other'],
          [caller, 'web.other.svc.cluster.local'],
        ] as const) {
          await until(
            `the rule holds for ${host}`,
            async () => (await bodyOf(from, host, { path: '/rule' })) === 'rule',
          );
          assert.equal(await bodyOf(from, host), 'web');
        }
      });

      it('holds where it is exported to, and there before one that is public', async () => {
        await mesh.apply(
          serviceEntry('mine', { hosts: ['mine.test'] }) +
            virtualService('public', { hosts: ['mine.test'], http: [saying('public')] }),
        );
        await says(stranger, 'mine.test', 'public');
        const own = { hosts: ['mine.test'], exportTo: ['.'], http: [saying('own')] };
        await mesh.apply(virtualService('own', own, { namespace: 'other' }));
        await says(stranger, 'mine.test', 'own');
        assert.equal(await bodyOf(caller, 'mine.test'), 'public');
      });

      it('is the oldest of those for one host; when it is gone, the next', async () => {
        const first = virtualService('z-first', { hosts: ['twice.test'], http: [saying('first')] });
        await mesh.apply(serviceEntry('twice', { hosts: ['twice.test'] }) + first);
        const created = Math.floor(Date.now() / 1000);
        // Ages are told in whole seconds.
        await until('the second is over', () => Math.floor(Date.now() / 1000) > created);
        await mesh.apply(
          virtualService('a-second', { hosts: ['twice.test'], http: [saying('second')] }) +
            virtualService('nobody', { hosts: ['nobody.test'], http: [saying('mark')] }),
        );
        await says(caller, 'nobody.test', 'mark');
        assert.equal(await bodyOf(caller, 'twice.test'), 'first');
        await mesh.remove(first);
        await says(caller, 'twice.test', 'second');
      });

      for (const mode of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
        it(`sends TLS elsewhere by its SNI, also below a wildcard, under ${mode}`, async () => {
          await mesh.apply(outboundPolicy(mode));
          const open = mode === 'ALLOW_ANY' ? 200 : 502;
          await until(`${mode} is in force`, async () => (await statusOf(caller, 'tcp-a.test')) === open);
          const toSecond = [{ destination: { host: 'tls-b.test', port: { number: 443 } } }];
          const yaml =
            serviceEntry('tls', { hosts: ['tls-a.test', 'tls-b.test'], ports: [tls] }) +
            serviceEntry('wild', { hosts: ['*.wild.test'], ports: [tls], resolution: 'DYNAMIC_DNS' }) +
            virtualService('tls-a', {
              hosts: ['tls-a.test'],
              tls: [{ match: [{ port: 443, sniHosts: ['tls-a.test'] }], route: toSecond }],
            }) +
            virtualService('wild-tls', {
              hosts: ['*.wild.test'],
              tls: [{ match: [{ sniHosts: ['*.wild.test'] }], route: toSecond }],
            });
          await mesh.apply(yaml);
          for (const host of ['tls-a.test', 'a.wild.test']) {
            await until(`${host} reaches the second server`, async () => {
              return (await overTls(caller, host)) !== '' && secondTls.requests.items.at(-1)?.sni === host;
            });
            const before = firstTls.connections.items.length;
            assert.equal(await overTls(caller, host), 'HTTP/1.1 200 OK');
            assert.equal(firstTls.connections.items.length, before);
          }
          await mesh.remove(yaml);
        });
      }

      // What a program connects to by itself passes no proxy.
      if (capture === 'proxy') return;

      it('shares TCP connections among destinations', async () => {
        const half = (host: string, number: number) => ({ destination: { host, port: { number } }, weight: 50 });
        await mesh.apply(
          serviceEntry('tcp', { hosts: ['tcp-a.test'], ports: [tcp] }) +
            serviceEntry('tcp-b', { hosts: ['tcp-b.test'], ports: [{ ...tcp, number: 7001, targetPort: 7000 }] }) +
            virtualService('tcp', {
              hosts: ['tcp-a.test'],
              tcp: [{ match: [{ port: 7000 }], route: [half('tcp-a.test', 7000), half('tcp-b.test', 7001)] }],
            }),
        );
        const send = async () => (await caller.perform({ do: 'tcp', host: 'tcp-a.test', port: 7000 })).text ?? '';
        await until('the second is reached', async () => (await send()) === 'second');
        const words = await repeat(60, send);
        const firsts = words.filter((word) => word === 'first').length;
        assert.equal(words.filter((word) => word === 'second').length, 60 - firsts);
        assert.ok(firsts >= 10 && firsts <= 50, `${firsts} of 60 went to the first`);
      });
    });
  }
});
