// What gateways do, counted to the request: what callers saw, what servers outside received, and what `traffic`, the graph
// and `/metrics` say of it agree, also when the control plane was killed in between. A flow is the sidecar's, with the
// gateway in `via`; what no proxy of the mesh sent is the gateway's own.
import assert from 'node:assert/strict';
import { get as httpGet } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { Flow } from '../../src/telemetry/flow.ts';
import type { TrafficGraph } from '../../src/telemetry/graph.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { controlPlanePid, kill } from '../support/mesh-processes.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { decisionsOf, flowsOf, flowTo, metricOf, repeat, sum } from '../support/traffic.ts';
import { until, untilFits } from '../support/until.ts';

/** Through the gateway; shifted at the sidecar; shifted behind the gateway; served by no gateway; sent nowhere. */
const hosts = { asked: 'asked.test', near: 'near.test', far: 'far.test', lost: 'lost.test', gone: 'gone.test' };
const blue = 'blue.test';
const green = 'green.test';
const front = 'front.test';
const egress = 'egress.default.svc.cluster.local';

const gateways = `
apiVersion: istio.banzaicloud.io/v1beta1
kind: MeshGateway
metadata: { name: egress, namespace: default }
spec:
  type: egress
  serviceType: ClusterIP
  ports: [{ name: http, port: 80, protocol: TCP, targetPort: 8080 }, { name: tls, port: 443, protocol: TCP, targetPort: 8443 }]
---
apiVersion: istio.banzaicloud.io/v1beta1
kind: MeshGateway
metadata: { name: ingress, namespace: default }
spec:
  type: ingress
  serviceType: LoadBalancer
  ports: [{ name: http, port: 80, protocol: TCP, targetPort: 8080 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: egress, namespace: default }
spec:
  selector: { gateway-name: egress }
  servers:
    - { port: { number: 80, name: http, protocol: HTTP }, hosts: ['*'] }
    - { port: { number: 443, name: tls, protocol: TLS }, tls: { mode: PASSTHROUGH }, hosts: ['${hosts.asked}'] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ingress, namespace: default }
spec:
  selector: { gateway-name: ingress }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['${front}'] }]
`;

const toGateway = { match: [{ gateways: ['mesh'], port: 80 }], route: [{ destination: { host: egress } }] };
const half = (host: string) => ({ destination: { host, port: { number: 80 } }, weight: 50 });

function virtualService(name: string, host: string, spec: object): string {
  const metadata = { name, namespace: 'default' };
  const body = { hosts: [host], gateways: ['mesh', 'egress'], ...spec };
  return `${JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: body })}\n---\n`;
}

const toGatewayAt80 = { ...toGateway, route: [{ destination: { host: egress, port: { number: 80 } } }] };
const atGateway = (route: readonly object[]) => ({ match: [{ gateways: ['egress'], port: 80 }], route });
const tlsTo = (gateway: string, host: string, sni: string) => ({
  match: [{ gateways: [gateway], port: 443, sniHosts: [sni] }],
  route: [{ destination: { host, port: { number: 443 } } }],
});

const routes = [
  virtualService('asked', hosts.asked, {
    http: [toGatewayAt80, atGateway([{ destination: { host: hosts.asked, port: { number: 80 } } }])],
    tls: [tlsTo('mesh', egress, hosts.asked), tlsTo('egress', hosts.asked, hosts.asked)],
  }),
  virtualService('near', hosts.near, { gateways: ['mesh'], http: [{ route: [half(blue), half(green)] }] }),
  virtualService('far', hosts.far, { http: [toGatewayAt80, atGateway([half(blue), half(green)])] }),
  virtualService('lost', hosts.lost, {
    gateways: ['mesh'],
    http: [toGatewayAt80],
    tls: [tlsTo('mesh', egress, hosts.lost)],
  }),
  virtualService('gone', hosts.gone, {
    http: [
      { match: [{ uri: { exact: '/fault' } }], fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, route: [half(blue)] },
      { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: 'nobody.default.svc.cluster.local' } }] },
    ],
  }),
  virtualService('front', front, {
    gateways: ['ingress'],
    http: [{ route: [{ destination: { host: blue, port: { number: 80 } } }] }],
  }),
].join('');

