// Gives every Service of type LoadBalancer its address: tells the keeper of the ready pods behind it, as the mesh selects
// them, and writes into the Service's status where it answers. What the keeper has and nobody wants any more is removed,
// also what went while no control plane was there.
import { type Pod, podKind } from '../api/kinds/pod.ts';
import { type Service, serviceKind } from '../api/kinds/service.ts';
import type { KubeObject, ObjectKey } from '../api/object.ts';
import { matchesLabels } from '../mesh/selector.ts';
import { serviceSelector, translateService } from '../mesh/translate-service.ts';
import { translatePod } from '../mesh/workload.ts';
import type { Logger } from '../platform/log.ts';
import type { LoadBalancerPort, LoadBalancerSpec, LoadBalancerStatus } from '../runtime/protocol.ts';
import { GoneError, NotFoundError } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { createReconciler } from './reconciler.ts';
import { createServicePods, type ServicePods } from './service-pods.ts';

/** What this controller asks of the keeper. */
export interface LoadBalancerRuntime {
  loadBalancers(): Promise<readonly { readonly namespace: string; readonly name: string }[]>;
  putLoadBalancer(namespace: string, name: string, spec: LoadBalancerSpec): Promise<LoadBalancerStatus>;
  deleteLoadBalancer(namespace: string, name: string): Promise<void>;
}

export interface LoadBalancerControllerOptions {
  readonly store: ObjectStore;
  readonly runtime: LoadBalancerRuntime;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface LoadBalancerController {
  /** Resolves when every one that was there at the start was looked at, then runs on until the signal aborts. */
  readonly ready: Promise<void>;
}

const services = { group: serviceKind.group, kind: serviceKind.kind };
const pods = { group: podKind.group, kind: podKind.kind };

export function startLoadBalancerController(options: LoadBalancerControllerOptions): LoadBalancerController {
  const { store, runtime, signal, log } = options;
  const reconciler = createReconciler({ reconcile, signal, log });
  let known: ServicePods = createServicePods();
  /** What the keeper was last told of each; '' for one of an earlier control plane. */
  const told = new Map<string, string>();
  const statuses = new Map<string, LoadBalancerStatus>();

  async function reconcile(path: string): Promise<void> {
    const service = known.service(path);
    const { namespace, name } = keyOf(path);
    if (service?.spec.type !== 'LoadBalancer') {
      if (told.has(path)) await runtime.deleteLoadBalancer(namespace, name);
      told.delete(path);
      statuses.delete(path);
      if (service?.status?.loadBalancer?.ingress !== undefined) await writeStatus(path, service, {});
      return;
    }
    const spec = loadBalancerSpec(service, known);
    const text = JSON.stringify(spec);
    if (told.get(path) !== text) {
      statuses.set(path, await runtime.putLoadBalancer(namespace, name, spec));
      told.set(path, text);
    }
    const status = statuses.get(path);
    if (status !== undefined) await writeStatus(path, service, { ingress: [ingressOf(status, spec.ports)] });
  }

  async function writeStatus(path: string, service: Service, loadBalancer: object): Promise<void> {
    await store.updateStatus(keyOf(path), { ...service.status, loadBalancer }).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
  }

  async function follow(): Promise<void> {
    for (const { namespace, name } of await runtime.loadBalancers()) told.set(`${namespace}/${name}`, '');
    while (!signal.aborted) {
      const resourceVersion = await lookAtAll();
      try {
        for await (const { events } of store.watch([services, pods], resourceVersion, signal)) {
          const touched = new Set<string>();
          for (const { type, object } of events) for (const path of take(object, type === 'DELETED')) touched.add(path);
          for (const path of touched) void reconciler.enqueue(path);
        }
      } catch (error) {
        if (!(error instanceof GoneError)) throw error;
      }
    }
  }

  async function lookAtAll(): Promise<string> {
    known = createServicePods();
    const { items, resourceVersion } = await store.list(services);
    for (const object of [...items, ...(await store.list(pods)).items]) take(object, false);
    const tries = [...known.paths(), ...told.keys()].map((path) => reconciler.enqueue(path));
    void Promise.all(tries).then(() => ready.resolve());
    return resourceVersion;
  }

  /** Of the Services that may look different now. */
  function take(object: KubeObject, isGone: boolean): readonly string[] {
    return object.kind === pods.kind ? known.takePod(object, isGone) : known.takeService(object, isGone);
  }

  const ready = Promise.withResolvers<void>();
  follow().catch((error: unknown) => {
    ready.reject(error);
    if (!signal.aborted) log.error({ err: error }, 'the load balancer controller stopped');
  });
  return { ready: ready.promise };
}

function loadBalancerSpec(service: Service, known: ServicePods): LoadBalancerSpec {
  const { metadata } = service;
  const selector = serviceSelector(service);
  const pods = [...known.pods(metadata.namespace ?? 'default')];
  const isChosen = (pod: Pod) => selector !== undefined && matchesLabels(selector, pod.metadata.labels ?? {});
  const workloads = pods.filter(isChosen).map(translatePod);
  const { ports, endpoints } = translateService(service, { workloads });
  return {
    uid: metadata.uid ?? '',
    ports: ports.map(({ number, name }) => ({
      port: number,
      targets: endpoints
        .flatMap(({ address, ports: targets }) => {
          const port = targets.get(name);
          return port === undefined ? [] : [{ address, port }];
        })
        .sort((a, b) => (a.address < b.address ? -1 : 1)),
    })),
  };
}

/** core/v1 LoadBalancerIngress. Its ports are told where one of them is served elsewhere. */
function ingressOf({ address, mappedPorts }: LoadBalancerStatus, ports: readonly LoadBalancerPort[]): object {
  if (mappedPorts.length === 0) return { ip: address };
  const servedAt = new Map(mappedPorts.map((mapped) => [mapped.port, mapped.servedAt]));
  return { ip: address, ports: ports.map(({ port }) => ({ port: servedAt.get(port) ?? port, protocol: 'TCP' })) };
}

function keyOf(path: string): ObjectKey & { readonly namespace: string } {
  const [namespace = '', name = ''] = path.split('/');
  return { ...services, namespace, name };
}
