// Names with dots are texts, not expressions (docs/security.md, P9; CVE-2026-39350): the service account `a.b` is not `axb`, neither
// to its server nor at its own outbound side, and the host `a.b.test` is not `axb.test`.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { authorizationPolicy, virtualService } from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const web = 'web.shop.svc.cluster.local';
const server = [process.execPath, '-e', `require('http').createServer((q, r) => r.end('web')).listen(8080)`];
const inShop = { namespace: 'shop' };
const ports = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
];

describe('names with dots', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let dotted: Workload;
  let alike: Workload;

  before(async () => {
    const address = outsideAddress(251);
    await startOutsideHttp({ t: scope, address, port: 80 });
    await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    const names = ['a.b.test', 'axb.test', 'x.c.d.test', 'x.cxd.test'];
    mesh = await startMesh(scope, { up: names.flatMap((name) => ['--resolve', `${name}=${address}`]) });
    await mesh.workload('web', { ...inShop, command: server, args: ['--label', 'app=web'] });
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`);
    dotted = await mesh.workload('dotted', { args: ['--service-account', 'a.b'] });
    alike = await mesh.workload('alike', { args: ['--service-account', 'axb'] });
    for (const one of [dotted, alike]) await until('it answers', async () => (await statusOf(one, web)) === 200);
  });

  for (const [how, source] of [
    ['principals', { principals: ['cluster.local/ns/default/sa/a.b'] }],
    ['serviceAccounts', { serviceAccounts: ['default/a.b'] }],
    ['the end of a principal', { principals: ['*/a.b'] }],
  ] as const) {
    it(`a server that lets in a.b by ${how} does not let in axb`, async () => {
      const policy = authorizationPolicy('web', { rules: [{ from: [{ source }] }] }, inShop);
      await mesh.apply(policy);
      await until('axb is refused', async () => (await statusOf(alike, web)) === 403);
      assert.equal(await statusOf(dotted, web), 200);
      await mesh.remove(policy);
      await until('all are let in again', async () => (await statusOf(alike, web)) === 200);
    });
  }

  it('what is denied to a.b.test at the outbound side is not denied to axb.test', async () => {
    await mesh.apply(serviceEntry('both', { hosts: ['a.b.test', 'axb.test'], ports }));
    const rules = [{ to: [{ operation: { hosts: ['a.b.test'] } }] }];
    const bound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } };
    const policy = authorizationPolicy('no', { action: 'DENY', rules }, bound);
    await mesh.apply(policy);
    await until('the host is denied', async () => (await statusOf(dotted, 'a.b.test')) === 403);
    assert.equal(await statusOf(dotted, 'axb.test'), 200);
    await mesh.remove(policy);
    await until('it is let out again', async () => (await statusOf(dotted, 'a.b.test')) === 200);
  });

  it('rules and entries for a.b.test and *.c.d.test are for nothing that looks like it', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await mesh.apply(
      serviceEntry('both', { hosts: ['a.b.test'], ports }) +
        serviceEntry('wild', { hosts: ['*.c.d.test'], ports, resolution: 'DYNAMIC_DNS' }) +
        virtualService('teapot', { hosts: ['a.b.test'], http: [{ directResponse: { status: 418 } }] }),
    );
    await until('the rule is there', async () => (await statusOf(dotted, 'a.b.test')) === 418);
    await until('axb.test is not registered any more', async () => (await statusOf(dotted, 'axb.test')) === 502);
    assert.equal(await statusOf(dotted, 'x.c.d.test'), 200);
    assert.equal(await statusOf(dotted, 'x.cxd.test'), 502);
    assert.notEqual(await overTls(dotted, 'axb.test'), 200);
  });
});
