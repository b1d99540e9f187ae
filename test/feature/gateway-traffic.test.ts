// What gateways do, counted to the request: what callers saw, what servers outside received, and what `traffic`, the graph
// and `/metrics` say of it agree, also when the control plane was killed in between. A flow is the sidecar's, with the
// gateway in `via`; what no proxy of the mesh sent is the gateway's own.
import assert from 'node:assert/strict';
import { get as httpGet } from 'node:http';
import { before, describe, it } from 'node:test';
import type { Flow } from '../../src/telemetry/flow.ts';
import type { TrafficGraph } from '../../src/telemetry/graph.ts';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { egressHost, front, routed, routedMesh } from '../support/routed-mesh.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowsOf, flowTo, metricOf, repeat, sum } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

describe('traffic through gateways', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const { probe, asked, near, far, lost, gone, copied, copy, blue, green } = routed;
  let mesh: TestMesh;
  let caller: Workload;
  let web: OutsideHttp;
  let secure: OutsideHttp;
  let up: readonly string[];
  /** What callers saw: by host, how often each status. */
  const seen = new Map<string, Record<number, number>>();

  before(async () => {
    const address = outsideAddress(61);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    up = Object.values(routed).flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up });
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await mesh.apply(routedMesh);
    caller = await mesh.workload('caller', { namespace: 'shop' });
    await until('the gateway serves', async () => (await get(probe)) === 200);
  });

  function note(host: string, status: number): number {
    const statuses = seen.get(host) ?? {};
    seen.set(host, { ...statuses, [status]: (statuses[status] ?? 0) + 1 });
    return status;
  }

  async function get(host: string, path = '/'): Promise<number> {
    const { status = 0 } = await caller.perform({ do: 'http', host, path });
    return note(host, status);
  }

  const calls = (host: string) => sum(Object.values(seen.get(host) ?? {}), (count) => count);
  /** How many the server outside got with this Host. */
  const outside = (host: string) => web.requests.items.filter((request) => request.host === host).length;

  async function httpFlow(host: string): Promise<Flow | undefined> {
    return (await flowsOf(mesh)).find(({ destination, protocol }) => destination.host === host && protocol === 'http');
  }

  /** The flow, once it says what callers saw; never more. */
  async function agreed(host: string): Promise<Flow> {
    const flow = await untilFits(
      () => httpFlow(host),
      (now) => now !== undefined && now.requests >= calls(host),
    );
    assert.deepEqual(flow?.responses, seen.get(host), host);
    return flow ?? assert.fail();
  }

  /** Requests and connections, by the edges' ids. */
  async function edges(): Promise<Readonly<Record<string, number>>> {
    const response = await fetch(`http://${mesh.listen}/v1/graph?since=1h`);
    const graph: TrafficGraph = JSON.parse(await response.text());
    return Object.fromEntries(graph.edges.map(({ id, requests, connections }) => [id, requests + connections]));
  }

  const byWorkload = (metric: string, workload: string, service: string, ...labels: readonly string[]) =>
    metricOf(mesh, metric, [
      ...['reporter="source"', `source_workload="${workload}"`, `destination_service="${service}"`],
      ...labels,
    ]);
  const gatewayTold = (host: string) => byWorkload('istio_requests_total', 'egress', host);

  it('is a flow of the caller to what it asked for, and the gateway stands in its way', async () => {
    await repeat(40, () => get(asked));
    const flow = await agreed(asked);
    assert.deepEqual(flow.source, { namespace: 'shop', workload: 'caller' });
    assert.deepEqual(flow.destination, { kind: 'external', host: asked, port: 80, serviceEntry: 'default/asked' });
    assert.deepEqual([flow.via, flow.peers], [['default/egress'], []]);
    assert.equal(outside(asked), seen.get(asked)?.[200]);
    await until('the gateway tells as many', async () => (await gatewayTold(asked)) === outside(asked));
    const service = ['destination_service_name="egress"', 'destination_workload="egress"', 'response_code="200"'];
    const sidecarTold = await byWorkload('istio_requests_total', 'caller', egressHost, ...service);
    assert.equal(sidecarTold, outside(asked) + outside(probe));
    assert.equal(await byWorkload('istio_requests_total', 'caller', asked), 0);
    const gatewayOwn = (await flowsOf(mesh)).filter(({ source }) => source.workload === 'egress');
    assert.deepEqual(gatewayOwn, [], 'nothing is told twice');
    const [header = '', ...lines] = (await mesh.run('traffic', 'caller', '-n', 'shop')).split('\n');
    assert.match(header, /KIND +VIA +PROTOCOL/);
    assert.ok(lines.some((line) => /asked\.test:80 +external +default\/egress/.test(line)));
  });

  it('agrees with the outside when the control plane is killed in between, shifted before or behind the gateway', async () => {
    const part = async () => {
      for (const host of [asked, near, far]) await repeat(40, () => get(host));
      await repeat(10, () => caller.perform({ do: 'tls', host: asked }));
    };
    await part();
    await kill(await controlPlanePid(mesh));
    await part();
    await mesh.run('up', '--detach', '--listen', mesh.listen, ...up);
    await part();

    await agreed(asked);
    const shifted = await agreed(far);
    assert.deepEqual([shifted.via, shifted.requests], [['default/egress'], 120]);
    const tls = await untilFits(
      async () => (await flowsOf(mesh)).find(({ protocol }) => protocol === 'tls'),
      (flow) => flow !== undefined && flow.connections >= 30 && flow.open === 0,
    );
    assert.deepEqual([tls?.connections, tls?.via, tls?.destination.host], [30, ['default/egress'], asked]);
    assert.equal(secure.connections.items.length, 30);
    assert.ok(tls !== undefined && tls.bytesSent > 0 && tls.bytesReceived > 0);

    // What was shifted at the sidecar went to those hosts, and nothing to the one that was asked for.
    assert.equal(await httpFlow(near), undefined);
    const direct = await Promise.all([blue, green].map((host) => flowTo(mesh, host, 'external')));
    assert.equal(
      sum(direct, (flow) => flow?.requests ?? 0),
      120,
    );
    for (const [index, host] of [blue, green].entries()) {
      const behind = outside(host) - (direct[index]?.requests ?? 0);
      assert.ok(behind > 0 && behind < 120, host);
      await until(`the gateway tells ${behind} to ${host}`, async () => (await gatewayTold(host)) === behind);
      assert.equal((await edges())[`workload/default/egress->external/${host}:http`], behind);
    }
    for (const [workload, service] of [
      ['caller', egressHost],
      ['egress', asked],
    ] as const)
      for (const moment of ['opened', 'closed']) {
        const metric = `istio_tcp_connections_${moment}_total`;
        await until(`${metric} of ${workload}`, async () => (await byWorkload(metric, workload, service)) === 30);
      }
    const drawn = await edges();
    assert.equal(drawn[`workload/default/egress->external/${asked}:http`], outside(asked));
    assert.equal(drawn[`workload/default/egress->external/${asked}:tls`], 30);
    assert.equal(drawn[`workload/default/egress->external/${far}:http`], undefined);
    const probes = (await flowsOf(mesh)).filter(({ destination, via }) => destination.host === probe && via.length > 0);
    const passed = calls(asked) + calls(far) + sum(probes, (flow) => flow.requests);
    assert.equal(drawn['workload/shop/caller->workload/default/egress:http'], passed);
  });

  it('tells what a gateway refused as its decision, and of the caller how it ended', async () => {
    await repeat(10, () => get(lost));
    const flow = await agreed(lost);
    assert.deepEqual([flow.via, flow.destination.kind], [['default/egress'], 'external']);
    const refusals = async (protocol: string) =>
      (await decisionsOf(mesh)).filter((one) => one.destination.host === lost && one.protocol === protocol);
    const count = async (protocol: string) => sum(await refusals(protocol), (decision) => decision.count);
    const refused = seen.get(lost)?.[404] ?? 0;
    assert.equal(
      await untilFits(
        () => count('http'),
        (now) => now >= refused,
      ),
      refused,
    );
    for (const { source, signature, outcome, reason, destination } of await refusals('http')) {
      assert.deepEqual([source.workload, signature, outcome.code, outcome.flags], ['egress', 'not-served', 404, 'NR']);
      assert.deepEqual(destination, { kind: 'blocked', host: lost, port: 80 });
      assert.match(reason, /no VirtualService .* \(sent by shop\/caller\)$/);
    }
    assert.equal((await edges())[`workload/default/egress->blocked/${lost}:http`], refused);
    const blocked = ['destination_service_name="BlackHoleCluster"', 'response_code="404"'];
    assert.equal(await byWorkload('istio_requests_total', 'egress', lost, ...blocked), refused);

    await repeat(5, () => caller.perform({ do: 'tls', host: lost }).catch(() => undefined));
    assert.equal(
      await untilFits(
        () => count('tls'),
        (now) => now >= 5,
      ),
      5,
    );
    const [tls] = await refusals('tls');
    assert.deepEqual([tls?.signature, tls?.destination.port, tls?.source.workload], ['not-served', 443, 'egress']);
  });

  it('tells what a rule ended, or led nowhere, of what was asked for', async () => {
    await repeat(5, () => get(gone, '/fault'));
    await repeat(5, () => get(gone));
    const flow = await agreed(gone);
    assert.deepEqual([flow.via, flow.destination.serviceEntry, flow.flags['FI']], [[], 'default/gone', 5]);
    assert.deepEqual(
      (await decisionsOf(mesh)).filter(({ destination }) => destination.host === gone),
      [],
    );
  });

  it('tells what came from elsewhere as the gateway’s own', async () => {
    const address = await until('the load balancer has an address', async () => {
      const address = await mesh.run(
        'get',
        'service',
        'ingress',
        '-o',
        'jsonpath={.status.loadBalancer.ingress[0].ip}',
      );
      return address.trim() || undefined;
    });
    const before = outside(blue);
    await until('the ingress gateway serves', async () => note(front, await fromHost(address, front)) === 200);
    await repeat(20, async () => note(front, await fromHost(address, front)));
    const served = outside(blue) - before;
    await repeat(5, () => fromHost(address, 'unserved.test'));
    const own = async () => (await flowsOf(mesh)).filter(({ source }) => source.workload === 'ingress');
    const counts = async () =>
      (await own()).map(({ destination: { kind, host }, via, requests }) => [kind, host, via, requests]);
    const expected = [
      ['blocked', 'unserved.test', [], 5],
      ['external', blue, [], served],
    ];
    // Until its configuration was there, requests may have been refused.
    const all = async () => (await counts()).filter(([, host]) => host !== front);
    assert.deepEqual(await untilFits(all, (now) => JSON.stringify(now) === JSON.stringify(expected)), expected);
    const refusals = (await decisionsOf(mesh)).filter(({ destination }) => destination.host === 'unserved.test');
    assert.equal(
      sum(refusals, (decision) => decision.count),
      5,
    );
    for (const { source, reason } of refusals) {
      assert.equal(source.workload, 'ingress');
      assert.doesNotMatch(reason, /sent by/);
    }
    assert.equal((await edges())[`workload/default/ingress->external/${blue}:http`], served);
  });

  it('sends copies as flows of its own, without a word of the caller', async () => {
    await repeat(10, () => get(copied));
    await until('all copies are there', () => Promise.resolve(outside(copy) === 10));
    const copies = web.requests.items.filter(({ host }) => host === copy);
    const telling = copies.flatMap(({ headers }) => [...headers.keys()].filter((name) => name.startsWith('x-')));
    assert.deepEqual(telling, []);
    await agreed(copied);
    const own = async () => (await flowsOf(mesh)).filter(({ destination }) => destination.host === copy);
    await until('the gateway tells them', async () => sum(await own(), ({ requests }) => requests) >= 10);
    assert.deepEqual(
      (await own()).map(({ source, requests }) => [source.workload, requests]),
      [['egress', 10]],
    );
  });
});

/** The status; 0 where nobody answers. */
function fromHost(address: string, host: string): Promise<number> {
  return new Promise((resolve) => {
    httpGet({ host: address, port: 80, headers: { host }, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', () => resolve(0));
  });
}
