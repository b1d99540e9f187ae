// The examples of docs/egress-policy.md, played as they stand there; and what describe, get and the status say of policies.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { overTls, statusOf } from '../support/calls.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import {
  authorizationPolicy,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  virtualService,
} from '../support/networking.ts';
import { type OutsideHttp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/egress-policy.md'), 'utf8');
const ok = 'HTTP/1.1 200 OK';
const address = outsideAddress(144);

/** By the policy's name. */
function example(name: string): string {
  const found = page.matchAll(/```yaml\n(.*?)```/gs).find(([, yaml = '']) => yaml.includes(`name: ${name} }`));
  assert.ok(found?.[1] !== undefined, name);
  return `${found[1]}---\n`;
}

describe('the page about EgressPolicy', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let chosen: Workload;
  let other: Workload;
  let plain: OutsideHttp;

  before(async () => {
    plain = await startOutsideHttp({ t: scope, address, port: 80 });
    await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    await startOutsideHttp({ t: scope, address, port: 82 });
    const serve = ({ socket }: { readonly socket: { write(text: string): void } }) => socket.write('ready');
    await startOutsideTcp({ t: scope, address: outsideAddress(145), port: 5432, serve });
    const names = ['api', 'charges', 'partner', 'daily.news'].map((name) => `${name}.example.com=${address}`);
    const rules = [...names, `db.example.com=${outsideAddress(145)}`].flatMap((rule) => ['--resolve', rule]);
    mesh = await startMesh(scope, { up: ['--capture', 'redirect', ...rules] });
    const ports = [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)];
    await mesh.apply(
      outboundPolicy('REGISTRY_ONLY') + meshGateway('egress', { type: 'egress', serviceType: 'ClusterIP', ports }),
    );
    chosen = await mesh.workload('chosen', { args: ['--label', 'app=payments', '--service-account', 'payments'] });
    other = await mesh.workload('other', { args: ['--label', 'app=reader'] });
  });

  const answers = (from: Workload, host: string, status: number, path = '/') =>
    until(`${host} answers ${status}`, async () => (await statusOf(from, host, { path })) === status, 20_000);

  it('payments: lets those out who are chosen, and refuses others', async () => {
    await mesh.apply(example('payments'));
    await answers(chosen, 'api.example.com', 200);
    await until('TLS', async () => (await overTls(chosen, 'api.example.com')) === ok);
    await answers(other, 'api.example.com', 403);
    assert.notEqual(await overTls(other, 'api.example.com'), ok);
  });

  it('partner: leaves through the gateway', async () => {
    await mesh.apply(example('partner'));
    await answers(chosen, 'partner.example.com', 200);
    await answers(other, 'partner.example.com', 403);
    await until('the gateway tells of it', async () =>
      /outbound\|80\|\|partner\.example\.com/.test(
        await mesh.run('logs', '-l', 'gateway-name=egress', '-c', 'istio-proxy'),
      ),
    );
  });

  it('news: stops nobody, and tells whom it would', async () => {
    await mesh.apply(example('news'));
    await answers(other, 'daily.news.example.com', 200);
    await answers(chosen, 'daily.news.example.com', 200);
    const told = await until('a decision', async () =>
      (await decisionsOf(mesh)).filter(({ verdict }) => verdict === 'reported').at(0),
    );
    assert.deepEqual(
      [told.signature, told.source.workload, told.object],
      ['policy-reported', 'chosen', 'EgressPolicy/default/news'],
    );
  });

  it('migration: a database for all workloads of the namespace', async () => {
    await mesh.apply(example('migration'));
    const steps = [{ expect: 'ready' }];
    await until('the database answers', async () => {
      const said = await other.perform({ do: 'talk', host: 'db.example.com', port: 5432, steps, timeoutMs: 2000 });
      return said.text === 'ready';
    });
  });

  it('charges: judges requests, and asks in TLS', async () => {
    await mesh.apply(example('charges'));
    const before = plain.requests.items.length;
    // The server's certificate is nobody's: 503 is what the TLS that was begun comes to.
    await answers(chosen, 'charges.example.com', 503, '/v1/charges');
    await answers(chosen, 'charges.example.com', 503, '/v1/charges/7?full');
    await answers(chosen, 'charges.example.com', 403, '/v1/refunds');
    await answers(chosen, 'charges.example.com', 403, '/v1/charges/../refunds');
    assert.equal(await statusOf(chosen, 'charges.example.com', { path: '/v1/charges', method: 'DELETE' }), 403);
    await answers(other, 'charges.example.com', 403, '/v1/charges');
    await answers(chosen, 'charges.example.com', 503, '/v1/%63harges');
    await answers(chosen, 'charges.example.com', 403, '/v1//charges');
    await answers(chosen, 'charges.example.com', 403, '/v1/charges/..%2Frefunds');
    assert.equal(plain.requests.items.length, before, 'nothing in the clear');
  });

  it('a registered port that no policy names is closed; one that nobody registered passes under ALLOW_ANY', async () => {
    const ports = [{ number: 81, name: 'http', protocol: 'HTTP' }];
    const entry = serviceEntry('more', { hosts: ['api.example.com'], ports, exportTo: ['.'] });
    await mesh.apply(entry);
    const at = (from: Workload, port: number) => statusOf(from, 'api.example.com', { port });
    await until('403', async () => (await at(chosen, 81)) === 403);
    await mesh.apply(outboundPolicy('ALLOW_ANY'));
    await until('it passes', async () => (await at(other, 82)) === 200);
    assert.equal(await at(other, 81), 403);
    assert.equal(await at(other, 80), 403);
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    await mesh.remove(entry);
  });

  it('deny counts first', async () => {
    const rules = [{ to: [{ operation: { hosts: ['api.example.com'] } }] }];
    const annotations = { 'egress.sallyport.dev/bound-to': 'outbound' };
    const denial = authorizationPolicy('no', { action: 'DENY', rules }, { annotations });
    await answers(chosen, 'api.example.com', 200);
    await mesh.apply(denial);
    await answers(chosen, 'api.example.com', 403);
    assert.match(
      await mesh.run('describe', 'egp', 'payments'),
      /AuthorizationPolicy\/default\/no denies api\.example\.com/,
    );
    await mesh.remove(denial);
    await answers(chosen, 'api.example.com', 200);
  });

  it('describe says who, and what a policy stands for; get -o yaml as comments', async () => {
    const text = await mesh.run('describe', 'egresspolicy', 'partner');
    for (const part of [
      /\n {2}Sidecars allow workloads of namespace default with service account payments: partner\.example\.com, port 80 \(HTTP\), 443 \(TLS\)\.\n/,
      /\n {2}The gateway default\/egress lets in spiffe:\/\/cluster\.local\/ns\/default\/sa\/payments\.\n/,
      /\nStands for \(not stored\):\n[\s\S]*kind: ServiceEntry\n[\s\S]*kind: Gateway\n[\s\S]*mode: ISTIO_MUTUAL\n[\s\S]*kind: VirtualService\n/,
      /\nDiagnostics: {3}<none>\n/,
    ]) {
      assert.match(text, part);
    }
    assert.match(await mesh.run('get', 'egp', 'partner', '-o', 'yaml'), /\n# kind: Gateway\n/);
    assert.match(
      await mesh.run('get', 'egresspolicies'),
      /^NAME +HOSTS +MODE +GATEWAY +AGE\n(.*\n)*partner +partner\.example\.com +enforce +egress +\d+s\n/,
    );
    assert.equal((await mesh.run('get', 'serviceentries', '-o', 'name')).trim(), '');
  });

  it('the objects of describe, applied in place of the policy, lead the same way', async () => {
    const text = await mesh.run('get', 'egp', 'partner', '-o', 'yaml');
    const objects = text.slice(text.indexOf('# ---')).replaceAll(/^# /gm, '');
    await mesh.run('delete', 'egp', 'partner');
    await mesh.apply(objects);
    await answers(other, 'partner.example.com', 200);
  });

  it('the status names the VirtualService that takes a host away', async () => {
    const answer = { directResponse: { status: 299 } };
    await mesh.apply(virtualService('own', { hosts: ['api.example.com'], http: [answer] }));
    await until('the status says so', async () =>
      /SP1571/.test(await mesh.run('get', 'egp', 'payments', '-o', 'jsonpath={.status.validationMessages}')),
    );
    await answers(other, 'api.example.com', 299);
  });
});
