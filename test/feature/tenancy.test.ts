// Several tenants in one mesh, live (docs/multi-tenancy.md, docs/security.md): what a namespace writes about hosts of others
// changes nothing for these, as their programs and the servers outside see it. `evil` is the tenant that tries; everything it
// writes is older than what comes after it. Each row of the catalogue has its id in its name.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { bodyOf, statusOf } from '../support/calls.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import {
  destinationRule,
  gateway,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  virtualService,
} from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const evil = { namespace: 'evil' };
const root = { namespace: 'istio-system' };
const attacker = '198.51.100.213';
const taken = { resolution: 'STATIC', endpoints: [{ address: attacker }] };
const names = ['bank', 'world', 'rooted', 'granted', 'shared', 'mark', 'evil'].map((name) => `${name}.test`);

/** To evil's own server. */
const stolen = { http: [{ route: [{ destination: { host: 'evil.test' } }] }] };

describe('several tenants in one mesh', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();

  before(async () => {
    for (const [number, words] of [
      [212, 'rightful'],
      [213, 'stolen'],
    ] as const) {
      const respond = (_: unknown, answer: { end(text: string): void }) => answer.end(words);
      await startOutsideHttp({ t: scope, address: outsideAddress(number), port: 80, respond });
    }
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let victim: Workload;
      let thief: Workload;

      before(async () => {
        const rules = names.flatMap((name) => ['--resolve', `${name}=198.51.100.${name === 'evil.test' ? 213 : 212}`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...rules] });
        victim = await mesh.workload('victim', { namespace: 'victim' });
        thief = await mesh.workload('thief', evil);
        await mesh.apply(serviceEntry('evil', { hosts: ['evil.test'], ports: [http] }, evil));
      });

      /** Applies, waits until evil itself has what it wrote, and that whatever came with it is in force at the victim. */
      async function written(yaml: string, host: string, words = 'stolen'): Promise<void> {
        await mesh.apply(yaml);
        await until(`${host} says ${words} at home`, async () => (await bodyOf(thief, host)) === words);
        const mark = String(Math.random()).slice(2);
        const rule = { http: [{ directResponse: { status: 200, body: { string: mark } } }], exportTo: ['*'] };
        await mesh.apply(virtualService('mark', { hosts: ['mark.test'], ...rule }, root));
        await until('it is in force', async () => (await bodyOf(victim, 'mark.test')) === mark);
      }

      async function told(resource: string): Promise<string> {
        return (await mesh.cli('analyze')).stdout
          .split('\n')
          .filter((line) => line.includes(resource))
          .join('\n');
      }

      it('P5: an entry with endpoints takes no host of the world under ALLOW_ANY', async () => {
        const entry = serviceEntry('taker', { hosts: ['world.test'], ports: [http], exportTo: ['*'], ...taken }, evil);
        await written(entry, 'world.test');
        assert.equal(await bodyOf(victim, 'world.test'), 'rightful');
        assert.match(await told('world.test'), /SP1551/);
        // What the operator grants counts; and is gone with the grant.
        const grant = (hosts: string) =>
          `apiVersion: v1\nkind: Namespace\nmetadata: { name: evil, annotations: { egress.sallyport.dev/claims: "${hosts}" } }\n`;
        await mesh.apply(grant('other.test, world.test'));
        await until('the grant is in force', async () => (await bodyOf(victim, 'world.test')) === 'stolen');
        assert.doesNotMatch(await told('world.test'), /SP1551/);
        await mesh.apply(grant('other.test'));
        await until('it is no more', async () => (await bodyOf(victim, 'world.test')) === 'rightful');
        await mesh.remove(entry);
      });

      it('P6: rules take no host of the world that their namespace registered, under ALLOW_ANY', async () => {
        const own = serviceEntry('first', { hosts: ['world.test'], ports: [http] }, evil);
        const rules = virtualService('taker', { hosts: ['world.test'], ...stolen }, evil);
        await written(own + rules, 'world.test');
        assert.equal(await bodyOf(victim, 'world.test'), 'rightful');
        await mesh.remove(own + rules);
      });

      it('P5, P6: neither take a host that the root namespace or the victim registered', async () => {
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        await until('REGISTRY_ONLY is in force', async () => (await statusOf(victim, 'shared.test')) === 502);
        const hosts = ['bank.test', 'rooted.test'];
        const entry = serviceEntry('taker', { hosts, ports: [http], ...taken }, evil);
        const rules = virtualService('taker', { hosts, ...stolen }, evil);
        await written(entry + rules, 'bank.test');
        await mesh.apply(
          serviceEntry('rooted', { hosts: ['rooted.test'], ports: [http] }, root) +
            serviceEntry('bank', { hosts: ['bank.test'], ports: [http] }, { namespace: 'victim' }),
        );
        for (const host of hosts) {
          await until(`${host} is the rightful one`, async () => (await bodyOf(victim, host)) === 'rightful');
          assert.equal(await bodyOf(thief, host), 'stolen', 'at home it is as evil wrote it');
        }
        assert.match(await told('VirtualService/evil/taker'), /SP1552.*bank\.test|SP1552.*rooted\.test/);
        await mesh.remove(entry + rules);
      });

      it('P5, P6: a Service of the mesh is its own, by all of its names', async () => {
        const serve = `require('http').createServer((q, r) => r.end('rightful')).listen(process.env.PORT ?? 8080, process.env.HOST)`;
        const words = ['--detach', '--port', '8080:http', '--label', 'app=web', '--', process.execPath, '-e', serve];
        await mesh.run('run', '--name', 'web', '-n', 'shop', ...words);
        const aliases = ['web.shop.svc.cluster.local', 'web.shop.svc', 'web.shop'];
        const entry = serviceEntry('names', { hosts: aliases, ports: [http], ...taken }, evil);
        await mesh.apply(entry);
        await mesh.apply(
          'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }\n',
        );
        await mesh.apply(virtualService('names', { hosts: aliases, ...stolen }, evil));
        await until('the Service answers', async () => (await bodyOf(victim, 'web.shop')) === 'rightful');
        for (const host of aliases) assert.equal(await bodyOf(victim, host), 'rightful', host);
        assert.match(await told('ServiceEntry/evil/names'), /SP1551/);
      });

      it('P8: entries of one host with other visibility share no endpoints', async () => {
        const at = (address: string) => ({ resolution: 'STATIC', endpoints: [{ address }] });
        const host = { hosts: ['shared.test'], ports: [http] };
        await written(
          serviceEntry('hidden', { ...host, ...at(attacker), exportTo: ['.'] }, evil) +
            serviceEntry('open', { ...host, ...at('198.51.100.212') }, root),
          'shared.test',
        );
        await until('the open one answers', async () => (await bodyOf(victim, 'shared.test')) === 'rightful');
        const dump = async (name: string, namespace: string) =>
          mesh.run('proxy-config', 'endpoints', `${name}.${namespace}`, '-o', 'json');
        const seen = await dump('victim', 'victim');
        assert.match(seen, /198\.51\.100\.212/);
        assert.doesNotMatch(
          seen.split('shared.test').slice(1).join('').split('outbound|')[0] ?? '',
          /198\.51\.100\.213/,
        );
        assert.match(await dump('thief', 'evil'), /198\.51\.100\.213/);
      });

      it('P7: a rule of the clients’ namespace that takes TLS away is told; third namespaces’ rules do not count', async () => {
        const tls = { trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }] } };
        await mesh.apply(
          serviceEntry('secured', { hosts: ['granted.test'], ports: [http] }, root) +
            destinationRule('secured', { host: 'granted.test', ...tls }, root),
        );
        // The server outside speaks no TLS: what goes there in TLS fails, what goes in the clear does not.
        await until('TLS is begun', async () => (await statusOf(victim, 'granted.test')) === 503);
        const off = { host: 'granted.test', trafficPolicy: { tls: { mode: 'DISABLE' } } };
        await written(destinationRule('off', off, evil), 'granted.test', 'rightful');
        assert.equal(await statusOf(victim, 'granted.test'), 503, 'TLS is still begun');
        assert.match(await told('DestinationRule/evil/off'), /SP1554.*DestinationRule\/istio-system\/secured/);
      });
    });
  }
});

