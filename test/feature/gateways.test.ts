// What the servers of Gateways serve, and for whom: hosts and namespaces, several Gateways on one port, redirects to HTTPS,
// TLS that ends at the gateway or passes it, and TCP (istio-semantics 5). Callers stand on the host, before the gateway's
// load balancer, in both captures.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import { type HttpAnswer, type HttpCall, httpCall } from '../support/http-client.ts';
import { type HttpsCall, httpsCall } from '../support/https-client.ts';
import { serviceEntry, startMesh, type TestMesh } from '../support/mesh.ts';
import { gateway, gatewayPort, meshGateway, tlsSecret, virtualService } from '../support/networking.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const selector = { 'gateway-name': 'front' };
const inEdge = { namespace: 'edge' };
const front = meshGateway(
  'front',
  {
    type: 'ingress',
    serviceType: 'LoadBalancer',
    ports: [
      gatewayPort('http', 80, 8080),
      gatewayPort('https', 443, 8443),
      gatewayPort('tcp', 9000, 9000),
      gatewayPort('tls', 9443, 9443),
    ],
  },
  inEdge,
);
const inShop = { namespace: 'shop' };
const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };
const tls = { number: 443, name: 'tls', protocol: 'TLS' };

const saying = (words: string) => ({ directResponse: { status: 200, body: { string: words } } });
const to = (host: string, number: number) => ({ route: [{ destination: { host, port: { number } } }] });

