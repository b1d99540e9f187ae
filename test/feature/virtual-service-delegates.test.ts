// A root VirtualService at gateways whose rules live with the teams that they belong to: what a gateway does with a request
// is what the delegate of another namespace says, from there, for the root's hosts alone; seen by callers inside the mesh
// and on the host and by the servers outside, in both captures (istio-semantics 3.3).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, statusOf } from '../support/calls.ts';
import { type HttpAnswer, httpCall } from '../support/http-client.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { gateway, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const shop = 'shop.test';
const front = 'front.test';
const blue = { namespace: 'blue' };
const green = { namespace: 'green' };

function meshGateway(name: string, type: string, serviceType: string): string {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];
  const object = {
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'MeshGateway',
    metadata: { name, namespace: 'edge' },
  };
  return `${JSON.stringify({ ...object, spec: { type, serviceType, ports } })}\n---\n`;
}

/** Opens these hosts, for VirtualServices of the namespace `default` alone. */
function serving(name: string, host: string): string {
  const servers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [`default/${host}`] }];
  return gateway(name, { selector: { 'gateway-name': name }, servers }, { namespace: 'edge' });
}

const to = (host: string, number = 80) => ({ route: [{ destination: { host, port: { number } } }] });
const at = (prefix: string, more: object = {}) => ({ match: [{ uri: { prefix }, ...more }] });
const onlyAt = (name: string, prefix: string) => at(prefix, { gateways: [name] });

/** The same rules at both gateways: paths of teams, and the rest. */
const handedOn = (gatewayName: string) => [
  { name: 'blue', ...onlyAt(gatewayName, '/blue'), delegate: { name: 'shelves', ...blue }, timeout: '0.5s' },
  { name: 'green', ...onlyAt(gatewayName, '/green'), delegate: { name: 'shelves', ...green } },
  { name: 'rest', ...onlyAt(gatewayName, '/'), ...to('rest.test') },
];

const roots =
  virtualService('shop', {
    hosts: [shop],
    gateways: ['mesh', 'edge/egress'],
    http: [{ ...onlyAt('mesh', '/'), ...to('egress.edge.svc.cluster.local') }, ...handedOn('edge/egress')],
  }) + virtualService('front', { hosts: [front], gateways: ['edge/ingress'], http: handedOn('edge/ingress') });

function shelves(rules: readonly object[], metadata: { readonly namespace: string }, more: object = {}): string {
  return virtualService('shelves', { http: rules, ...more }, metadata);
}

const blueRules = [
  {
    name: 'books',
    ...at('/blue/books'),
    rewrite: { uri: '/v2/books' },
    headers: { request: { set: { 'x-team': 'blue' } } },
    ...to('books.test'),
  },
  { name: 'slow', ...at('/blue/never'), ...to('books.test') },
  // Its own namespace's.
  { name: 'web', ...at('/blue/web'), ...to('web') },
];

