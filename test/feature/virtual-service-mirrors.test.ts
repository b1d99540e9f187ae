// Copies of requests and cross-origin requests by rules of a VirtualService, in both captures (istio-semantics 3.3; contract
// lines 17, 19 and 23). A copy must not be a way around anything: it is judged, counted and recorded like a request.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideRequest, startOutsideHttp } from '../support/outside-server.ts';
import { claimAddress, outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowTo, repeat } from '../support/traffic.ts';
import { until } from '../support/until.ts';

type Rule = Readonly<Record<string, unknown>>;

const to = (host: string, more: Rule = {}) => ({ destination: { host, port: { number: 80 } }, ...more });
const address = (name: string) => ({ copy: 113 })[name] ?? 112;
/** Link-local, as the metadata of clouds. */
const metadata = '169.254.169.113';

describe('VirtualService: mirrors and CORS', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let site: OutsideHttp;
  let copies: OutsideHttp;
  let meta: OutsideHttp;

  before(async () => {
    const serve = (number: number, respond: (request: OutsideRequest, answer: ServerResponse) => void) =>
      startOutsideHttp({ t: scope, address: outsideAddress(number), port: 80, respond });
    site = await serve(112, ({ method }, answer) => answer.end(`site ${method}`));
    // Nobody hears what a copy is answered, nor waits for it.
    copies = await serve(113, ({ url }, answer) => void (url !== '/never' && answer.end('copy')));
    meta = await startOutsideHttp({ t: scope, address: claimAddress(metadata), port: 80 });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      /** Of the capture before. */
      let earlier = 0;

      before(async () => {
        earlier = copies.requests.items.length;
        const names = ['site', 'third', 'cors', 'copy'].map((name) => `${name}.test=198.51.100.${address(name)}`);
        const refused = [`meta.test=${metadata}`, `unregistered.test=198.51.100.${address('copy')}`];
        const resolved = [...names, ...refused].flatMap((rule) => ['--resolve', rule]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...resolved] });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        caller = await mesh.workload('caller');
        await mesh.apply(
          serviceEntry('outside', { hosts: ['copy.test', 'third.test', 'meta.test'] }) +
            serviceEntry('wild', { hosts: ['*.wild.test'], resolution: 'DYNAMIC_DNS' }),
        );
      });

      async function route(host: string, rules: readonly Rule[]): Promise<void> {
        const name = host.replaceAll('.', '-');
        await mesh.apply(serviceEntry(name, { hosts: [host] }) + virtualService(name, { hosts: [host], http: rules }));
        await until(`${host} is routed`, async () => (await statusOf(caller, host, { path: '/ready' })) === 200);
      }

      const allCopies = () => copies.requests.items.slice(earlier);
      const copiesOf = (path: string) => allCopies().filter(({ url }) => url === path);
      const isCopied = (path: string) => until(`a copy of ${path}`, () => copiesOf(path).length > 0);

      it('sends copies to another host, by its own name, and tells it nothing of the mesh', async () => {
        await route('site.test', [
          { match: [{ uri: { exact: '/ready' } }], route: [to('site.test')] },
          {
            match: [{ uri: { prefix: '/rewritten' } }],
            rewrite: { uri: '/new', authority: 'inner.test' },
            timeout: '5s',
            route: [to('site.test')],
            mirror: { host: 'copy.test' },
          },
          { match: [{ uri: { exact: '/elsewhere' } }], route: [to('third.test')], mirror: { host: 'copy.test' } },
          {
            match: [{ uri: { exact: '/half' } }],
            route: [to('site.test')],
            mirror: { host: 'copy.test' },
            mirrorPercentage: { value: 50 },
          },
          {
            match: [{ uri: { exact: '/none' } }],
            route: [to('site.test')],
            mirror: { host: 'copy.test' },
            mirrorPercentage: { value: 0 },
          },
          {
            match: [{ uri: { prefix: '/refused' } }],
            route: [to('site.test')],
            mirrors: ['meta.test', 'unregistered.test', '*.wild.test'].map((host) => ({ destination: { host } })),
          },
          {
            headers: { request: { set: { 'x-rule': 'yes', 'x-envoy-rule': 'yes' } } },
            route: [to('site.test')],
            mirrors: [{ destination: { host: 'copy.test' } }],
          },
        ]);
        const headers = { 'x-mine': 'yes', 'x-forwarded-for': '192.0.2.7', 'x-envoy-mine': 'no' };
        const answer = await ask(caller, 'site.test', { method: 'POST', path: '/plain', headers });
        assert.equal(answer.body, 'site POST');
        await isCopied('/plain');
        const [copy] = copiesOf('/plain');
        assert.deepEqual([copy?.method, copy?.host], ['POST', 'copy.test']);
        assert.deepEqual([...(copy?.headers.keys() ?? [])].filter((name) => name.startsWith('x-')).sort(), [
          'x-envoy-rule',
          'x-mine',
          'x-rule',
        ]);
        const [request] = site.requests.items.slice(-1);
        assert.equal(request?.host, 'site.test');

        await bodyOf(caller, 'site.test', { path: '/rewritten/a' });
        await isCopied('/new/a');
        const [rewritten] = copiesOf('/new/a');
        assert.equal(rewritten?.host, 'inner.test', 'what the rule says holds for copies too');
        assert.deepEqual(
          [...(rewritten?.headers.keys() ?? [])].filter((name) => /^x-/.test(name)),
          [],
        );

        await bodyOf(caller, 'site.test', { path: '/elsewhere' });
        await isCopied('/elsewhere');
        assert.deepEqual(
          [site.requests.items.at(-1)?.host, copiesOf('/elsewhere').at(-1)?.host],
          ['third.test', 'copy.test'],
        );
      });

      it('copies as many as asked for, and waits for none', async () => {
        await repeat(100, () => statusOf(caller, 'site.test', { path: '/half' }));
        await repeat(20, () => statusOf(caller, 'site.test', { path: '/none' }));
        assert.equal(await bodyOf(caller, 'site.test', { path: '/never' }), 'site GET');
        await isCopied('/never');
        const halves = copiesOf('/half').length;
        assert.ok(halves >= 20 && halves <= 80, `${halves} of 100 were copied`);
        assert.equal(copiesOf('/none').length, 0);
      });

      it('judges copies like requests, counts them, and records what was refused', async () => {
        const [seen, copied, asked] = [site, copies, meta].map(({ requests }) => requests.items.length);
        assert.equal(await statusOf(caller, 'site.test', { path: '/refused' }), 200);
        await until('both refusals are recorded', async () => {
          const decisions = await decisionsOf(mesh);
          const of = (host: string) => decisions.find(({ destination }) => destination.host === host);
          return (
            of('meta.test')?.signature === 'address-refused' && of('unregistered.test')?.signature === 'unknown-host'
          );
        });
        const refused = [
          ...site.requests.items.slice(seen),
          ...copies.requests.items.slice(copied),
          ...meta.requests.items.slice(asked),
        ];
        assert.deepEqual(
          refused.map(({ host }) => host),
          ['site.test'],
          'a wildcard host says not whom to ask',
        );
        // `/never` is told when it ends.
        const answered = allCopies().filter(({ url }) => url !== '/never').length;
        await until(`${answered} copies are counted`, async () => {
          const flow = await flowTo(mesh, 'copy.test', 'external');
          return flow?.source.workload === 'caller' && flow.responses['200'] === answered;
        });
      });

      it('answers preflights of allowed origins, and tells browsers who may read', async () => {
        const cors = {
          allowOrigins: [{ exact: 'https://app.test' }, { regex: 'https://[a-z]+\\.dev\\.test' }],
          allowMethods: ['GET', 'PUT'],
          allowHeaders: ['x-token'],
          exposeHeaders: ['x-total'],
          maxAge: '600s',
          allowCredentials: true,
        };
        await route('cors.test', [
          { match: [{ uri: { exact: '/ready' } }], route: [to('cors.test')] },
          {
            match: [{ uri: { prefix: '/closed' } }],
            corsPolicy: { ...cors, unmatchedPreflights: 'IGNORE' },
            route: [to('cors.test')],
          },
          { corsPolicy: cors, route: [to('cors.test')] },
        ]);
        const preflight = (origin: string, path: string) =>
          ask(caller, 'cors.test', {
            method: 'OPTIONS',
            path,
            headers: { origin, 'access-control-request-method': 'PUT' },
          });
        const seen = site.requests.items.length;
        const allowed = await preflight('https://app.test', '/open');
        assert.equal(allowed.status, 200);
        assert.deepEqual(corsOf(allowed.headers), {
          'access-control-allow-origin': 'https://app.test',
          'access-control-allow-methods': 'GET,PUT',
          'access-control-allow-headers': 'x-token',
          'access-control-allow-credentials': 'true',
          'access-control-max-age': '600',
          'access-control-expose-headers': 'x-total',
        });
        assert.equal((await preflight('https://x.dev.test', '/open')).headers?.['access-control-max-age'], '600');
        const ignored = await preflight('https://evil.test', '/closed');
        assert.deepEqual([ignored.status, ignored.headers?.['access-control-allow-origin']], [200, undefined]);
        assert.equal(site.requests.items.length, seen, 'none of them got to the server');
        const forwarded = await preflight('https://evil.test', '/open');
        assert.deepEqual([forwarded.body, corsOf(forwarded.headers)], ['site OPTIONS', {}]);
        const answer = await ask(caller, 'cors.test', { headers: { origin: 'https://app.test' } });
        assert.deepEqual(corsOf(answer.headers), {
          'access-control-allow-origin': 'https://app.test',
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'x-total',
        });
        const other = await ask(caller, 'cors.test', { headers: { origin: 'https://evil.test' } });
        assert.deepEqual([other.body, corsOf(other.headers)], ['site GET', {}]);
      });
    });
  }
});

function corsOf(headers: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}
