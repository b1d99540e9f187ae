// Istio's third way out (egress control, istio-semantics 10 number 1): addresses that go around the sidecar, by the Istio
// object's includeIPRanges and excludeIPRanges. It holds for those addresses alone, changes without a restart, and is said.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, statusOf } from '../support/calls.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, keeperStatus, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { claimAddress, outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

describe('addresses that go around the sidecar', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const [around, governed] = ['around.example', 'governed.example'];
  const [address, otherAddress] = [210, 211].map((number) => `198.51.100.${number}`) as [string, string];
  /** Link-local, as the metadata of clouds. */
  const linkLocal = '169.254.169.210';
  let mesh: TestMesh;
  let caller: Workload;
  let site: OutsideHttp;
  let other: OutsideHttp;
  let raw: OutsideTcp;
  let open: OutsideTcp;
  let nowhere: OutsideHttp;

  before(async () => {
    for (const number of [210, 211]) outsideAddress(number);
    site = await startOutsideHttp({ t: scope, address, port: 80 });
    open = await startOutsideTcp({ t: scope, address, port: 7001, serve: () => undefined });
    nowhere = await startOutsideHttp({ t: scope, address: claimAddress(linkLocal), port: 80 });
    other = await startOutsideHttp({ t: scope, address: otherAddress, port: 80 });
    raw = await startOutsideTcp({ t: scope, address: otherAddress, port: 7000 });
    const rules = [`${around}=${address}`, `${governed}=${otherAddress}`];
    mesh = await startMesh(scope, { up: rules.flatMap((rule) => ['--resolve', rule]) });
    caller = await mesh.workload('caller');
    await mesh.run('istio', 'otp', 'restricted');
    await until('the policy is in force', async () => (await statusOf(caller, around)) === 502);
  });

  async function set(ranges: { readonly includeIPRanges?: string; readonly excludeIPRanges?: string }) {
    return mesh.cli('patch', 'istio', 'mesh', '-n', 'istio-system', '-p', JSON.stringify({ spec: ranges }));
  }
  const log = () => mesh.run('logs', 'caller', '-c', 'istio-proxy');
  async function reachesRaw(): Promise<boolean> {
    const before = raw.connections.items.length;
    const command = { do: 'tcp', host: otherAddress, port: 7000, send: 'x', expect: 1, timeoutMs: 2000 } as const;
    await caller.perform(command);
    return raw.connections.items.length > before;
  }
  /** Its proxy refuses it, and nothing arrives. */
  async function isGoverned(from: Workload, host: string): Promise<void> {
    const arrived = () => [site, other, nowhere].map(({ connections }) => connections.items.length);
    const before = arrived();
    assert.equal(await statusOf(from, host), 502);
    assert.deepEqual(arrived(), before);
  }

  it('are reached straight, also under REGISTRY_ONLY; setting them warns', async () => {
    const { stderr, code } = await set({ excludeIPRanges: `${address}/32` });
    assert.equal(code, 0);
    assert.match(stderr, new RegExp(`^warning: .*${address}/32 goes around the proxies: not governed, not counted`));
    await until('it goes around', async () => (await statusOf(caller, around)) === 200);
    const { status, headers } = await ask(caller, around, { path: '/straight' });
    assert.equal(status, 200);
    assert.equal(headers?.['server'], undefined);
    assert.equal(headers?.['x-envoy-upstream-service-time'], undefined);
    const request = site.requests.items.at(-1);
    assert.equal(request?.url, '/straight');
    assert.deepEqual(
      [...(request?.headers.keys() ?? [])].filter((name) => /envoy|forwarded/.test(name)),
      [],
    );
    await ask(caller, governed, { path: '/later' });
    await until('its log tells of what was governed', async () => (await log()).includes('/later'));
    assert.doesNotMatch(await log(), /straight/);
  });

  it('are those and no others: the next address is stopped as before', async () => {
    await isGoverned(caller, governed);
    assert.equal(await reachesRaw(), false);
  });

  it('are said by outbound-traffic-policy and doctor', async () => {
    const { stdout, stderr } = await mesh.cli('istio', 'outbound-traffic-policy');
    assert.equal(stdout, "mesh wide outbound traffic policy is currently set to 'REGISTRY_ONLY'\n");
    assert.match(stderr, new RegExp(`^warning: TCP to ${address}/32 goes around the proxies`, 'm'));
    const words = new RegExp(`^Istio/istio-system/mesh +lacking +TCP to ${address}/32 goes around the proxies`, 'm');
    assert.match((await mesh.cli('doctor')).stdout, words);
  });

  it('hold for a workload that comes later', async () => {
    const program = `require('http').createServer((_, answer) => answer.end('pod')).listen(8080)`;
    const late = await mesh.workload('late', { command: [process.execPath, '-e', program] });
    assert.equal(await statusOf(late, around), 200);
    await isGoverned(late, governed);
  });

  it('are all that is not included, but for the host’s and the mesh’s own', async () => {
    const pod = (await mesh.run('get', 'pod', 'late', '-o', 'jsonpath={.status.podIP}')).trim();
    await mesh.run('istio', 'otp', 'allowed');
    await until('the pod answers', async () => (await statusOf(caller, pod, { port: 8080 })) === 200);
    await mesh.run('istio', 'otp', 'restricted');
    await set({ excludeIPRanges: '', includeIPRanges: `${address}/32` });
    await until('the rest goes around', async () => (await statusOf(caller, governed)) === 200);
    await isGoverned(caller, around);
    assert.equal(await reachesRaw(), true);
    await isGoverned(caller, linkLocal);
    assert.equal(await statusOf(caller, pod, { port: 8080 }), 'ECONNRESET', 'its address would go around too');
  });

  it('are governed again at once when the Istio object says so', async () => {
    await set({ includeIPRanges: '*' });
    await until('everything is governed', async () => (await statusOf(caller, governed)) === 502);
    await isGoverned(caller, governed);
    await isGoverned(caller, around);
    assert.equal(await reachesRaw(), false);
    const { stderr } = await mesh.cli('istio', 'otp');
    assert.doesNotMatch(stderr, /goes around/);
  });

  it('are not a pod’s to say, unless the Istio object leaves it to pods; then no other pod has them', async () => {
    const ranges = `${address},169.254.0.0/16`;
    const annotations = { 'traffic.sidecar.istio.io/excludeOutboundIPRanges': ranges };
    const containers = [{ name: 'tenant', command: ['sleep', 'infinity'] }];
    const metadata = { name: 'tenant', annotations };
    const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
    await mesh.apply(pod);
    await until('it runs', async () => /tenant\s+2\/2\s+Running/.test(await mesh.run('get', 'pods')));
    const tenant = mesh.attach('tenant');
    await isGoverned(tenant, around);
    const allow = (value: string | null) =>
      mesh.run(
        'patch',
        'istio',
        'mesh',
        '-n',
        'istio-system',
        '-p',
        JSON.stringify({
          metadata: { annotations: { 'egress.sallyport.dev/allow-bypass': value } },
        }),
      );
    await allow('true');
    await until('it goes around', async () => (await statusOf(tenant, around)) === 200);
    await isGoverned(tenant, governed);
    await isGoverned(tenant, linkLocal);
    await isGoverned(caller, around);
    assert.match((await mesh.cli('istio', 'otp')).stderr, /^warning: pods may let addresses go around/m);
    await allow(null);
    await until('it is governed again', async () => (await statusOf(tenant, around)) === 502);
    await isGoverned(tenant, around);
  });

  it('stay as they are while control plane and keeper are dead, and are followed by the next ones', async () => {
    await set({ excludeIPRanges: address });
    await until('it goes around', async () => (await statusOf(caller, around)) === 200);
    await kill(await controlPlanePid(mesh));
    await kill((await keeperStatus(mesh)).pid);
    assert.equal(await statusOf(caller, address), 200);
    await isGoverned(caller, otherAddress);
    const again = await mesh.cli('up', '--detach');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await statusOf(caller, address), 200);
    await isGoverned(caller, otherAddress);
  });

  it('take what is open with them when they are governed again', async () => {
    const steps = [{ send: 'first' }, { expect: 'go' }, { send: 'second' }, { ended: true }] as const;
    const talking = caller.perform({ do: 'talk', host: address, port: 7001, steps });
    const { socket, received } = await open.connections.next();
    await received.next();
    await set({ excludeIPRanges: '' });
    await until('everything is governed', async () => (await statusOf(caller, address)) === 502);
    await isGoverned(caller, address);
    socket.write('go');
    const { text, error } = await talking;
    assert.deepEqual({ text, error }, { text: undefined, error: 'ECONNRESET' });
    assert.deepEqual(received.items.map(String), ['first'], 'nothing more arrives');
  });

  it('stay as they were where a range cannot be read: the object is refused', async () => {
    await set({ excludeIPRanges: address });
    await until('it goes around', async () => (await statusOf(caller, address)) === 200);
    const { code, stderr } = await set({ excludeIPRanges: '198.51.100' });
    assert.notEqual(code, 0);
    assert.match(stderr, /'198\.51\.100' is not a range of addresses/);
    assert.equal(await statusOf(caller, address), 200);
    await isGoverned(caller, otherAddress);
    const path = 'jsonpath={.spec.excludeIPRanges}';
    assert.equal(await mesh.run('get', 'istio', 'mesh', '-n', 'istio-system', '-o', path), address);
  });
});
