// Traffic counted to the request: what callers saw, what servers outside received, and what `traffic`, `/metrics` and a
// real Prometheus say of it, also when the control plane was killed in between (product-facts 7, 9, 10, 16, 29, 62–66).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { flowTo, metricOf, repeat } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const registered = 'registered.example';
const unknown = 'unknown.example';

describe('traffic', needs('root', 'iproute2', 'firewall', 'prometheus'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let web: OutsideHttp;
  let secure: OutsideHttp;
  let prometheus: Prometheus;
  let up: readonly string[];

  before(async () => {
    const address = outsideAddress(40);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    up = [registered, unknown].flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up });
    prometheus = await startPrometheus({ t: scope, scrape: [{ job: 'mesh', target: mesh.listen }] });
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    await mesh.apply(serviceEntry('registered', { hosts: [registered], ports }));
    caller = await mesh.workload('caller', { namespace: 'shop' });
  });

  const get = (host: string) => caller.perform({ do: 'http', host });
  const handshake = (host: string) => caller.perform({ do: 'tls', host });

  async function promised(query: string): Promise<number> {
    return (await prometheus.query(query))[0]?.value ?? 0;
  }

  it('that leaves unregistered is named by its host, and what is registered by its entry', async () => {
    await repeat(20, () => get(unknown));
    await repeat(30, () => get(registered));
    await until('both are counted', async () => {
      const passed = await flowTo(mesh, unknown, 'passthrough');
      const external = await flowTo(mesh, registered, 'external');
      return passed?.requests === 20 && external?.requests === 30;
    });
    const external = await flowTo(mesh, registered, 'external');
    assert.deepEqual(external?.source, { namespace: 'shop', workload: 'caller' });
    assert.deepEqual(external?.destination, {
      kind: 'external',
      host: registered,
      port: 80,
      serviceEntry: 'default/registered',
    });
    assert.deepEqual(external?.responses, { 200: 30 });
    assert.equal(web.requests.items.length, 50);
    for (const [host, count] of [
      [registered, 30],
      [unknown, 20],
    ] as const) {
      for (const size of ['istio_request_bytes_count', 'istio_response_bytes_count']) {
        const sizes = () => metricOf(mesh, size, [`destination_service="${host}"`, 'response_code="200"']);
        await until(`${size} of ${host} is ${count}`, async () => (await sizes()) === count);
      }
    }
    const labels = [`destination_service="${unknown}"`, 'destination_service_name="PassthroughCluster"'];
    assert.equal(await metricOf(mesh, 'istio_requests_total', labels), 20);
  });

  it('agrees with the outside to the request when the control plane is killed in between', async () => {
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await until('the policy is in force', async () => (await get(unknown)).status === 502);
    const blockedBefore = (await until('that is counted', () => flowTo(mesh, unknown, 'blocked'))).requests;
    const seenBefore = web.requests.items.length;
    const tlsBefore = secure.connections.items.length;
    const part = async () => {
      await repeat(60, () => get(registered));
      await repeat(40, () => get(unknown));
      await repeat(15, () => handshake(registered));
      await repeat(10, () => handshake(unknown).catch(() => undefined));
    };
    await part();
    await kill(await controlPlanePid(mesh));
    await part();
    await mesh.run('up', '--detach', '--listen', mesh.listen, ...up);
    await part();
    assert.equal(web.requests.items.length - seenBefore, 180);
    assert.equal(secure.connections.items.length - tlsBefore, 45);
    const counted = await until('all is counted', async () => {
      const external = await flowTo(mesh, registered, 'external');
      const blocked = await flowTo(mesh, unknown, 'blocked');
      return external !== undefined && (blocked?.requests ?? 0) >= blockedBefore + 120
        ? { external, blocked }
        : undefined;
    });
    assert.equal(counted.blocked?.requests, blockedBefore + 120);
    assert.deepEqual(counted.blocked?.responses, { 502: blockedBefore + 120 });
    const arrived = web.requests.items.filter(({ host }) => host === registered).length;
    const expected = [
      [`istio_requests_total`, [`destination_service="${registered}"`], arrived],
      [
        'istio_requests_total',
        [`destination_service="${unknown}"`, 'destination_service_name="BlackHoleCluster"', 'response_code="502"'],
        blockedBefore + 120,
      ],
      ['istio_tcp_connections_opened_total', [`destination_service="${registered}"`], 45],
      ['istio_tcp_connections_closed_total', [`destination_service="${registered}"`], 45],
      [
        'istio_tcp_connections_closed_total',
        [`destination_service="${unknown}"`, 'destination_service_name="BlackHoleCluster"'],
        30,
      ],
    ] as const;
    for (const [metric, labels, value] of expected) {
      await until(`${metric}{${labels}} is ${value}`, async () => (await metricOf(mesh, metric, labels)) === value);
      const query = `sum(${metric}{${labels.join(',')}})`;
      await until(`Prometheus says that ${query} is ${value}`, async () => (await promised(query)) === value);
    }
  });

  it('over TLS is shown without method, path and status, as TCP in metrics', async () => {
    const flows = await mesh.run('traffic', '--since', '1h', '-o', 'json');
    const tls = JSON.parse(flows).flows.filter((flow: { protocol: string }) => flow.protocol === 'tls');
    assert.equal(tls.length, 2);
    for (const { responses, requests } of tls) assert.deepEqual([responses, requests], [{}, 0]);
    assert.equal(await metricOf(mesh, 'istio_requests_total', ['request_protocol="tcp"']), 0);
  });

  it('is an alert away: what was stopped has its source and its host in Prometheus', async () => {
    const [sample] = await prometheus.query(
      'sum by (source_workload, destination_service) (istio_requests_total{destination_service_name="BlackHoleCluster"})',
    );
    assert.deepEqual(sample?.labels, { source_workload: 'caller', destination_service: unknown });
  });
});
