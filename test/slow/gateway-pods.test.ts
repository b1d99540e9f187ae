// Gateways as pods of a Deployment, and the load balancer before them, in both captures: real Envoys with a view that a hand
// wrote, the controllers on a real store and a real keeper. A rollout under load loses nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startDeploymentController } from '../../src/controllers/deployments/deployments.ts';
import { startLoadBalancerController } from '../../src/controllers/load-balancers.ts';
import { startPodController } from '../../src/controllers/pods.ts';
import { createDiscovery, type Discovery } from '../../src/discovery/discovery.ts';
import { anyOf } from '../../src/envoy/any.ts';
import { buildGatewayListener } from '../../src/envoy/gateway-listener.ts';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { StdoutAccessLogSchema } from '../../src/envoy/gen/envoy/extensions/access_loggers/stream/v3/stream_pb.js';
import { RouterSchema } from '../../src/envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { HttpConnectionManagerSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { systemCode } from '../../src/platform/errors.ts';
import { stopEverything } from '../../src/runtime/keeper/stop-everything.ts';
import { keptMesh } from '../../src/runtime/keeper/testing/kept-mesh.ts';
import type { KeeperStatus, PodStatus } from '../../src/runtime/protocol.ts';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { silentLog } from '../support/discovery.ts';
import { type HostState, hostState } from '../support/host-state.ts';
import { createMemoryView, memoryViews, resourceOf } from '../support/memory-view.ts';
import { needs } from '../support/requires.ts';
import { until, untilFits } from '../support/until.ts';

const namespace = 'istio-system';
const name = 'istio-ingressgateway';
const labels = { app: name, 'gateway-name': 'ingress' };
const port = 8080;
/** What the load balancer serves. */
const frontPort = 18_080;

/** Answers every request, and logs its caller. */
function listener(capture: KeeperStatus['capture']) {
  const format = '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:PATH)%\n';
  const manager = anyOf(HttpConnectionManagerSchema, {
    statPrefix: 'gateway',
    accessLog: [
      {
        name: 'lines',
        configType: {
          case: 'typedConfig',
          value: anyOf(StdoutAccessLogSchema, {
            accessLogFormat: {
              case: 'logFormat',
              value: {
                format: { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value: format } } },
              },
            },
          }),
        },
      },
    ],
    httpFilters: [{ name: 'router', configType: { case: 'typedConfig', value: anyOf(RouterSchema, {}) } }],
    routeSpecifier: {
      case: 'routeConfig',
      value: {
        virtualHosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              {
                match: { pathSpecifier: { case: 'prefix', value: '/' } },
                action: {
                  case: 'directResponse',
                  value: { status: 200, body: { specifier: { case: 'inlineString', value: 'served' } } },
                },
              },
            ],
          },
        ],
      },
    },
  });
  const built = buildGatewayListener({
    name: `0.0.0.0_${port}`,
    bind: capture === 'redirect' ? { port } : 'internal',
    tlsChains: [],
    plainChain: { name: 'http', filters: [{ name: 'http', configType: { case: 'typedConfig', value: manager } }] },
    accessLog: [],
  });
  return resourceOf(ListenerSchema, built.name, built);
}

function deployment(version: string, replicas: number) {
  const containers = [
    { name: 'istio-proxy', args: ['proxy', 'router', '--domain', 'x'], ports: [{ name: 'http', containerPort: port }] },
  ];
  const annotations = { 'sidecar.istio.io/inject': 'false', version };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: { containers } },
    },
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { type: 'LoadBalancer', selector: labels, ports: [{ name: 'http', port: frontPort, targetPort: 'http' }] },
};

function connectionTo(address: string, at: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(at, address, () => resolve('open'));
    socket.on('connect', () => socket.destroy());
    socket.on('error', (error) => resolve(systemCode(error) ?? 'failed'));
  });
}

function ask(address: string, at: number, path: string, agent?: Agent): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: address, port: at, path, agent: agent ?? false }, (response) => {
      response.resume();
      response.on('end', () => resolve(`${response.statusCode}`));
    });
    request.on('error', (error) => resolve(systemCode(error) ?? error.message));
  });
}

