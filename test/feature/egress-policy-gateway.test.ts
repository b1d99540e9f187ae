// An EgressPolicy in place of four objects: hosts outside that speak TLS, asked in the clear inside the mesh, through an egress
// gateway that originates TLS. Who is not chosen is refused at its sidecar; who finds a way to the gateway all the same is
// refused there, by the certificate of its own proxy.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import {
  destinationRule,
  egressPolicy,
  gateway,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  virtualService,
} from '../support/networking.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type RecordedTls, startRecordedTls } from '../support/recorded-tls.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const ok = 'HTTP/1.1 200 OK';
const hosts = ['hello-v1.test', 'hello-v2.test'];
const passed = ['passed-v1.test', 'passed-v2.test'];
/** Governed for the whole mesh: for some, and for all. */
const wide = ['few.wide.test', 'all.wide.test'];
const service = 'egress.default.svc.cluster.local';

const egress = meshGateway('egress', {
  type: 'egress',
  serviceType: 'ClusterIP',
  ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)],
});

/** What somebody writes to use the gateway whom no policy lets there. */
function ownWay(host: string, port: number): string {
  const name = host.replaceAll('.', '-');
  const inOther = { namespace: 'other' };
  const route = [{ destination: { host: service, port: { number: port }, subset: name } }];
  const portLevelSettings = [{ port: { number: port }, tls: { mode: 'ISTIO_MUTUAL', sni: host } }];
  const entry =
    port === 80 ? { number: 80, name: 'http', protocol: 'HTTP' } : { number: 443, name: 'tls', protocol: 'TLS' };
  return (
    serviceEntry(name, { hosts: [host], ports: [entry], exportTo: ['.'] }, inOther) +
    destinationRule(
      name,
      { host: service, exportTo: ['.'], subsets: [{ name, trafficPolicy: { portLevelSettings } }] },
      inOther,
    ) +
    virtualService(
      name,
      {
        hosts: [host],
        exportTo: ['.'],
        ...(port === 80 ? { http: [{ route }] } : { tls: [{ match: [{ port, sniHosts: [host] }], route }] }),
      },
      inOther,
    )
  );
}