describe('tenants at a shared gateway', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let victim: Workload;
  const host = 'bank.test';
  const shared = 'shared.platform.svc.cluster.local';

  before(async () => {
    for (const [number, words] of [
      [214, 'rightful'],
      [215, 'stolen'],
    ] as const) {
      const respond = (_: unknown, answer: { end(text: string): void }) => answer.end(words);
      await startOutsideHttp({ t: scope, address: outsideAddress(number), port: 80, respond });
    }
    mesh = await startMesh(scope, {
      up: ['--resolve', `${host}=198.51.100.214`, '--resolve', 'evil.test=198.51.100.215'],
    });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    victim = await mesh.workload('victim', { namespace: 'victim' });
  });

  function bound(name: string, namespace: string, to: string): string {
    return virtualService(
      name,
      {
        hosts: [host],
        gateways: [`${namespace}/gw`],
        http: [{ route: [{ destination: { host: to, port: { number: 80 } } }] }],
      },
      { namespace },
    );
  }

  it('P5, P6: the owner’s rules count for the host, not those of an older Gateway', async () => {
    const selector = { 'gateway-name': 'shared' };
    const servers = [{ port: http, hosts: ['*'] }];
    const platform = { namespace: 'platform' };
    await mesh.apply(
      meshGateway(
        'shared',
        { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('http', 80, 8080)] },
        platform,
      ),
    );
    await mesh.apply(
      gateway('gw', { selector, servers }, evil) +
        serviceEntry('evil', { hosts: ['evil.test'], ports: [http] }, evil) +
        bound('taker', 'evil', 'evil.test'),
    );
    await mesh.apply(
      serviceEntry('bank', { hosts: [host], ports: [http] }, { namespace: 'victim' }) +
        gateway('gw', { selector, servers }, { namespace: 'victim' }) +
        bound('bank', 'victim', host) +
        virtualService(
          'through',
          { hosts: [host], http: [{ route: [{ destination: { host: shared, port: { number: 80 } } }] }] },
          { namespace: 'victim' },
        ),
    );
    await until(
      'the rightful server answers through the gateway',
      async () => (await bodyOf(victim, host)) === 'rightful',
    );
    const { stdout } = await mesh.cli('analyze');
    assert.match(stdout, /SP1553[\s\S]*VirtualService|VirtualService[\s\S]*SP1553/);
  });
});

