// The gateways' controllers on a real store, with a hand that plays those who run pods and give addresses.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { until } from '../../../../test/support/until.ts';
import { type Deployment, deploymentKind } from '../../../api/kinds/deployment.ts';
import { type Istio, istioKind } from '../../../api/kinds/istio.ts';
import { type MeshGateway, meshGatewayKind } from '../../../api/kinds/mesh-gateway.ts';
import { type Service, serviceKind } from '../../../api/kinds/service.ts';
import { type KubeObject, keyOf, type ObjectKey } from '../../../api/object.ts';
import { type LocalStore, openLocalStore } from '../../../store/local/local-store.ts';
import { assignClusterIps } from '../../cluster-ip.ts';
import { startGatewayControllers } from '../gateway-controllers.ts';

export interface TestGateways {
  readonly store: LocalStore;
  gateway(name?: string, namespace?: string): Promise<MeshGateway>;
  istio(name?: string): Promise<Istio>;
  deployment(name?: string, namespace?: string): Promise<Deployment>;
  service(name?: string, namespace?: string): Promise<Service>;
  /** Says that all pods of the Deployment are ready, or so many. */
  ready(name?: string, namespace?: string, count?: number): Promise<void>;
  /** Gives the Service of a gateway its load balancer. */
  balance(ingress: readonly { readonly ip?: string; readonly hostname?: string }[], name?: string): Promise<void>;
  /** Until the gateway's status is this: `Available`, `Reconciling 0 of 1 pods are ready`. */
  untilStatus(status: string | RegExp, name?: string, namespace?: string): Promise<MeshGateway>;
  untilIstio(status: string | RegExp, name?: string): Promise<Istio>;
  /** What the last write of all made it. */
  version(): Promise<string>;
  /** Ends the controllers as a crash does, and starts the next ones; all gateways are looked at once. */
  restart(): Promise<void>;
}

export function keyIn(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  namespace: string,
): ObjectKey {
  return { group: kind.group, kind: kind.kind, namespace, name };
}

export async function startGateways(t: TestContext, objects: readonly KubeObject[]): Promise<TestGateways> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gateways-'));
  const store = await openLocalStore({ file: join(folder, 'store.db') });
  const test = new AbortController();
  let life = new AbortController();
  const addresses = assignClusterIps(store, test.signal);
  t.after(async () => {
    life.abort();
    test.abort();
    await addresses;
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    life = new AbortController();
    await startGatewayControllers({ store, signal: life.signal, log: pino({ level: 'silent' }) }).ready;
  }

  const self: TestGateways = {
    store,
    gateway: async (name = 'echo-ingress', namespace = 'default') =>
      meshGatewayKind.schema.parse(await store.get(keyIn(meshGatewayKind, name, namespace))),
    istio: async (name = 'mesh') => istioKind.schema.parse(await store.get(keyIn(istioKind, name, 'istio-system'))),
    deployment: async (name = 'echo-ingress', namespace = 'default') =>
      deploymentKind.schema.parse(await store.get(keyIn(deploymentKind, name, namespace))),
    service: async (name = 'echo-ingress', namespace = 'default') =>
      serviceKind.schema.parse(await store.get(keyIn(serviceKind, name, namespace))),
    async ready(name, namespace, count) {
      const deployment = await until('a Deployment', () => self.deployment(name, namespace));
      const readyReplicas = count ?? deployment.spec.replicas ?? 1;
      await store.updateStatus(keyOf(deployment), { ...deployment.status, readyReplicas });
    },
    async balance(ingress, name) {
      const service = await until('a Service', () => self.service(name));
      await store.updateStatus(keyOf(service), { loadBalancer: { ingress } });
    },
    untilStatus: (status, name, namespace) =>
      until(`${status}`, async () => {
        const gateway = await self.gateway(name, namespace);
        return says(gateway.status, status) && gateway;
      }),
    untilIstio: (status, name) =>
      until(`${status}`, async () => {
        const istio = await self.istio(name);
        return says(istio.status, status) && istio;
      }),
    version: async () => (await store.list({ group: '', kind: 'Namespace' })).resourceVersion,
    async restart() {
      life.abort();
      await start();
    },
  };
  if (objects.length > 0) await store.apply(objects);
  await start();
  return self;
}

function says(status: MeshGateway['status'], wanted: string | RegExp): boolean {
  const { Status = '', ErrorMessage = '' } = status ?? {};
  const text = ErrorMessage === '' ? Status : `${Status} ${ErrorMessage}`;
  return typeof wanted === 'string' ? text === wanted : wanted.test(text);
}
