// Keeps what runs in step with the Pod objects: for each its sandbox, its own xDS socket, its Envoy and program; and
// writes back what the keeper reports. Works the same after a restart of the control plane, when the keeper already
// runs everything: only what is missing or different is told to it.
import { setTimeout as delay } from 'node:timers/promises';
import { isHostPod } from '../api/gateway-pod.ts';
import { type Pod, podKind } from '../api/kinds/pod.ts';
import { keyOf, keyString, type ObjectKey } from '../api/object.ts';
import type { Closable } from '../discovery/discovery.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Logger } from '../platform/log.ts';
import type { KeeperEvent, PodSpec, PodStatus, SandboxRequest, SandboxStatus } from '../runtime/protocol.ts';
import { NotFoundError } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { kubePodStatus } from './pod-status.ts';
import { identityOf, podSpecOf, sandboxRequestOf, type WorkloadDefaults, xdsSocketOf } from './pod-workload.ts';
import { createReconciler } from './reconciler.ts';

/** What this controller asks of the keeper. */
export interface PodRuntime {
  pods(): Promise<readonly PodStatus[]>;
  ensureSandbox(namespace: string, name: string, request: SandboxRequest): Promise<SandboxStatus>;
  putPod(namespace: string, name: string, spec: PodSpec): Promise<PodStatus>;
  deletePod(namespace: string, name: string): Promise<void>;
  events(signal: AbortSignal): AsyncIterable<KeeperEvent>;
}

export interface PodControllerOptions {
  readonly store: ObjectStore;
  readonly runtime: PodRuntime;
  /** Opens the xDS socket of one proxy. */
  readonly serveProxy: (proxy: { readonly identity: ProxyIdentity; readonly socketPath: string }) => Promise<Closable>;
  readonly defaults: WorkloadDefaults;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface ServedProxy {
  readonly identity: ProxyIdentity;
  /** Where its Envoy appends its records; undefined as long as the keeper has not told. */
  readonly recordsFile: string | undefined;
}

export interface PodController {
  /** What the keeper last said of every pod. */
  pods(): readonly PodStatus[];
  /** The proxies that are served, connected or not. */
  proxies(): readonly ServedProxy[];
  /** Resolves when every pod that was there at the start is brought up, then runs on until the signal aborts. */
  readonly ready: Promise<void>;
}

interface OpenSocket {
  readonly path: string;
  readonly server: Closable;
  readonly identity: ProxyIdentity;
}

const { group, kind } = podKind;

/**
 * With its object a pod leaves the mesh; its program runs on for so long, until the other proxies know that and what they
 * have sent is answered.
 */
const drainMs = 1_000;

export function startPodController(options: PodControllerOptions): PodController {
  const { store, runtime, serveProxy, defaults, signal, log } = options;
  const statuses = new Map<string, PodStatus>();
  const wanted = new Map<string, Pod>();
  const sockets = new Map<string, OpenSocket>();
  const reconciler = createReconciler({ reconcile, signal, log });

  async function reconcile(key: string): Promise<void> {
    const pod = wanted.get(key);
    const running = statuses.get(key);
    const { namespace, name } = parseKey(key);
    const stale = running !== undefined && running.uid !== (pod?.metadata.uid ?? '');
    if (pod === undefined || stale) await remove(key, namespace, name);
    if (pod === undefined) return;
    const sandbox = await runtime.ensureSandbox(namespace, name, sandboxRequestOf(pod));
    const spec = podSpecOf(pod, sandbox, defaults);
    if (spec === undefined) return;
    if (!isHostPod(pod)) await openSocket(key, pod, sandbox);
    await report(key, await runtime.putPod(namespace, name, spec));
  }

  async function remove(key: string, namespace: string, name: string): Promise<void> {
    const running = statuses.get(key);
    if (running?.app.ready === true) await delay(drainMs, undefined, { signal });
    if (running !== undefined) await runtime.deletePod(namespace, name);
    statuses.delete(key);
    await sockets.get(key)?.server.close();
    sockets.delete(key);
  }

  async function openSocket(key: string, pod: Pod, sandbox: SandboxStatus): Promise<void> {
    const path = xdsSocketOf(sandbox);
    const open = sockets.get(key);
    if (open?.path === path) return;
    await open?.server.close();
    const identity = identityOf(pod, sandbox);
    const server = await serveProxy({ identity, socketPath: path });
    sockets.set(key, { path, server, identity });
  }

  async function report(key: string, status: PodStatus): Promise<void> {
    statuses.set(key, status);
    const pod = wanted.get(key);
    if (pod === undefined || pod.metadata.uid !== status.uid) return;
    await store.updateStatus(podKey(status), kubePodStatus(status, pod)).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
  }

  async function followKeeper(): Promise<void> {
    for await (const event of runtime.events(signal)) {
      if (event.type === 'pod') await report(keyString(podKey(event.pod)), event.pod);
      else statuses.delete(keyString(podKey(event)));
    }
  }

  async function followStore(resourceVersion: string): Promise<void> {
    for await (const { events } of store.watch([{ group, kind }], resourceVersion, signal)) {
      for (const event of events) {
        const key = keyString(keyOf(event.object));
        const generation = 'previous' in event ? event.previous?.metadata.generation : undefined;
        if (event.type !== 'DELETED' && generation === event.object.metadata.generation) continue;
        void want(key, event.type === 'DELETED' ? undefined : event.object);
      }
    }
  }

  function want(key: string, object: unknown): Promise<void> {
    const pod = podKind.schema.safeParse(object);
    if (pod.success) wanted.set(key, podKind.withDefaults(pod.data));
    else wanted.delete(key);
    return reconciler.enqueue(key);
  }

  async function start(): Promise<void> {
    for (const status of await runtime.pods()) statuses.set(keyString(podKey(status)), status);
    const { items, resourceVersion } = await store.list({ group, kind });
    const tries = items.map((object) => want(keyString(keyOf(object)), object));
    const orphans = [...statuses.keys()].filter((key) => !wanted.has(key));
    background(followStore(resourceVersion));
    background(followKeeper());
    await Promise.all([...tries, ...orphans.map((key) => reconciler.enqueue(key))]);
  }

  function background(task: Promise<void>): void {
    task.catch((error: unknown) => {
      if (!signal.aborted) log.error({ err: error }, 'the pod controller stopped');
    });
  }

  return {
    pods: () => [...statuses.values()],
    proxies: () =>
      [...sockets].map(([key, { identity }]) => ({ identity, recordsFile: statuses.get(key)?.logs.records })),
    ready: start(),
  };
}

function podKey({ namespace, name }: { readonly namespace: string; readonly name: string }): ObjectKey {
  return { group, kind, namespace, name };
}

function parseKey(key: string): { readonly namespace: string; readonly name: string } {
  const [, , namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
