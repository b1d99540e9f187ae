// Everything that Envoy stops leaves a decision record, counted once, whatever the signature (security-facts 1.D), and
// outlives the Envoy that wrote it.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { keeperPod, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowsOf, repeat, sum } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const allowed = 'allowed.example';
const evil = 'evil.example';
const metadata = 'metadata.example';

describe('decision records', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let web: OutsideHttp;
  let address: string;

  before(async () => {
    address = outsideAddress(41);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    const places = [`${allowed}=${address}`, `${evil}=${address}`, `${metadata}=169.254.169.254`];
    mesh = await startMesh(scope, { up: places.flatMap((place) => ['--resolve', place]) });
    await mesh.apply(serviceEntry('allowed', { hosts: [allowed, metadata] }));
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    caller = await mesh.workload('caller');
    await until('the policy is in force', async () => (await http(evil)) === 502);
    await until('that is recorded', async () => (await blocked()).length > 0);
  });

  const http = async (host: string, headers: Readonly<Record<string, string>> = {}) =>
    (await caller.perform({ do: 'http', host: address, headers: { host, ...headers } })).status;

  /** The first bytes of the answer to these, sent as they are. */
  async function raw(bytes: string, port = 80): Promise<string> {
    const { text = '' } = await caller.perform({ do: 'tcp', host: address, port, send: bytes, expect: 12 });
    return text;
  }

  const blocked = () => decisionsOf(mesh).then((all) => all.filter(({ verdict }) => verdict === 'blocked'));
  const events = async () => sum(await blocked(), ({ count }) => count);

  const ways: readonly (readonly [signature: string, host: string, once: () => Promise<unknown>])[] = [
    ['unknown-host', evil, () => http(evil)],
    ['connect-refused', evil, () => raw(`CONNECT ${evil}:443 HTTP/1.1\r\nHost: ${evil}:443\r\n\r\n`)],
    ['upgrade-refused', allowed, () => http(allowed, { connection: 'upgrade', upgrade: 'tunnel' })],
    [
      'malformed-request',
      '',
      () => raw(`GET / HTTP/1.1\r\nHost: ${allowed}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n`),
    ],
    ['missing-host', '', () => raw('GET / HTTP/1.1\r\n\r\n')],
    ['headers-too-large', '', () => raw(`GET / HTTP/1.1\r\nHost: ${allowed}\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`)],
    ['address-refused', metadata, () => http(metadata)],
    ['unknown-sni', evil, () => caller.perform({ do: 'tls', host: address, sni: evil })],
    ['unknown-address', '', () => raw('hello', 9000)],
    // Is no HTTP to the port's listener, as in Istio.
    ['unknown-address', '', () => raw(`GET / HTTP/1.0\r\nHost: ${evil}\r\n\r\n`)],
  ];
  const times = 100;

  it('count a thousand events of all signatures once each', async () => {
    const before = await events();
    const outside = web.requests.items.length;
    for (const [, , once] of ways) await repeat(times, once);
    const decisions = await until('all are recorded', async () => {
      const all = await blocked();
      return sum(all, ({ count }) => count) >= before + ways.length * times ? all : undefined;
    });
    const expected = new Map<string, number>([['unknown-host', before]]);
    for (const [signature] of ways) expected.set(signature, (expected.get(signature) ?? 0) + times);
    const counted = new Map<string, number>();
    for (const { signature, count } of decisions) counted.set(signature, (counted.get(signature) ?? 0) + count);
    assert.deepEqual(counted, expected);
    for (const [signature, host] of ways) {
      const one = decisions.find((decision) => decision.signature === signature);
      assert.equal(one?.destination.host, host === '' ? address : host, signature);
      assert.equal(one?.source.identity, 'spiffe://cluster.local/ns/default/sa/default');
      assert.equal(one?.verdict, 'blocked');
      assert.match(one?.reason ?? '', /\w+ \w+/);
    }
    assert.equal(web.requests.items.length, outside);
    const flows = (await flowsOf(mesh)).filter(({ destination }) => destination.kind === 'blocked');
    assert.equal(
      sum(flows, ({ requests, connections }) => requests + connections),
      before + ways.length * times,
    );
  });

  it('tell the entry that was refused for its address, and the policy otherwise', async () => {
    const decisions = await blocked();
    const refused = decisions.find(({ signature }) => signature === 'address-refused');
    assert.equal(refused?.object, 'ServiceEntry/default/allowed');
    assert.equal(refused?.address, '169.254.169.254:80');
    assert.equal(decisions.find(({ signature }) => signature === 'unknown-host')?.object, 'Istio/istio-system/mesh');
  });

  it('outlive kill -9 of the Envoy, but for its last second', async () => {
    const before = await events();
    await repeat(200, () => http(evil));
    const pod = await keeperPod(mesh, 'caller');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await kill(pod?.proxy.pid ?? 0);
    await until('all are recorded', async () => (await events()) === before + 200);
    await until('the sidecar is back', async () => (await http(evil).catch(() => 0)) === 502);
    await until('what the new one stops is told too', async () => (await events()) > before + 200);
  });
});