describe('Gateway', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const outside = '198.51.100.181';
  let authority: TestAuthority;

  before(async () => {
    authority = await createTestAuthority();
    const address = outsideAddress(181);
    const respond = { t: scope, address };
    await startOutsideHttp({ ...respond, port: 443, tls: await authority.issue({ commonName: 'passed.test' }) });
    await startOutsideTcp({ ...respond, port: 7000 });
  });

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      let mesh: TestMesh;
      /** The load balancer's. */
      let address: string;

      before(async () => {
        const names = ['passed.test', 'echo.test'].flatMap((name) => ['--resolve', `${name}=${outside}`]);
        mesh = await startMesh(meshScope, { up: ['--capture', capture, ...names] });
        await mesh.apply(front);
        address = await until('the gateway has an address', async () => {
          const shown = await mesh.run('get', 'service', 'front', '-n', 'edge', '-o', 'json');
          const { status }: { status?: { loadBalancer?: { ingress?: { ip: string }[] } } } = JSON.parse(shown);
          return status?.loadBalancer?.ingress?.[0]?.ip;
        });
      });

      async function get(host: string, call: Partial<HttpCall> = {}): Promise<HttpAnswer> {
        return httpCall({ address, port: 80, host, ...call });
      }

      async function body(host: string, path = '/'): Promise<string> {
        const answer = await get(host, { path });
        return answer.status === 200 ? answer.body : String(answer.status);
      }

      function says(host: string, words: string, path = '/'): Promise<boolean> {
        return until(`${host} says ${words}`, async () => (await body(host, path)) === words);
      }

      function getSecurely(host: string, call: Partial<HttpsCall> = {}) {
        return httpsCall({ address, port: 443, host, ...call });
      }

      it('refuses connections where no Gateway asks for the port, and answers 404 where no rules are', async () => {
        await assert.rejects(get('any.test'), { code: /^ECONN(REFUSED|RESET)$/ });
        await mesh.apply(gateway('empty', { selector, servers: [{ port: http, hosts: ['empty.test'] }] }, inEdge));
        await until('the port is open', async () => (await get('empty.test')).status === 404);
        assert.equal((await get('any.test')).headers['server'], 'istio-envoy');
      });

      it('lets VirtualServices of those namespaces speak for a host that are named before it', async () => {
        const hosts = ['only-shop.test', 'only-edge.test', 'every.test', 'plain.test'];
        const gateways = ['edge/bound'];
        await mesh.apply(
          gateway(
            'bound',
            {
              selector,
              servers: [
                { port: http, hosts: ['shop/only-shop.test', './only-edge.test', '*/every.test', 'plain.test'] },
              ],
            },
            inEdge,
          ) +
            virtualService('of-shop', { hosts, gateways, http: [saying('shop')] }, inShop) +
            virtualService(
              'of-edge',
              { hosts: ['only-shop.test', 'only-edge.test'], gateways: ['bound'], http: [saying('edge')] },
              inEdge,
            ) +
            virtualService(
              'kept',
              { hosts: ['plain.test'], gateways, exportTo: ['.'], http: [{ ...atPath('/kept'), ...saying('kept') }] },
              inShop,
            ),
        );
        await says('only-shop.test', 'shop');
        await says('only-edge.test', 'edge');
        for (const host of ['every.test', 'plain.test']) await says(host, 'shop');
        assert.equal(await body('plain.test', '/kept'), 'shop', 'not exported to the gateway');
      });

      const atPath = (path: string) => ({ match: [{ uri: { exact: path } }] });

      it('puts Gateways on one port together, and VirtualServices of one host, what takes everything last', async () => {
        const bind = (name: string, hosts: readonly string[]) =>
          gateway(name, { selector, servers: [{ port: http, hosts }] }, inEdge);
        await mesh.apply(
          bind('first', ['merged.test']) +
            bind('second', ['also.test']) +
            virtualService('a-rest', { hosts: ['merged.test'], gateways: ['edge/first'], http: [saying('rest')] }) +
            virtualService('b-two', {
              hosts: ['merged.test'],
              gateways: ['edge/first'],
              http: [{ ...atPath('/two'), ...saying('two') }],
            }) +
            virtualService('also', { hosts: ['also.test'], gateways: ['edge/second'], http: [saying('also')] }),
        );
        await says('merged.test', 'two', '/two');
        assert.equal(await body('merged.test'), 'rest');
        await says('also.test', 'also');
      });

      it('leaves a port to the first protocol that a Gateway asks for there', async () => {
        const asTcp = { ...http, name: 'tcp', protocol: 'TCP' };
        await mesh.apply(
          gateway('late', { selector, servers: [{ port: asTcp, hosts: ['*'] }] }, inEdge) +
            virtualService('late', { hosts: ['*'], gateways: ['edge/late'], tcp: [to('echo.test', 7000)] }) +
            gateway('mark', { selector, servers: [{ port: http, hosts: ['mark.test'] }] }, inEdge) +
            virtualService('mark', { hosts: ['mark.test'], gateways: ['edge/mark'], http: [saying('mark')] }),
        );
        await says('mark.test', 'mark');
        assert.equal(await body('merged.test'), 'rest');
      });

      it('passes TLS on by its SNI', async () => {
        await mesh.apply(
          serviceEntry('passed', { hosts: ['passed.test'], ports: [tls] }) +
            gateway(
              'passing',
              { selector, servers: [{ port: tls, hosts: ['passed.test'], tls: { mode: 'PASSTHROUGH' } }] },
              inEdge,
            ) +
            virtualService('passed', {
              hosts: ['passed.test'],
              gateways: ['edge/passing'],
              tls: [{ match: [{ port: 443, sniHosts: ['passed.test'] }], ...to('passed.test', 443) }],
            }),
        );
        const answer = await until('it passes', () => getSecurely('passed.test'));
        assert.deepEqual([answer.body, answer.certificate], ['outside', 'passed.test']);
        await assert.rejects(getSecurely('unknown.test'), { code: 'ECONNRESET' });
      });

      it('sends TCP on', async () => {
        const port = { number: 9000, name: 'tcp', protocol: 'TCP' };
        await mesh.apply(
          serviceEntry('echo', { hosts: ['echo.test'], ports: [{ number: 7000, name: 'tcp', protocol: 'TCP' }] }) +
            gateway('tcp', { selector, servers: [{ port, hosts: ['*'] }] }, inEdge) +
            virtualService('tcp', { hosts: ['*'], gateways: ['edge/tcp'], tcp: [to('echo.test', 7000)] }),
        );
        await until('TCP is echoed', async () => (await echoed(connect(9000, address))) === 'hello');
      });

      // Where programs share a user with their proxies, no proxy is given a key.
      if (capture === 'proxy') return;

      it('ends TLS with the secret’s certificate, asks callers for theirs, and sends plain ones to HTTPS', async () => {
        const shown = await authority.issue({ commonName: 'secure.test' });
        const shownMutual = await authority.issue({ commonName: 'mutual.test' });
        const strangers = await createTestAuthority('strangers');
        const server = (name: string, host: string, mode: string) => ({
          port: { ...https, name },
          hosts: [host],
          tls: { mode, credentialName: name },
        });
        await mesh.apply(
          gateway(
            'ending',
            {
              selector,
              servers: [
                server('secure', 'secure.test', 'SIMPLE'),
                server('mutual', 'mutual.test', 'MUTUAL'),
                { port: http, hosts: ['secure.test'], tls: { httpsRedirect: true } },
              ],
            },
            inEdge,
          ) +
            virtualService('ending', {
              hosts: ['secure.test', 'mutual.test'],
              gateways: ['edge/ending'],
              http: [saying('well met')],
            }),
        );
        const moved = await until('plain callers are sent on', async () => {
          const answer = await get('secure.test', { path: '/a?b=c' });
          return answer.status === 301 && answer;
        });
        assert.equal(moved.headers['location'], 'https://secure.test/a?b=c');
        await assert.rejects(getSecurely('secure.test'), 'there is no secret yet');
        await mesh.apply(
          tlsSecret('secure', shown, inEdge) + tlsSecret('mutual', { ...shownMutual, root: authority.root }, inEdge),
        );
        const answer = await until('TLS is ended', () => getSecurely('secure.test'));
        assert.deepEqual([answer.status, answer.body, answer.certificate], [200, 'well met', 'secure.test']);
        assert.equal((await getSecurely('mutual.test', { sni: 'secure.test' })).status, 404);
        await assert.rejects(getSecurely('unknown.test'), { code: 'ECONNRESET' });

        const client = await authority.issue({ commonName: 'client' });
        assert.equal((await getSecurely('passed.test')).body, 'outside', 'what is passed on the same port still is');

        const known = await until('known callers pass', () => getSecurely('mutual.test', { client }));
        assert.deepEqual([known.status, known.certificate], [200, 'mutual.test']);
        await assert.rejects(getSecurely('mutual.test'), /certificate required|ECONNRESET/i);
        const stranger = await strangers.issue({ commonName: 'client' });
        await assert.rejects(getSecurely('mutual.test', { client: stranger }), /unknown ca|ECONNRESET/i);
      });

      it('sends on what was in TLS', async () => {
        const server = {
          port: { number: 9443, name: 'tls', protocol: 'TLS' },
          hosts: ['*'],
          tls: { mode: 'SIMPLE', credentialName: 'secure' },
        };
        await mesh.apply(
          gateway('tls', { selector, servers: [server] }, inEdge) +
            virtualService('tls', { hosts: ['*'], gateways: ['edge/tls'], tcp: [to('echo.test', 7000)] }),
        );
        const options = { host: address, port: 9443, servername: 'any.test', rejectUnauthorized: false };
        await until('it is echoed', async () => (await echoed(connectTls(options))) === 'hello');
      });
    });
  }
});

function echoed(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(5000, () => socket.destroy(new Error('no echo')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.write('hello');
  });
}
