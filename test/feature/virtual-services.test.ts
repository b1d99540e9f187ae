// What the HTTP rules of a VirtualService do to requests that leave, seen by the caller and by the servers outside, in both
// captures (istio-semantics 3.1, 3.3, 3.4; contract lines 19 and 23). Unregistered hosts get 502, so a host answers as its
// rules say from its first answer on.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, type HttpOptions, statusOf } from '../support/calls.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideRequest, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { repeat } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const http: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
const alt: ServicePort = { number: 8080, name: 'alt', protocol: 'HTTP' };
const names = ['match', 'www.match', 'redirect', 'answer', 'rewrite', 'headers', 'fault', 'slow', 'retry', 'refused'];
const weighted = ['weights', 'kept', 'one', 'two'];

type Rule = Readonly<Record<string, unknown>>;

/** `/503` and `/404` answer with that, `/never` not at all. */
function respond({ url }: OutsideRequest, answer: ServerResponse): void {
  const status = /^\/(\d{3})$/.exec(url)?.[1];
  if (url === '/never') return;
  answer.writeHead(Number(status ?? 200), { 'x-upstream': 'yes', 'x-remove-me': 'please' }).end('outside');
}

describe('VirtualService: HTTP rules', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-roots-'));
  let site: OutsideHttp;
  let one: OutsideHttp;
  let two: OutsideHttp;

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    const authority = await createTestAuthority();
    writeFileSync(join(folder, 'ca.pem'), authority.root);
    site = await startOutsideHttp({ t: scope, address: outsideAddress(151), port: 80, respond });
    const secure = async (name: string, address: number) => {
      const tls = await authority.issue({ commonName: `${name}.test` });
      return startOutsideHttp({
        t: scope,
        address: outsideAddress(address),
        port: 443,
        tls,
        respond: (_, answer) => answer.end(name),
      });
    };
    one = await secure('one', 152);
    two = await secure('two', 153);
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      let caller: Workload;
      let stranger: Workload;

      before(async () => {
        const places = new Map([
          ['one', 152],
          ['two', 153],
        ]);
        const rules = [...names, ...weighted].flatMap((name) => [
          '--resolve',
          `${name}.test=198.51.100.${places.get(name) ?? 151}`,
        ]);
        mesh = await startMesh(meshScope, {
          up: ['--capture', capture, ...rules],
          env: { SALLYPORT_EXTRA_CA_FILE: join(folder, 'ca.pem') },
        });
        await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
        caller = await mesh.workload('caller', { args: ['--label', 'app=caller'] });
        stranger = await mesh.workload('stranger', { namespace: 'other' });
      });

      /** Registers the host with these rules; resolves when they hold for the caller. */
      async function route(
        host: string,
        rules: readonly Rule[],
        { ports = [http], hosts = [host] }: { readonly ports?: readonly ServicePort[]; readonly hosts?: string[] } = {},
      ): Promise<void> {
        const name = host.replaceAll('.', '-');
        await mesh.apply(serviceEntry(name, { hosts, ports }) + virtualService(name, { hosts, http: rules }));
        await until(`${host} is routed`, async () => (await statusOf(caller, host, { path: '/unmatched' })) !== 502);
      }

      const to = (host: string, port = 80) => [{ destination: { host, port: { number: port } } }];

      it('takes the first rule that fits by path, header, method, host, query, port, and who asks', async () => {
        const matches: Readonly<Record<string, readonly Rule[] | undefined>> = {
          authority: [{ uri: { exact: '/authority' }, authority: { exact: 'www.match.test' } }],
          exact: [{ uri: { exact: '/exact' } }],
          prefix: [{ uri: { prefix: '/prefix' } }],
          regex: [{ uri: { regex: '/item/[0-9]+' } }],
          'any-case': [{ uri: { exact: '/Shop' }, ignoreUriCase: true }],
          'header-exact': [{ headers: { 'x-user': { exact: 'jason' } } }],
          'header-prefix': [{ headers: { 'x-user': { prefix: 'ja' } } }],
          'header-regex': [{ headers: { 'x-user': { regex: 'b.+b' } } }],
          'header-present': [{ headers: { 'x-trace': {} } }],
          without: [{ uri: { prefix: '/without' }, withoutHeaders: { 'x-debug': { exact: '1' } } }],
          method: [{ method: { exact: 'POST' } }],
          'query-exact': [{ queryParams: { v: { exact: '2' } } }],
          'query-regex': [{ queryParams: { v: { regex: '[3-5]' } } }],
          port: [{ uri: { exact: '/port' }, port: 8080 }],
          labels: [{ uri: { exact: '/source' }, sourceLabels: { app: 'caller' } }],
          namespace: [{ uri: { exact: '/source' }, sourceNamespace: 'other' }],
          either: [{ uri: { exact: '/either' } }, { uri: { exact: '/or' } }],
          gateways: [{ uri: { exact: '/gateways' }, gateways: ['mesh'], sourceLabels: { app: 'caller' } }],
          // Istio: where gateways are named, labels are not asked.
          nobody: [{ uri: { exact: '/nobody' }, gateways: ['mesh'], sourceLabels: { app: 'nobody' } }],
          rest: undefined,
        };
        const rules = Object.entries(matches).map(([name, match]) => ({
          name,
          ...(match === undefined ? {} : { match }),
          directResponse: { status: 200, body: { string: name } },
        }));
        const hosts = ['match.test', 'www.match.test'];
        await route('match.test', rules, { ports: [http, alt], hosts });
        const cases: readonly (readonly [rule: string, path: string, options?: HttpOptions, host?: string])[] = [
          ['authority', '/authority', {}, 'www.match.test'],
          ['rest', '/authority'],
          ['exact', '/exact'],
          ['exact', '/exact?with=query'],
          ['rest', '/exact/'],
          ['rest', '/EXACT'],
          // Another way to write it is no way around a rule.
          ['exact', '/other/../exact'],
          ['prefix', '/prefix'],
          ['prefix', '/prefixed/too'],
          ['regex', '/item/12'],
          ['rest', '/item/12/more'],
          ['any-case', '/sHOP'],
          ['header-exact', '/', { headers: { 'x-user': 'jason' } }],
          ['header-prefix', '/', { headers: { 'x-user': 'jane' } }],
          ['header-regex', '/', { headers: { 'x-user': 'bob' } }],
          ['rest', '/', { headers: { 'x-user': 'abob' } }],
          ['header-present', '/', { headers: { 'x-trace': '' } }],
          ['without', '/without'],
          ['without', '/without', { headers: { 'x-debug': '2' } }],
          ['rest', '/without', { headers: { 'x-debug': '1' } }],
          ['method', '/', { method: 'POST' }],
          ['rest', '/', { method: 'PUT' }],
          ['query-exact', '/?v=2'],
          ['query-regex', '/?a=1&v=4'],
          ['rest', '/?v=22'],
          ['port', '/port', { port: 8080 }],
          ['rest', '/port'],
          ['labels', '/source'],
          ['either', '/either'],
          ['either', '/or'],
          ['gateways', '/gateways'],
          ['rest', '/nobody'],
          ['rest', '/'],
        ];
        for (const [rule, path, options = {}, host = 'match.test'] of cases) {
          assert.equal(await bodyOf(caller, host, { ...options, path }), rule, JSON.stringify([host, path, options]));
        }
        await until(
          'the rules hold in the other namespace',
          async () => (await statusOf(stranger, 'match.test')) === 200,
        );
        assert.equal(await bodyOf(stranger, 'match.test', { path: '/source' }), 'namespace');
      });

      it('redirects', async () => {
        const before = site.requests.items.length;
        const moved = { uri: '/new', authority: 'elsewhere.test', scheme: 'https', redirectCode: 302 };
        await route(
          'redirect.test',
          [
            { match: [{ uri: { prefix: '/moved' } }], redirect: moved },
            { match: [{ uri: { exact: '/port' } }], redirect: { uri: '/there', derivePort: 'FROM_REQUEST_PORT' } },
            { redirect: { authority: 'www.redirect.test' } },
          ],
          { ports: [http, alt] },
        );
        const locations: readonly (readonly [HttpOptions, number, string])[] = [
          [{ path: '/moved/away?a=1' }, 302, 'https://elsewhere.test/new?a=1'],
          [{ path: '/port', port: 8080 }, 301, 'http://redirect.test:8080/there'],
          [{ path: '/other' }, 301, 'http://www.redirect.test/other'],
        ];
        for (const [options, status, location] of locations) {
          const answer = await ask(caller, 'redirect.test', options);
          assert.deepEqual([answer.status, answer.headers?.['location']], [status, location]);
        }
        assert.equal(site.requests.items.length, before);
      });

      it('answers itself', async () => {
        const before = site.requests.items.length;
        const bytes = Buffer.from('not today').toString('base64');
        await route('answer.test', [
          { match: [{ uri: { exact: '/bytes' } }], directResponse: { status: 418, body: { bytes } } },
          { directResponse: { status: 204 } },
        ]);
        const answer = await ask(caller, 'answer.test', { path: '/bytes' });
        assert.deepEqual([answer.status, answer.body], [418, 'not today']);
        assert.equal(await statusOf(caller, 'answer.test'), 204);
        assert.equal(site.requests.items.length, before);
      });

      it('rewrites path and Host', async () => {
        const route_ = to('rewrite.test');
        await route('rewrite.test', [
          { match: [{ uri: { prefix: '/api/' } }], rewrite: { uri: '/v2/' }, route: route_ },
          {
            match: [{ uri: { prefix: '/user/' } }],
            rewrite: { uriRegexRewrite: { match: '^/user/([0-9]+)', rewrite: '/users/\\1/show' } },
            route: route_,
          },
          { rewrite: { authority: 'inner.example' }, route: route_ },
        ]);
        const seen: readonly (readonly [path: string, url: string, host: string])[] = [
          ['/api/list?page=2', '/v2/list?page=2', 'rewrite.test'],
          ['/user/17?full', '/users/17/show?full', 'rewrite.test'],
          ['/else', '/else', 'inner.example'],
        ];
        for (const [path, url, host] of seen) {
          assert.equal(await statusOf(caller, 'rewrite.test', { path }), 200);
          const request = site.requests.items.at(-1);
          assert.deepEqual([request?.url, request?.host], [url, host]);
          assert.deepEqual(foreignHeaders(request), [], 'the router tells nothing of what it did');
        }
      });

      it('sets, adds and removes headers both ways; what the author sets arrives, what Envoy adds does not', async () => {
        const onRequest = {
          set: { 'x-set': 'set', 'x-envoy-set': 'by the author', 'x-forwarded-for': '192.0.2.7' },
          add: { 'x-add': 'added' },
          remove: ['x-secret'],
        };
        const onResponse = { set: { 'x-upstream': 'set' }, add: { 'x-added': 'one' }, remove: ['x-remove-me'] };
        await route('headers.test', [
          {
            timeout: '5s',
            headers: { request: onRequest, response: onResponse },
            route: [
              {
                ...to('headers.test')[0],
                headers: {
                  request: { set: { 'x-destination': 'yes' } },
                  response: { add: { 'x-destination': 'yes' } },
                },
              },
            ],
          },
        ]);
        const headers = { 'x-set': 'mine', 'x-add': 'mine', 'x-secret': 'word', 'x-envoy-max-retries': '9' };
        const answer = await ask(caller, 'headers.test', { headers });
        const request = site.requests.items.at(-1)?.headers;
        const sent = ['x-set', 'x-add', 'x-secret', 'x-destination', 'x-envoy-set', 'x-forwarded-for'];
        assert.deepEqual(
          sent.map((name) => request?.get(name)),
          ['set', 'mine,added', undefined, 'yes', 'by the author', '192.0.2.7'],
        );
        assert.deepEqual(foreignHeaders(site.requests.items.at(-1)), ['x-envoy-set', 'x-forwarded-for']);
        const received = ['x-upstream', 'x-added', 'x-remove-me', 'x-destination'];
        assert.deepEqual(
          received.map((name) => answer.headers?.[name]),
          ['set', 'one', undefined, 'yes'],
        );
      });

      it('breaks and delays requests as often as asked', async () => {
        const abort = (value: number) => ({ abort: { httpStatus: 418, percentage: { value } } });
        await route('fault.test', [
          { match: [{ uri: { exact: '/all' } }], fault: abort(100), route: to('fault.test') },
          { match: [{ uri: { exact: '/half' } }], fault: abort(50), route: to('fault.test') },
          {
            match: [{ uri: { exact: '/late' } }],
            fault: { delay: { fixedDelay: '0.5s', percentage: { value: 100 } } },
            route: to('fault.test'),
          },
          { route: to('fault.test') },
        ]);
        const before = site.requests.items.length;
        const broken = await ask(caller, 'fault.test', { path: '/all' });
        assert.deepEqual([broken.status, broken.body], [418, 'fault filter abort']);
        assert.equal(site.requests.items.length, before);
        const statuses = await repeat(100, () => statusOf(caller, 'fault.test', { path: '/half' }));
        const passed = statuses.filter((status) => status === 200).length;
        assert.equal(statuses.filter((status) => status === 418).length, 100 - passed);
        assert.ok(passed >= 20 && passed <= 80, `${passed} of 100 passed`);
        assert.equal(site.requests.items.length, before + passed);
        const start = performance.now();
        assert.equal(await statusOf(caller, 'fault.test', { path: '/late' }), 200);
        assert.ok(performance.now() - start >= 490);
      });

      it('waits no longer than the rule says', async () => {
        await route('slow.test', [{ timeout: '0.4s', route: to('slow.test') }]);
        const answer = await ask(caller, 'slow.test', { path: '/never' });
        assert.deepEqual([answer.status, answer.body], [504, 'upstream request timeout']);
        assert.deepEqual(foreignHeaders(site.requests.items.at(-1)), []);
      });

      it('sends again what failed, as often as asked and for the reasons asked for', async () => {
        const rule = (path: string, retries?: object) => ({
          match: [{ uri: { exact: path } }],
          ...(retries === undefined ? {} : { retries }),
          route: to('retry.test'),
        });
        await route('retry.test', [
          { ...rule('/503', { attempts: 2, retryOn: '5xx' }), headers: { request: { set: { 'x-kept': 'yes' } } } },
          rule('/504', { attempts: 1, retryOn: 'gateway-error', perTryTimeout: '2s' }),
          rule('/409', { attempts: 3, retryOn: '409' }),
          rule('/500', { attempts: 0 }),
          rule('/never', { attempts: 1, retryOn: '5xx', perTryTimeout: '0.2s' }),
          { route: to('retry.test') },
        ]);
        const tries: readonly (readonly [path: string, status: number, count: number])[] = [
          ['/503', 503, 3],
          ['/504', 504, 2],
          ['/409', 409, 4],
          ['/500', 500, 1],
          ['/never', 504, 2],
          ['/502', 502, 1],
        ];
        for (const [path, status, count] of tries) {
          const before = site.requests.items.length;
          assert.equal(await statusOf(caller, 'retry.test', { path }), status);
          const requests = site.requests.items.slice(before);
          assert.equal(requests.length, count, path);
          for (const request of requests) assert.deepEqual(foreignHeaders(request), []);
          if (path === '/503') for (const { headers } of requests) assert.equal(headers.get('x-kept'), 'yes');
        }
      });

      it('tries twice more by default where no connection comes about', async () => {
        const rule = (path: string, more: object) => ({
          match: [{ uri: { exact: path } }],
          ...more,
          route: to('refused.test', 8080),
        });
        await route('refused.test', [rule('/default', {}), rule('/once', { retries: { attempts: 0 } })], {
          ports: [http, alt],
        });
        for (const path of ['/default', '/once']) assert.equal(await statusOf(caller, 'refused.test', { path }), 503);
        await until('the log tells both', async () => {
          const log = await mesh.run('logs', 'caller', '-c', 'istio-proxy');
          return (
            /"GET \/default HTTP\/1\.1" 503 (URX,UF|UF,URX) /.test(log) && /"GET \/once HTTP\/1\.1" 503 UF /.test(log)
          );
        });
      });

      it('shares requests among external hosts, each asked by its own name in Host and handshake', async () => {
        const port = { ...http, targetPort: 443 };
        const origination = { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }] };
        const halves = [
          { ...to('one.test')[0], weight: 50 },
          { ...to('two.test')[0], weight: 50 },
          to('three.test')[0],
        ];
        const annotations = { 'egress.sallyport.dev/authority': 'keep' };
        await mesh.apply(
          ['one', 'two']
            .map(
              (name) =>
                serviceEntry(name, { hosts: [`${name}.test`], ports: [port] }) +
                destinationRule(name, { host: `${name}.test`, trafficPolicy: origination }),
            )
            .join('') +
            virtualService('kept', { hosts: ['kept.test'], http: [{ route: to('one.test') }] }, { annotations }),
        );
        await route('weights.test', [{ route: halves }]);
        const seen = [one, two].map(({ requests }) => requests.items.length);
        const bodies = await repeat(200, () => bodyOf(caller, 'weights.test'));
        const ones = bodies.filter((body) => body === 'one').length;
        assert.equal(bodies.filter((body) => body === 'two').length, 200 - ones);
        assert.ok(ones >= 60 && ones <= 140, `${ones} of 200 went to the first`);
        for (const [index, { requests }] of [one, two].entries()) {
          const own = `${['one', 'two'][index]}.test`;
          const news = requests.items.slice(seen[index]);
          for (const { host, sni } of news) assert.deepEqual([host, sni], [own, own]);
        }
        assert.equal(await bodyOf(caller, 'kept.test'), 'one');
        const kept = one.requests.items.at(-1);
        assert.deepEqual([kept?.host, kept?.sni], ['kept.test', 'one.test']);
      });
    });
  }
});

/** What no application sent. */
function foreignHeaders(request: OutsideRequest | undefined): readonly string[] {
  const names = [...(request?.headers.keys() ?? [])];
  return names.filter((name) => /^(x-envoy|x-forwarded|x-request-id|x-b3|traceparent)/.test(name)).sort();
}