describe('VirtualService: delegates at gateways', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let outside: OutsideHttp;

  before(async () => {
    outside = await startOutsideHttp({
      t: scope,
      address: outsideAddress(227),
      port: 80,
      respond: ({ url }, answer) => {
        if (!url.endsWith('/never')) answer.end('outside');
      },
    });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      /** The ingress gateway's. */
      let address: string;

      before(async () => {
        const hosts = [shop, 'rest.test', 'books.test'];
        const names = hosts.flatMap((name) => ['--resolve', `${name}=198.51.100.227`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...names] });
        const serve = `require('http').createServer((q, r) => r.end('web ' + q.url)).listen(process.env.PORT ?? 8080, process.env.HOST)`;
        const words = ['--detach', '--port', '8080:http', '--label', 'app=web', '--', process.execPath, '-e', serve];
        await mesh.run('run', '--name', 'web', '-n', 'blue', ...words);
        await mesh.apply(
          outboundPolicy('REGISTRY_ONLY') +
            meshGateway('egress', 'egress', 'ClusterIP') +
            meshGateway('ingress', 'ingress', 'LoadBalancer') +
            serving('egress', shop) +
            serving('ingress', front) +
            serviceEntry('hosts', { hosts }) +
            `apiVersion: v1
kind: Service
metadata: { name: web, namespace: blue }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
` +
            roots,
        );
        caller = await mesh.workload('caller');
        address = await until('the gateway has an address', async () => {
          const shown = await mesh.run('get', 'service', 'ingress', '-n', 'edge', '-o', 'json');
          const { status }: { status?: { loadBalancer?: { ingress?: { ip: string }[] } } } = JSON.parse(shown);
          return status?.loadBalancer?.ingress?.[0]?.ip;
        });
        await until('both gateways serve', async () => (await asked('/')).every((body) => body === 'outside'), 30_000);
      });

      const inFront = (path: string): Promise<HttpAnswer> => httpCall({ address, port: 80, host: front, path });

      /** By a program in the mesh through the egress gateway, and from the host at the ingress gateway. */
      async function asked(path: string): Promise<readonly string[]> {
        return [await bodyOf(caller, shop, { path }), (await inFront(path)).body];
      }

      const last = () => outside.requests.items.at(-1);

      it('leave what is handed on to nobody to the other rules', async () => {
        assert.deepEqual(await asked('/blue/books/1'), ['outside', 'outside']);
        assert.deepEqual([last()?.url, last()?.host], ['/blue/books/1', 'rest.test']);
      });

      it('say what becomes of a request, with their own names for services, and the root what they leave open', async () => {
        await mesh.apply(shelves(blueRules, blue));
        await until('they hold', async () => (await asked('/blue/web/x')).every((body) => body === 'web /blue/web/x'));
        for (const get of [() => bodyOf(caller, shop, { path: '/blue/books/1' }), () => inFront('/blue/books/1')]) {
          await get();
          const { url, host, headers } = last() ?? assert.fail();
          assert.deepEqual([url, host, headers.get('x-team')], ['/v2/books/1', 'books.test', 'blue']);
          const foreign = [...headers.keys()].filter((name) => name.startsWith('x-') && name !== 'x-team');
          assert.deepEqual(foreign, []);
        }
        assert.equal(await statusOf(caller, shop, { path: '/blue/never' }), 504, "the root's time-out");
        assert.equal((await inFront('/blue/never')).status, 504);
        assert.deepEqual(await asked('/blue'), ['outside', 'outside']);
        assert.equal(last()?.host, 'rest.test');
      });

      it('are named in the log beside the root', async () => {
        const logOf = (name: string) =>
          mesh.run('logs', '-l', `gateway-name=${name}`, '-n', 'edge', '-c', 'istio-proxy');
        for (const [name, root] of [
          ['egress', 'shop'],
          ['ingress', 'front'],
        ] as const) {
          const rule = `default/${root}\\|blue-books`;
          await until(`${name} tells it`, async () => new RegExp(rule).test(await logOf(name)));
        }
      });

      it('act for no host but the root’s, and on no path that they were not given', async () => {
        const everywhere = [{ ...to('books.test') }, { ...at('/blue'), ...to('books.test') }];
        await mesh.apply(shelves(everywhere, green));
        await until('the first rule holds', async () => (await asked('/green/x')) && last()?.host === 'books.test');
        await asked('/elsewhere');
        assert.equal(last()?.host, 'rest.test');
        assert.deepEqual(await asked('/blue/web/y'), ['web /blue/web/y', 'web /blue/web/y']);
        assert.equal((await httpCall({ address, port: 80, host: 'books.test', path: '/green' })).status, 404);
      });

      it('change and go by themselves', async () => {
        const saying = (words: string) => [{ directResponse: { status: 200, body: { string: words } } }];
        const says = (words: string) =>
          until(`both say ${words}`, async () => (await asked('/green/z')).every((body) => body === words));
        await mesh.apply(shelves(saying('green'), green));
        await says('green');
        await mesh.apply(shelves(saying('kept'), green, { exportTo: ['.'] }));
        await says('outside');
        assert.match((await mesh.cli('analyze')).stdout, /SP0733/);
        await mesh.apply(shelves(saying('again'), green));
        await says('again');
        await mesh.run('delete', 'virtualservice', 'shelves', '-n', 'green');
        await says('outside');
        assert.equal(last()?.host, 'rest.test');
        const { body } = await ask(caller, shop, { path: '/blue/web/z' });
        assert.equal(body, 'web /blue/web/z', 'those of others stay');
      });
    });
  }
});