describe(
  'rules of a tenant that lead through a gateway of the root namespace',
  needs('root', 'iproute2', 'firewall'),
  () => {
    const scope = suiteScope();
    const bank = 'bank.test';
    const egress = 'egress.istio-system.svc.cluster.local';
    let mesh: TestMesh;
    let victim: Workload;
    let thief: Workload;

    before(async () => {
      for (const [number, words] of [
        [214, 'rightful'],
        [215, 'stolen'],
      ] as const) {
        const respond = (_: unknown, answer: { end(text: string): void }) => answer.end(words);
        await startOutsideHttp({ t: scope, address: outsideAddress(number), port: 80, respond });
      }
      const addresses = [`${bank}=198.51.100.214`, 'mark.test=198.51.100.214', 'evil.test=198.51.100.215'];
      mesh = await startMesh(scope, { up: addresses.flatMap((rule) => ['--resolve', rule]) });
      victim = await mesh.workload('victim', { namespace: 'victim' });
      thief = await mesh.workload('thief', evil);
      const spec = { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('http', 80, 8080)] };
      await mesh.apply(
        meshGateway('egress', spec, root) +
          gateway('gw', { selector: { 'gateway-name': 'egress' }, servers: [{ port: http, hosts: ['*'] }] }, evil) +
          serviceEntry('evil', { hosts: ['evil.test'], ports: [http] }, evil),
      );
    });

    const leading = (name: string, host: string, to: string, gateways = ['mesh']) =>
      virtualService(
        name,
        { hosts: [host], gateways, http: [{ route: [{ destination: { host: to, port: { number: 80 } } }] }] },
        evil,
      );

    for (const [what, objects] of [
      [
        'an entry that the gateway alone sees',
        [
          serviceEntry(
            'hidden',
            {
              hosts: [bank],
              ports: [http],
              resolution: 'STATIC',
              endpoints: [{ address: '198.51.100.215' }],
              exportTo: ['.', 'istio-system'],
            },
            evil,
          ),
          serviceEntry('open', { hosts: [bank], ports: [http] }, evil),
          leading('out', bank, egress),
          leading('taker', bank, bank, ['gw']),
        ],
      ],
      [
        'rules for a name below their wildcard',
        [
          serviceEntry('wild', { hosts: ['*.test'], ports: [http], resolution: 'DYNAMIC_DNS' }, evil),
          leading('out', '*.test', egress),
          leading('taker', bank, 'evil.test', ['gw']),
        ],
      ],
    ] as const) {
      it(`P6: they take no host of the world by ${what}`, async () => {
        try {
          for (const object of objects) await mesh.apply(object);
          await until('evil itself goes its way', async () => (await bodyOf(thief, bank)) === 'stolen');
          const rule = { http: [{ directResponse: { status: 200, body: { string: what } } }], exportTo: ['*'] };
          await mesh.apply(virtualService('mark', { hosts: ['mark.test'], ...rule }, root));
          await until('it is in force', async () => (await bodyOf(victim, 'mark.test')) === what);
          assert.equal(await bodyOf(victim, bank), 'rightful');
        } finally {
          await mesh.remove(objects.join(''));
        }
      });
    }
  },
);