describe('traffic through gateways', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let web: OutsideHttp;
  let secure: OutsideHttp;
  let up: readonly string[];
  /** What the caller saw: by host, how often each status. */
  const seen = new Map<string, Record<string, number>>();

  before(async () => {
    const address = outsideAddress(61);
    web = await startOutsideHttp({ t: scope, address, port: 80 });
    secure = await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    up = [...Object.values(hosts), blue, green].flatMap((host) => ['--resolve', `${host}=${address}`]);
    mesh = await startMesh(scope, { up });
    await mesh.run('istio', 'outbound-traffic-policy', 'restricted');
    await mesh.apply(gateways);
    const ports = [
      { number: 80, name: 'http', protocol: 'HTTP' },
      { number: 443, name: 'tls', protocol: 'TLS' },
    ];
    const entries = [...Object.entries(hosts), ['blue', blue], ['green', green]] as const;
    await mesh.apply(entries.map(([name, host]) => serviceEntry(name, { hosts: [host], ports })).join('') + routes);
    caller = await mesh.workload('caller', { namespace: 'shop' });
    await until('the gateway serves', async () => (await get(hosts.asked)) === 200);
    await until('the rules are in force', async () => (await get(hosts.lost)) === 404 && (await get(hosts.gone)) === 503);
  });
  after(() => web?.requests.items.length);

  async function get(host: string, path = '/'): Promise<number> {
    const { status = 0 } = await caller.perform({ do: 'http', host, path });
    const statuses = seen.get(host) ?? {};
    seen.set(host, { ...statuses, [status]: (statuses[status] ?? 0) + 1 });
    return status;
  }

  /** How many the servers outside got with this Host. */
  const outside = (host: string) => web.requests.items.filter((request) => request.host === host).length;

  async function told(host: string): Promise<Flow | undefined> {
    return (await flowsOf(mesh)).find(({ destination, protocol }) => destination.host === host && protocol === 'http');
  }

  async function untilTold(host: string): Promise<Flow> {
    const expected = JSON.stringify(seen.get(host));
    const flow = await untilFits(() => told(host), (now) => JSON.stringify(now?.responses) === expected, 10_000);
    assert.deepEqual(flow?.responses, seen.get(host), host);
    assert.ok(flow);
    return flow;
  }

  async function edges(): Promise<Readonly<Record<string, number>>> {
    const response = await fetch(`http://${mesh.listen}/v1/graph?since=1h`);
    const graph: TrafficGraph = JSON.parse(await response.text());
    return Object.fromEntries(graph.edges.map(({ id, requests, connections }) => [id, requests + connections]));
  }

  const gatewayView = (host: string) =>
    metricOf(mesh, 'istio_requests_total', [
      'reporter="source"',
      'source_workload="egress"',
      `destination_service="${host}"`,
      `destination_service_name="${host}"`,
    ]);

  it('is a flow of the caller to what it asked for, and the gateway stands in its way', async () => {
    await repeat(40, () => get(hosts.asked));
    const flow = await untilTold(hosts.asked);
    assert.deepEqual(flow.source, { namespace: 'shop', workload: 'caller' });
    assert.deepEqual(flow.destination, { kind: 'external', host: hosts.asked, port: 80, serviceEntry: 'default/asked' });
    assert.deepEqual(flow.via, ['default/egress']);
    assert.equal(flow.requests, outside(hosts.asked));
    assert.deepEqual(flow.peers, []);
    await until('the gateway tells as many', async () => (await gatewayView(hosts.asked)) === flow.requests);
    const sidecarView = await metricOf(mesh, 'istio_requests_total', [
      'source_workload="caller"',
      `destination_service="${egress}"`,
      'destination_service_name="egress"',
      'destination_workload="egress"',
      'response_code="200"',
    ]);
    assert.ok(sidecarView >= flow.requests);
    assert.equal(await metricOf(mesh, 'istio_requests_total', ['source_workload="caller"', 'asked']), 0);
    assert.deepEqual(
      (await flowsOf(mesh)).filter(({ source }) => source.workload === 'egress'),
      [],
      'nothing is told twice',
    );
    assert.match(await mesh.run('traffic', 'caller', '-n', 'shop'), /KIND +VIA +PROTOCOL[^]*asked\.test:80 +external +default\/egress/);
  });

  it('agrees with the outside when the control plane is killed in between, shifted before or behind the gateway', async () => {
    const secureBefore = secure.connections.items.length;
    const part = async () => {
      await repeat(40, () => get(hosts.asked));
      await repeat(40, () => get(hosts.near));
      await repeat(40, () => get(hosts.far));
      await repeat(10, () => caller.perform({ do: 'tls', host: hosts.asked }));
    };
    await part();
    await kill(await controlPlanePid(mesh));
    await part();
    await mesh.run('up', '--detach', '--listen', mesh.listen, ...up);
    await part();

    await untilTold(hosts.asked);
    const far = await untilTold(hosts.far);
    assert.deepEqual([far.via, far.requests], [['default/egress'], 120]);
    assert.equal(secure.connections.items.length - secureBefore, 30);
    const tls = await until('connections are told', async () => {
      const flow = (await flowsOf(mesh)).find(({ protocol }) => protocol === 'tls');
      return flow !== undefined && flow.connections >= 30 && flow.open === 0 ? flow : undefined;
    });
    assert.deepEqual([tls.connections, tls.via, tls.destination.host], [30, ['default/egress'], hosts.asked]);
    assert.ok(tls.bytesSent > 0 && tls.bytesReceived > 0);
    // What was shifted at the sidecar went to those hosts; nobody was asked for under the old name.
    assert.equal(await told(hosts.near), undefined);
    const direct = await Promise.all([blue, green].map((host) => flowTo(mesh, host, 'external')));
    assert.equal(sum(direct, (flow) => flow?.requests ?? 0), 120);
    for (const [index, host] of [blue, green].entries()) {
      const behind = outside(host) - (direct[index]?.requests ?? 0);
      assert.ok(behind > 0 && behind < 120, host);
      await until(`the gateway tells ${behind} to ${host}`, async () => (await gatewayView(host)) === behind);
      assert.equal((await edges())[`workload/default/egress->external/${host}:http`], behind);
    }
    const asked = outside(hosts.asked);
    const drawn = await edges();
    assert.equal(drawn[`workload/default/egress->external/${hosts.asked}:http`], asked);
    assert.equal(drawn[`workload/default/egress->external/${hosts.asked}:tls`], 30);
    const refused = sum(Object.values(seen.get(hosts.lost) ?? {}), (count) => count);
    assert.equal(drawn['workload/shop/caller->workload/default/egress:http'], asked + 120 + refused);
    assert.equal(drawn[`workload/default/egress->external/${hosts.far}:http`], undefined);
    for (const [metric, workload, count] of [
      ['istio_tcp_connections_opened_total', 'caller', 30],
      ['istio_tcp_connections_closed_total', 'caller', 30],
      ['istio_tcp_connections_opened_total', 'egress', 30],
      ['istio_tcp_connections_closed_total', 'egress', 30],
    ] as const) {
      const labels = [`source_workload="${workload}"`, `destination_service="${workload === 'caller' ? egress : hosts.asked}"`];
      await until(`${metric} of ${workload}`, async () => (await metricOf(mesh, metric, labels)) === count);
    }
  });

  it('tells what a gateway refused as its decision, and of the caller how it ended', async () => {
    await repeat(10, () => get(hosts.lost));
    const flow = await untilTold(hosts.lost);
    assert.deepEqual([flow.via, flow.destination.kind], [['default/egress'], 'external']);
    const count = flow.requests;
    const decisions = await until('they are decisions', async () => {
      const all = (await decisionsOf(mesh)).filter(({ destination }) => destination.host === hosts.lost);
      return sum(all, (decision) => decision.count) >= count ? all : undefined;
    });
    assert.equal(sum(decisions, (decision) => decision.count), count);
    for (const { source, signature, outcome, reason, destination } of decisions) {
      assert.deepEqual([source.workload, signature, outcome.code, outcome.flags], ['egress', 'not-served', 404, 'NR']);
      assert.deepEqual(destination, { kind: 'blocked', host: hosts.lost, port: 80 });
      assert.match(reason, /no VirtualService .* \(sent by shop\/caller\)$/);
    }
    assert.equal((await edges())[`workload/default/egress->blocked/${hosts.lost}:http`], count);
    assert.equal(await gatewayBlocked(), count);

    await repeat(5, () => caller.perform({ do: 'tls', host: hosts.lost }).catch(() => undefined));
    const tls = await until('the connections are decisions', async () => {
      const all = (await decisionsOf(mesh)).filter((one) => one.destination.host === hosts.lost && one.protocol === 'tls');
      return sum(all, (decision) => decision.count) >= 5 ? all : undefined;
    });
    assert.equal(sum(tls, (decision) => decision.count), 5);
    assert.deepEqual([tls[0]?.signature, tls[0]?.destination.port, tls[0]?.source.workload], ['not-served', 443, 'egress']);
  });

  const gatewayBlocked = () =>
    metricOf(mesh, 'istio_requests_total', [
      'source_workload="egress"',
      'destination_service_name="BlackHoleCluster"',
      `destination_service="${hosts.lost}"`,
      'response_code="404"',
    ]);

  it('tells what a rule ended or led nowhere of what was asked for', async () => {
    await repeat(5, () => get(hosts.gone, '/fault'));
    await repeat(5, () => get(hosts.gone));
    const flow = await untilTold(hosts.gone);
    assert.deepEqual([flow.via, flow.destination.serviceEntry, flow.flags['FI']], [[], 'default/gone', 5]);
    assert.equal((await decisionsOf(mesh)).filter(({ destination }) => destination.host === hosts.gone).length, 0);
  });

  it('tells what came from elsewhere as the gateway’s own', async () => {
    const address = await until('the load balancer has an address', async () => {
      const { status } = JSON.parse(await mesh.run('get', 'service', 'ingress', '-o', 'json'));
      return status?.loadBalancer?.ingress?.[0]?.ip as string | undefined;
    });
    const before = outside(blue);
    const statuses: Record<string, number> = {};
    const ask = async (host: string) => {
      const status = await fromHost(address, host);
      if (host === front) statuses[status] = (statuses[status] ?? 0) + 1;
      return status;
    };
    await until('the ingress gateway serves', async () => (await ask(front)) === 200);
    await repeat(20, () => ask(front));
    await repeat(5, () => ask('unserved.test'));
    const own = async () => (await flowsOf(mesh)).filter(({ source }) => source.workload === 'ingress');
    const flows = await untilFits(own, (all) => all.length >= 2 && sum(all, (flow) => flow.requests) >= 25, 10_000);
    const served = flows.find(({ destination }) => destination.kind === 'external');
    const refused = flows.find(({ destination }) => destination.kind === 'blocked');
    assert.equal(flows.length, 2);
    assert.deepEqual([served?.destination.host, served?.via, served?.requests], [blue, [], outside(blue) - before]);
    assert.deepEqual([refused?.destination.host, refused?.responses], ['unserved.test', { 404: 5 }]);
    const decisions = (await decisionsOf(mesh)).filter(({ destination }) => destination.host === 'unserved.test');
    assert.deepEqual(
      decisions.map(({ source, reason }) => [source.workload, /sent by/.test(reason)])[0],
      ['ingress', false],
    );
  });
});

function fromHost(address: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ host: address, port: 80, headers: { host }, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', () => resolve(0));
    request.on('close', () => reject(new Error('closed')));
  });
}
