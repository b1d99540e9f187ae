// Istio's tasks about what may leave at all (istio-semantics 10, numbers 1, 5 and 8), and that whoever is registered is
// routed as any service is (product-facts check 17). What differs by contract line 19 is said where it does.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { gateway, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { metricOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const httpbin = 'httpbin.org';
const google = 'www.google.com';
const second = 'second.example';
const wiki = ['en', 'de', 'www'].map((language) => `${language}.wikipedia.org`);
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';

describe('Istio’s tasks of egress control', needs('root', 'iproute2', 'firewall', 'curl'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let sleep: Workload;
  let site: OutsideHttp;
  let secure: OutsideHttp;

  before(async () => {
    const [address, otherAddress] = [outsideAddress(109), outsideAddress(110)];
    site = await startOutsideHttp({
      t: scope,
      address,
      port: 80,
      async respond({ url, headers }, answer) {
        const delay = Number(/^\/delay\/(\d+)$/.exec(url)?.[1] ?? 0);
        await pause(delay * 1000);
        answer.end(url === '/headers' ? JSON.stringify(Object.fromEntries(headers)) : `site ${url}`);
      },
    });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    const respond = {
      respond: ({ url }: { url: string }, answer: { end(text: string): unknown }) => void answer.end(`second ${url}`),
    };
    await startOutsideHttp({ t: scope, address: otherAddress, port: 80, ...respond });
    const rules = [httpbin, google, ...wiki].map((host) => `${host}=${address}`);
    mesh = await startMesh(scope, {
      up: [...rules, `${second}=${otherAddress}`].flatMap((rule) => ['--resolve', rule]),
    });
    sleep = await mesh.workload('sleep');
  });

  const log = (...chosen: readonly string[]) => mesh.run('logs', ...chosen, '-c', 'istio-proxy');

  async function logged(line: RegExp, ...chosen: readonly string[]): Promise<void> {
    const place = chosen.length === 0 ? ['sleep'] : chosen;
    await until(`a line like ${line}`, async () => line.test(await log(...place)));
  }

  async function setPolicy(mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'): Promise<void> {
    await mesh.apply(outboundPolicy(mode));
    const expected = mode === 'ALLOW_ANY' ? 200 : 502;
    await until(`${mode} is in force`, async () => (await statusOf(sleep, second)) === expected);
  }

  it('passes everything by default', async () => {
    assert.equal(await overTls(sleep, google), 'HTTP/1.1 200 OK');
    assert.equal(await statusOf(sleep, httpbin), 200);
    await logged(/PassthroughCluster .* allow_any/);
  });

  it('stops what nobody registered: curl ends with 35 for HTTPS, and gets 502 for HTTP', async () => {
    await setPolicy('REGISTRY_ONLY');
    const { code } = await mesh.cli('exec', 'sleep', '--', 'curl', '-sSI', `https://${google}`);
    assert.equal(code, 35);
    assert.equal(await statusOf(sleep, httpbin), 502);
  });

  it('opens a registered HTTP host; the server learns nothing of the mesh', async () => {
    await mesh.apply(serviceEntry('httpbin-ext', { hosts: [httpbin] }));
    await until('it is open', async () => (await statusOf(sleep, httpbin)) === 200);
    const { body = '' } = await ask(sleep, httpbin, { path: '/headers' });
    // Istio: X-Envoy-Decorator-Operation among them; here: only what the program sent.
    assert.deepEqual(Object.keys(JSON.parse(body)), ['host']);
    await logged(/"GET \/headers HTTP\/1\.1" 200 .* outbound\|80\|\|httpbin\.org /);
  });

  it('opens a registered HTTPS host, told by its SNI', async () => {
    await mesh.apply(serviceEntry('google', { hosts: [google], ports: [https] }));
    await until('it is open', async () => (await overTls(sleep, google)) === 'HTTP/1.1 200 OK');
    assert.equal(secure.requests.items.at(-1)?.sni, google);
    await logged(/"- - -" 0 - .* outbound\|443\|\|www\.google\.com .* www\.google\.com -$/m);
  });

  it('ends a slow answer after the time-out of a VirtualService', async () => {
    assert.equal(await statusOf(sleep, httpbin, { path: '/delay/5' }), 200);
    await mesh.apply(
      virtualService('httpbin-ext', {
        hosts: [httpbin],
        http: [{ timeout: '3s', route: [{ destination: { host: httpbin }, weight: 100 }] }],
      }),
    );
    await until(
      '3 seconds are the most',
      async () => {
        const begun = performance.now();
        const status = await statusOf(sleep, httpbin, { path: '/delay/5' });
        return status === 504 && Math.abs(performance.now() - begun - 3000) < 1000;
      },
      20_000,
    );
  });

  it('routes, rewrites, splits, faults and redirects what is registered, as any service', async () => {
    await mesh.apply(
      serviceEntry('second', { hosts: [second] }) +
        virtualService('httpbin-ext', {
          hosts: [httpbin],
          http: [
            {
              match: [{ headers: { 'end-user': { exact: 'jason' } } }],
              fault: { abort: { httpStatus: 418, percentage: { value: 100 } } },
              route: [{ destination: { host: httpbin } }],
            },
            {
              match: [{ uri: { prefix: '/old' } }],
              rewrite: { uri: '/new' },
              route: [{ destination: { host: httpbin } }],
            },
            { match: [{ uri: { prefix: '/moved' } }], redirect: { authority: second } },
            {
              match: [{ uri: { prefix: '/split' } }],
              route: [
                { destination: { host: httpbin }, weight: 50 },
                { destination: { host: second }, weight: 50 },
              ],
            },
            { route: [{ destination: { host: httpbin } }] },
          ],
        }),
    );
    await until(
      'the rules hold',
      async () => (await statusOf(sleep, httpbin, { headers: { 'end-user': 'jason' } })) === 418,
    );
    assert.equal((await ask(sleep, httpbin, { path: '/old/a' })).body, 'site /new/a');
    assert.equal((await ask(sleep, httpbin, { path: '/moved' })).headers?.['location'], `http://${second}/moved`);
    const answers = new Set<string | undefined>();
    for (let call = 0; call < 40; call++) answers.add((await ask(sleep, httpbin, { path: '/split' })).body);
    assert.deepEqual([...answers].sort(), ['second /split', 'site /split']);
    assert.ok(site.requests.items.every(({ url }) => !url.startsWith('/moved')));
  });

  it('tells passthrough from what it stopped by Istio’s labels, for HTTP and TCP', async () => {
    const stranger = wiki[0] ?? '';
    await statusOf(sleep, stranger);
    await overTls(sleep, stranger);
    await mesh.run('delete', 'serviceentry', 'second');
    await setPolicy('ALLOW_ANY');
    await statusOf(sleep, stranger);
    await overTls(sleep, stranger);
    const common = ['reporter="source"', 'source_workload="sleep"', 'destination_workload="unknown"'];
    const expected = [
      [
        'istio_requests_total',
        'destination_service_name="BlackHoleCluster"',
        'response_code="502"',
        `destination_service="${stranger}"`,
      ],
      [
        'istio_requests_total',
        'destination_service_name="PassthroughCluster"',
        'response_code="200"',
        `destination_service="${stranger}"`,
      ],
      ['istio_tcp_connections_closed_total', 'destination_service_name="BlackHoleCluster"', 'request_protocol="tcp"'],
      ['istio_tcp_connections_opened_total', 'destination_service_name="PassthroughCluster"', 'request_protocol="tcp"'],
    ];
    for (const [name = '', ...labels] of expected) {
      const told = async () => (await metricOf(mesh, name, [...common, ...labels])) > 0;
      await until(`${name} with ${labels.join()}`, told);
    }
  });

  it('opens the hosts below a wildcard, and sends them through the egress gateway to one that serves them all', async () => {
    const [en = '', de = '', www = ''] = wiki;
    await mesh.apply(serviceEntry('wikipedia', { hosts: ['*.wikipedia.org'], ports: [https], resolution: 'NONE' }));
    await setPolicy('REGISTRY_ONLY');
    for (const host of [en, de]) {
      await until(`${host} is open`, async () => (await overTls(sleep, host)) === 'HTTP/1.1 200 OK');
      assert.equal(secure.requests.items.at(-1)?.sni, host);
    }
    const passthrough = { tls: { mode: 'PASSTHROUGH' }, hosts: ['*.wikipedia.org'] };
    await mesh.apply(
      serviceEntry('www-wikipedia', { hosts: [www], ports: [https] }) +
        gateway('wikipedia', { selector: { istio: 'egressgateway' }, servers: [{ port: https, ...passthrough }] }) +
        virtualService('wikipedia', {
          hosts: ['*.wikipedia.org'],
          gateways: ['mesh', 'wikipedia'],
          tls: [
            {
              match: [{ gateways: ['mesh'], port: 443, sniHosts: ['*.wikipedia.org'] }],
              route: [{ destination: { host: egress, port: { number: 443 } } }],
            },
            {
              match: [{ gateways: ['wikipedia'], port: 443, sniHosts: ['*.wikipedia.org'] }],
              route: [{ destination: { host: www, port: { number: 443 } } }],
            },
          ],
        }),
    );
    for (const host of [en, de]) {
      await until(`${host} goes through the gateway`, async () => {
        if ((await overTls(sleep, host)) !== 'HTTP/1.1 200 OK') return false;
        const line = new RegExp(`outbound\\|443\\|\\|${www.replaceAll('.', '\\.')} .* ${host.replaceAll('.', '\\.')} `);
        return line.test(await log('-l', 'istio=egressgateway', '-n', 'istio-system'));
      });
      assert.equal(secure.requests.items.at(-1)?.sni, host);
    }
    assert.match(
      await mesh.run('proxy-config', 'clusters', 'deploy/istio-egressgateway', '-n', 'istio-system'),
      /www\.wikipedia\.org/,
    );
  });
});