describe('an EgressPolicy through a gateway', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-egress-'));
  const extraRoots = join(folder, 'roots.pem');
  let outside: RecordedTls;

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    const authority = await createTestAuthority();
    writeFileSync(extraRoots, authority.root);
    const names = [...hosts, ...passed, ...wide];
    const tls = await authority.issue({ commonName: 'hello-v1.test', names });
    outside = await startRecordedTls({ t: scope, address: outsideAddress(247), tls });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let web: Workload;
      let other: Workload;
      let stranger: Workload;

      before(async () => {
        const strangers = ['alias-v1.test', 'alias-v2.test', 'alias-v3.test', 'alias-v4.test', 'under.way.test'];
        const rules = [...hosts, ...passed, ...wide, ...strangers].flatMap((name) => [
          '--resolve',
          `${name}=${outsideAddress(247)}`,
        ]);
        mesh = await startMesh(meshScope, {
          up: ['--capture', capture, ...rules],
          env: { SALLYPORT_EXTRA_CA_FILE: extraRoots },
        });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY') + egress);
        web = await mesh.workload('web', { args: ['--label', 'app=web', '--service-account', 'web'] });
        other = await mesh.workload('other');
        stranger = await mesh.workload('stranger', { namespace: 'other', args: ['--service-account', 'web'] });
        await mesh.apply(
          egressPolicy('hello', {
            from: [{ serviceAccounts: ['web'] }],
            hosts,
            gateway: 'egress',
            tls: { mode: 'SIMPLE' },
          }) +
            egressPolicy('passed', {
              from: [{ selector: { matchLabels: { app: 'web' } } }],
              hosts: passed,
              ports: [{ number: 443 }],
              gateway: 'egress',
            }),
        );
      });

      const log = () => mesh.run('logs', '-l', 'gateway-name=egress', '-c', 'istio-proxy');

      async function arrivesNothing(perform: () => Promise<unknown>): Promise<void> {
        const before = outside.connections();
        await perform();
        assert.equal(outside.connections(), before);
      }

      it('lets the workload ask in the clear, and the server is asked in TLS, by the gateway', async () => {
        for (const host of hosts) {
          await until(`${host} answers`, async () => (await statusOf(web, host)) === 200, 20_000);
          const { sni, host: asked } = outside.requests.items.at(-1) ?? {};
          assert.deepEqual([sni, asked], [host, host]);
          await until('the gateway tells of it', async () =>
            new RegExp(`outbound\\|80\\|\\|${host}`).test(await log()),
          );
        }
        assert.deepEqual(outside.inTheClear(), []);
      });

      it('lets TLS of the program’s own through, each host by its own SNI', async () => {
        for (const host of passed) {
          await until(`${host} answers`, async () => (await overTls(web, host)) === ok, 20_000);
          assert.equal(outside.requests.items.at(-1)?.sni, host);
          await until('the gateway tells of it', async () =>
            new RegExp(`outbound\\|443\\|\\|${host}`).test(await log()),
          );
        }
      });

      it('refuses another workload: 403 to HTTP, a reset to TLS; and says which', async () => {
        await until('403', async () => (await statusOf(other, 'hello-v1.test')) === 403);
        await arrivesNothing(async () => {
          assert.equal(await statusOf(other, 'hello-v1.test'), 403);
          assert.notEqual(await overTls(other, 'passed-v1.test'), ok);
        });
        const denied = await until('decisions', async () => {
          const all = (await decisionsOf(mesh)).filter(({ signature }) => signature === 'policy-denied');
          const told = new Set(all.map(({ destination }) => destination.host));
          return told.has('hello-v1.test') && told.has('passed-v1.test') && all;
        });
        assert.deepEqual(
          [...new Set(denied.map(({ source, object }) => `${source.identity} ${object}`))].sort(),
          ['hello', 'passed'].map(
            (name) => `spiffe://cluster.local/ns/default/sa/default EgressPolicy/default/${name}`,
          ),
        );
      });

      if (capture === 'redirect') {
        it('refuses at the gateway who comes there by a way of its own, whatever its service account is called', async () => {
          await mesh.apply(ownWay('hello-v2.test', 80) + ownWay('passed-v2.test', 443));
          await arrivesNothing(async () => {
            await until('403', async () => (await statusOf(stranger, 'hello-v2.test')) === 403, 20_000);
            await until('closed', async () => (await overTls(stranger, 'passed-v2.test')) !== ok);
          });
          const told = await until('the gateway tells of both', async () => {
            const all = (await decisionsOf(mesh)).filter(({ source }) => source.workload === 'egress');
            const found = ['hello-v2.test', 'passed-v2.test'].map((host) =>
              all.find(({ destination, signature }) => destination.host === host && signature === 'policy-denied'),
            );
            return found.every((one) => one !== undefined) && found;
          });
          assert.deepEqual(
            told.map(({ object, callerIdentity, verdict }) => [object, callerIdentity, verdict]),
            ['hello', 'passed'].map((name) => [
              `EgressPolicy/default/${name}`,
              'spiffe://cluster.local/ns/other/sa/web',
              'blocked',
            ]),
          );
          assert.equal(await statusOf(web, 'hello-v2.test'), 200);
          assert.equal(await overTls(web, 'passed-v2.test'), ok);
        });

        it('leads nobody there by servers that know nobody, whatever they are asked for; but where all may go', async () => {
          const inRoot = { namespace: 'istio-system' };
          const policies =
            egressPolicy(
              'few',
              { from: [{ serviceAccounts: ['web'] }], hosts: ['few.wide.test'], tls: { mode: 'SIMPLE' } },
              inRoot,
            ) + egressPolicy('all', { hosts: ['all.wide.test'], tls: { mode: 'SIMPLE' } }, inRoot);
          const to = (host: string, port = 80) => [{ destination: { host, port: { number: port } } }];
          const leads = { 'alias-v1.test': hosts[0], 'alias-v2.test': wide[0], 'alias-v3.test': wide[1] };
          const http = Object.entries(leads).map(([alias, host = '']) =>
            virtualService(alias.replace('.test', ''), {
              hosts: [alias],
              gateways: ['unknown'],
              http: [{ route: to(host) }],
            }),
          );
          const served =
            gateway('unknown', {
              selector: { 'gateway-name': 'egress' },
              servers: [
                {
                  port: { number: 80, name: 'http', protocol: 'HTTP' },
                  hosts: [...Object.keys(leads), '*.wide.test'],
                },
                {
                  port: { number: 443, name: 'tls', protocol: 'TLS' },
                  hosts: ['alias-v4.test'],
                  tls: { mode: 'PASSTHROUGH' },
                },
              ],
            }) +
            http.join('') +
            virtualService('under', {
              hosts: ['*.wide.test'],
              gateways: ['unknown'],
              http: [
                { match: [{ headers: { to: { exact: 'few' } } }], route: to(wide[0] ?? '') },
                { route: to(wide[1] ?? '') },
              ],
            }) +
            virtualService('alias-v4', {
              hosts: ['alias-v4.test'],
              gateways: ['unknown'],
              tls: [{ match: [{ port: 443, sniHosts: ['alias-v4.test'] }], route: to(passed[0] ?? '', 443) }],
            });
          const names = [...Object.keys(leads), 'alias-v4.test', 'under.way.test'];
          const ways = names.map((name) => {
            const tls = name === 'alias-v4.test';
            const ports = [
              tls ? { number: 443, name: 'tls', protocol: 'TLS' } : { number: 80, name: 'http', protocol: 'HTTP' },
            ];
            const route = to(service, tls ? 443 : 80);
            const inOther = { namespace: 'other' };
            const authority = name === 'under.way.test' ? { rewrite: { authority: 'few.wide.test' } } : {};
            return (
              serviceEntry(name.replaceAll('.', '-'), { hosts: [name], ports, exportTo: ['.'] }, inOther) +
              virtualService(
                name.replaceAll('.', '-'),
                {
                  hosts: [name],
                  exportTo: ['.'],
                  ...(tls
                    ? { tls: [{ match: [{ port: 443, sniHosts: [name] }], route }] }
                    : { http: [{ ...authority, route }] }),
                },
                inOther,
              )
            );
          });
          await mesh.apply(policies + served + ways.join(''));
          await until('all may go there', async () => (await statusOf(stranger, 'alias-v3.test')) === 200, 20_000);
          await arrivesNothing(async () => {
            for (const name of ['alias-v1.test', 'alias-v2.test', 'under.way.test']) {
              await until(`${name} is refused`, async () => (await statusOf(stranger, name)) === 403);
            }
            await until('TLS is refused', async () => {
              assert.notEqual(await overTls(stranger, 'alias-v4.test'), ok);
              return (await decisionsOf(mesh)).some(
                ({ source, destination, signature, object }) =>
                  source.workload === 'egress' &&
                  destination.host === 'alias-v4.test' &&
                  signature === 'policy-denied' &&
                  object === 'EgressPolicy/default/passed',
              );
            });
          });
          assert.equal(await statusOf(stranger, 'alias-v3.test'), 200);
        });
      }
    });
  }
});