for (const capture of ['redirect', 'proxy'] as const) {
  const options = capture === 'redirect' ? needs('root', 'iproute2', 'firewall') : {};
  describe(`gateway pods with ${capture} capture`, options, () => {
    const mesh = keptMesh(capture);
    const life = new AbortController();
    let store: ObjectStore;
    let discovery: Discovery;

    let untouched: HostState;

    before(async () => {
      untouched = hostState();
      await mesh.keeper();
      store = await openLocalStore({ file: join(mesh.folder.path, 'store.db') });
      const view = createMemoryView();
      view.change({ listener: { set: [listener(capture)] } });
      discovery = createDiscovery({ views: memoryViews(view), bootId: 'boot', log: silentLog });
      const common = { store, runtime: mesh.client, signal: life.signal, log: silentLog };
      await startPodController({
        ...common,
        serveProxy: (proxy) => discovery.serveProxy(proxy),
        defaults: {
          env: {},
          user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: [] },
          envoyArgs: [],
          countedScopes: [],
          listeners: { outbound: 'unused', inbound: 'unused', gateway: (number) => `0.0.0.0_${number}` },
        },
      }).ready;
      await startDeploymentController({ ...common, logTail: () => [] }).ready;
      await startLoadBalancerController(common).ready;
    });
    after(async () => {
      life.abort();
      await discovery?.close();
      await store?.close();
      await mesh.remove();
    });

    async function readyGateways(count: number): Promise<readonly PodStatus[]> {
      return untilFits(
        () => mesh.client.pods(),
        (pods) => pods.length === count && pods.every(({ app, proxy }) => app.ready && proxy.ready),
        40_000,
      );
    }

    async function addressOfService(): Promise<string> {
      const key = { group: '', kind: 'Service', namespace, name };
      return until('the Service has an address', async () => {
        const status = (await store.get(key))?.['status'];
        return /"ip":"([^"]+)"/.exec(JSON.stringify(status ?? {}))?.[1];
      });
    }

    async function readyPods(): Promise<readonly string[]> {
      const { items } = await store.list({ group: '', kind: 'Pod' });
      return items.flatMap((pod) => {
        const { containerStatuses } = JSON.parse(JSON.stringify(pod['status'] ?? {}));
        return [
          JSON.stringify(containerStatuses?.map((one: { name: string; ready: boolean }) => [one.name, one.ready])),
        ];
      });
    }

    it('is its Envoy alone: ready when that is, answering on its ports, known as a router', async () => {
      await store.apply([deployment('1', 1), service]);
      const [pod] = await readyGateways(1);
      assert.ok(pod !== undefined);
      await until('the pod is ready', async () => (await readyPods()).join() === '[["istio-proxy",true]]');
      await until('it answers', async () => (await ask(pod.podIP, port, '/first')) === '200');
      assert.equal(await connectionTo(pod.podIP, 15_001), 'ECONNREFUSED');
      assert.equal(await connectionTo(pod.podIP, port + 1), 'ECONNREFUSED');
      const [proxy] = discovery.proxies();
      assert.equal(proxy?.proxy.type, 'router');
      assert.equal(proxy?.proxy.nodeId, `router~${pod.podIP}~${pod.name}.${namespace}~${namespace}.svc.cluster.local`);
      assert.equal(proxy?.proxy.workload, name);
    });

    it('tells what passed through it as its log, with the caller’s address, and runs no commands', async () => {
      const [pod] = await readyGateways(1);
      assert.ok(pod !== undefined);
      assert.equal(pod.logs.app, pod.logs.access);
      const log = await untilFits(
        () => readFileSync(pod.logs.app, 'utf8'),
        (text) => text.includes('/first'),
      );
      const hostIP = `${pod.proxyIP.slice(0, pod.proxyIP.lastIndexOf('.') + 1)}6`;
      assert.match(log, new RegExp(`^${capture === 'redirect' ? hostIP : '127.0.0.1'} /first$`, 'm'));
      await assert.rejects(mesh.client.execPlan(namespace, pod.name), {
        code: 'SP_BAD_REQUEST',
        message: `${pod.name} in namespace ${namespace} is a gateway: its only process is an Envoy, which runs no commands`,
      });
    });

    it('answers behind the Service’s address, and a rollout under load loses no request', async (t) => {
      await store.apply([deployment('1', 2)]);
      const before = await readyGateways(2);
      const address = await addressOfService();
      await until('it answers', async () => (await ask(address, frontPort, '/front')) === '200');
      const agent = new Agent({ keepAlive: true, maxSockets: 4 });
      t.after(() => agent.destroy());
      const outcomes = new Map<string, number>();
      let done = false;
      const load = Array.from({ length: 4 }, async () => {
        while (!done) {
          const outcome = await ask(address, frontPort, '/load', agent);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          await delay(2);
        }
      });
      await store.apply([deployment('2', 2)]);
      const old = new Set(before.map(({ uid }) => uid));
      await untilFits(
        () => mesh.client.pods(),
        (pods) => pods.length === 2 && pods.every(({ uid, app }) => app.ready && !old.has(uid)),
        60_000,
      );
      done = true;
      await Promise.all(load);
      assert.deepEqual([...outcomes.keys()], ['200'], JSON.stringify([...outcomes]));
      assert.ok((outcomes.get('200') ?? 0) > 1000, JSON.stringify([...outcomes]));
      assert.equal(await addressOfService(), address);
    });

    it('outlives the keeper, whose next one goes on with it; without a pod it refuses', async () => {
      const address = await addressOfService();
      const before = await readyGateways(2);
      process.kill((await mesh.keeper()).pid, 'SIGKILL');
      if (capture === 'redirect') assert.equal(await ask(address, frontPort, '/alone'), '200');
      await mesh.keeper();
      assert.equal(await ask(address, frontPort, '/again'), '200');
      const pids = (pods: readonly PodStatus[]) => pods.map(({ proxy }) => proxy.pid).toSorted();
      assert.deepEqual(pids(await readyGateways(2)), pids(before));
      await store.apply([deployment('2', 0)]);
      await until('it is refused', async () => (await ask(address, frontPort, '/gone')) === 'ECONNREFUSED');
      await readyGateways(0);
    });

    it('leaves nothing on the host, though the keeper died', async () => {
      const address = await addressOfService();
      life.abort();
      process.kill((await mesh.keeper()).pid, 'SIGKILL');
      await stopEverything(mesh.folder);
      assert.deepEqual(hostState(), untouched);
      assert.match(await connectionTo(address, frontPort), /^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)$/);
    });
  });
}
