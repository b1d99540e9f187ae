// AuthorizationPolicies for those who call, known by the certificates that their proxies show: at a workload, and at an egress
// gateway, HTTP and, by the SNI inside of mTLS, TLS. The refusals of a gateway are told as its decisions.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import {
  authorizationPolicy,
  destinationRule,
  gateway,
  peerAuthentication,
  virtualService,
} from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const web = 'web.shop.svc.cluster.local';
const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
const out = 'out.test';
const inShop = { namespace: 'shop' };
const inRoot = { namespace: 'istio-system' };
const buyer = 'cluster.local/ns/default/sa/buyer';
const strangers = 'spiffe://cluster.local/ns/default/sa/stranger';
const atGateway = { selector: { matchLabels: { istio: 'egressgateway' } } };

/** HTTP on 8080, and a port whose bytes nobody reads on 9000. */
const server = [
  process.execPath,
  '-e',
  `const http = require('http'); for (const port of [8080, 9000]) http.createServer((q, r) => r.end('web')).listen(port)`,
];

describe('authorization of callers', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let allowed: Workload;
  let stranger: Workload;
  let plain: OutsideHttp;
  let secure: OutsideHttp;

  before(async () => {
    const address = outsideAddress(4);
    plain = await startOutsideHttp({ t: scope, address, port: 80 });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    mesh = await startMesh(scope, { up: ['--resolve', `${out}=${address}`] });
    await mesh.workload('web', { ...inShop, command: server, args: ['--label', 'app=web'] });
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
  - { name: tcp, port: 9000 }
`);
    allowed = await mesh.workload('buyer', { args: ['--service-account', 'buyer'] });
    stranger = await mesh.workload('stranger', { args: ['--service-account', 'stranger'] });
    for (const one of [allowed, stranger]) {
      await until('the service answers', async () => (await statusOf(one, web)) === 200);
    }
  });

  const bytes = async (from: Workload) =>
    (
      await from.perform({
        do: 'tcp',
        host: web,
        port: 9000,
        send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      })
    ).text?.endsWith('web') === true;

  it('a workload takes what a principal may ask, and nothing else', async () => {
    const rules = [
      { from: [{ source: { principals: [buyer] } }], to: [{ operation: { methods: ['GET'], paths: ['/v1/*'] } }] },
    ];
    const policy = authorizationPolicy('web', { selector: { matchLabels: { app: 'web' } }, rules }, inShop);
    await mesh.apply(policy);
    await until('strangers are refused', async () => (await statusOf(stranger, web, { path: '/v1/a' })) === 403);
    // What was open goes on as it was, for ten seconds at most.
    await until('so on connections that were open', async () => (await statusOf(allowed, web)) === 403, 20_000);
    for (const [from, path, method, status] of [
      [allowed, '/v1/a', 'GET', 200],
      [allowed, '/v1/../v2', 'GET', 403],
      [allowed, '/v1/%2e%2e/v2', 'GET', 403],
      [allowed, '/v1/a', 'POST', 403],
      [stranger, '/v1/a', 'GET', 403],
    ] as const) {
      assert.equal(await statusOf(from, web, { path, method }), status, `${from.name} ${method} ${path}`);
    }
    // Of bytes no method can be seen: the rule allows nothing there.
    assert.equal(await bytes(allowed), false);
    await mesh.remove(policy);
    await until('all are let in again', async () => (await statusOf(stranger, web)) === 200);
  });

  it('bytes are judged by who sends them, over mTLS; without it nobody is known', async () => {
    const rules = [{ from: [{ source: { serviceAccounts: ['default/buyer'] } }] }];
    const policy = authorizationPolicy('web', { rules }, inShop);
    await mesh.apply(policy);
    await until('strangers are refused', async () => !(await bytes(stranger)));
    assert.equal(await bytes(allowed), true);
    const off = peerAuthentication('off', { mtls: { mode: 'DISABLE' } }, inShop);
    await mesh.apply(off);
    await until('nobody is known', async () => !(await bytes(allowed)));
    assert.equal(await statusOf(allowed, web), 403);
    await mesh.remove(off);
    await until('it is known again', async () => await bytes(allowed));
    await mesh.remove(policy);
    await until('all are let in again', async () => (await statusOf(stranger, web)) === 200);
  });

  it('DENY with everybody but one is for those, too, whom nobody knows', async () => {
    const rules = [{ from: [{ source: { notPrincipals: [buyer] } }] }];
    const policy = authorizationPolicy('web', { action: 'DENY', rules }, inShop);
    await mesh.apply(policy);
    await until('strangers are refused', async () => (await statusOf(stranger, web)) === 403);
    await until('who is known is let in', async () => (await statusOf(allowed, web)) === 200, 20_000);
    await mesh.remove(policy);
    await until('all are let in again', async () => (await statusOf(stranger, web)) === 200);
  });

  function throughGateway(tls: 'HTTPS' | 'TLS'): string {
    const number = tls === 'HTTPS' ? 80 : 443;
    const port = { number, name: tls.toLowerCase(), protocol: tls };
    const settings = [{ port: { number }, tls: { mode: 'ISTIO_MUTUAL', sni: out } }];
    const subsets = [{ name: 'out', trafficPolicy: { portLevelSettings: settings } }];
    const to = (host: string, subset?: string) => [
      { destination: { host, port: { number }, ...(subset === undefined ? {} : { subset }) } },
    ];
    const rule = (at: string, route: object) =>
      tls === 'HTTPS'
        ? { http: [{ match: [{ gateways: [at], port: number }], route }] }
        : { tls: [{ match: [{ gateways: [at], port: number, sniHosts: [out] }], route }] };
    const [inMesh, behind] = [rule('mesh', to(egress, 'out')), rule('out', to(out))];
    const merged = {
      http: [...(inMesh.http ?? []), ...(behind.http ?? [])],
      tls: [...(inMesh.tls ?? []), ...(behind.tls ?? [])],
    };
    return [
      gateway('out', {
        selector: { istio: 'egressgateway' },
        servers: [{ port, hosts: [out], tls: { mode: 'ISTIO_MUTUAL' } }],
      }),
      destinationRule('egress', { host: egress, subsets }),
      virtualService('out', { hosts: [out], gateways: ['mesh', 'out'], ...merged }),
    ].join('');
  }

  const entry = serviceEntry('out', {
    hosts: [out],
    ports: [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ],
  });

  it('an egress gateway lets out by principal, and its refusals are told', async () => {
    await mesh.apply(entry + throughGateway('HTTPS'));
    await until(
      'it passes the gateway',
      async () => (await statusOf(stranger, out)) === 200 && plain.requests.items.length > 0,
    );
    const rules = [{ from: [{ source: { principals: [buyer] } }], to: [{ operation: { hosts: [out] } }] }];
    const policy = authorizationPolicy('out', { ...atGateway, rules }, inRoot);
    await mesh.apply(policy);
    await until('strangers are refused', async () => (await statusOf(stranger, out)) === 403);
    await until('who may is let out', async () => (await statusOf(allowed, out)) === 200);
    const before = plain.requests.items.length;
    assert.equal(await statusOf(stranger, out), 403);
    assert.equal(plain.requests.items.length, before);
    const told = await until('that is told', async () =>
      (await decisionsOf(mesh)).find(({ object }) => object === 'AuthorizationPolicy/istio-system/out'),
    );
    assert.equal(told.signature, 'policy-denied');
    assert.equal(told.source.workload, 'istio-egressgateway');
    assert.match(told.reason, /default\/stranger/);
    assert.equal(told.callerIdentity, strangers);
    await mesh.remove(policy + throughGateway('HTTPS'));
  });

  it('TLS inside of mTLS is judged by the SNI inside, and by who sent it', async () => {
    await mesh.apply(throughGateway('TLS'));
    await until('it passes the gateway', async () => (await overTls(stranger, out)) === 'HTTP/1.1 200 OK');
    const rules = [{ from: [{ source: { principals: [buyer] } }], when: [{ key: 'connection.sni', values: [out] }] }];
    const policy = authorizationPolicy('out', { ...atGateway, rules }, inRoot);
    await mesh.apply(policy);
    await until('strangers are refused', async () => (await overTls(stranger, out)) !== 'HTTP/1.1 200 OK');
    const before = secure.connections.items.length;
    assert.equal(await overTls(allowed, out), 'HTTP/1.1 200 OK');
    assert.notEqual(await overTls(stranger, out), 'HTTP/1.1 200 OK');
    assert.equal(secure.connections.items.length, before + 1);
    const told = await until('that is told', async () =>
      (await decisionsOf(mesh)).find(
        ({ object, protocol }) => object === 'AuthorizationPolicy/istio-system/out' && protocol === 'tls',
      ),
    );
    assert.equal(told.callerIdentity, strangers);
    const byAddress = { action: 'DENY', rules: [{ from: [{ source: { ipBlocks: ['0.0.0.0/0'] } }] }] };
    await mesh.apply(authorizationPolicy('out', { ...atGateway, ...byAddress }, inRoot));
    await until('callers are known by their addresses too', async () => {
      return (await overTls(allowed, out)) !== 'HTTP/1.1 200 OK';
    });
    await mesh.apply(authorizationPolicy('none', { ...atGateway, action: 'DENY', rules: [{}] }, inRoot));
    const refused = await until('what one rule denies to all is told', async () => {
      await overTls(allowed, out);
      return (await decisionsOf(mesh)).find(({ details }) => details.includes('/istio-system/none['));
    });
    assert.deepEqual(
      [refused.signature, refused.object, refused.callerIdentity],
      ['policy-denied', 'AuthorizationPolicy/istio-system/none', `spiffe://${buyer}`],
    );
  });
});
