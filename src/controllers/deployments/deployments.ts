// Keeps the pods of every Deployment in step with it: makes, replaces and removes them, and writes its status. All it
// knows stands in the store, so a new control plane goes on where the last one was and nothing is done twice. What runs
// is the pod controller's matter.
import { type Deployment, deploymentKind } from '../../api/kinds/deployment.ts';
import { rolloutBounds } from '../../api/kinds/deployment-strategy.ts';
import { podKind } from '../../api/kinds/pod.ts';
import { type KubeObject, keyOf, type ObjectKey } from '../../api/object.ts';
import type { Logger } from '../../platform/log.ts';
import { GoneError, NotFoundError } from '../../store/errors.ts';
import type { ObjectStore, WatchEvent } from '../../store/store.ts';
import type { PodRuntime } from '../pods.ts';
import { createReconciler } from '../reconciler.ts';
import { buildPod, hashLabel, owningDeployment } from './deployment-pod.ts';
import { deadlineMs, deploymentStatus } from './deployment-status.ts';
import { type LogTail, reportFailure } from './failure-report.ts';
import { type PodState, podStateOf } from './pod-state.ts';
import { planRecreate, planRollingUpdate, type RolloutStep } from './rollout-plan.ts';
import { templateHash } from './template-hash.ts';

export interface DeploymentControllerOptions {
  readonly store: ObjectStore;
  readonly runtime: Pick<PodRuntime, 'pods' | 'events'>;
  readonly logTail: LogTail;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface DeploymentController {
  /** Resolves when every Deployment that was there at the start was looked at, then runs on until the signal aborts. */
  readonly ready: Promise<void>;
}

const deployments = { group: deploymentKind.group, kind: deploymentKind.kind };
const pods = { group: podKind.group, kind: podKind.kind };

export function startDeploymentController(options: DeploymentControllerOptions): DeploymentController {
  const { store, runtime, logTail, signal, log } = options;
  const reconciler = createReconciler({ reconcile, signal, log });
  const rechecks = new Map<string, NodeJS.Timeout>();
  /** Deployments whose last version has to end before the next is started. */
  const waiting = new Set<string>();
  signal.addEventListener('abort', () => {
    for (const timer of rechecks.values()) clearTimeout(timer);
  });

  async function reconcile(path: string): Promise<void> {
    clearTimeout(rechecks.get(path));
    rechecks.delete(path);
    const key = deploymentKey(path);
    const object = await store.get(key);
    const parsed = deploymentKind.schema.safeParse(object);
    const { items } = await store.list({ ...pods, namespace: key.namespace });
    const named = items.filter((item) => owningDeployment(item)?.name === key.name);
    const uid = object?.metadata.uid;
    const [own, orphans] = partition(named, (item) => owningDeployment(item)?.uid === uid);
    for (const orphan of orphans) await remove(orphan);
    if (!parsed.success) return;
    const taken = new Set(items.map(({ metadata }) => metadata.name));
    await bringUpToDate(path, parsed.data, own, taken);
  }

  async function bringUpToDate(
    path: string,
    deployment: Deployment,
    own: readonly KubeObject[],
    taken: ReadonlySet<string>,
  ): Promise<void> {
    const now = Date.now();
    const { minReadySeconds, paused, template } = deployment.spec;
    const hash = templateHash(template);
    const seconds = typeof minReadySeconds === 'number' ? minReadySeconds : 0;
    const states = own.flatMap((item) => {
      const pod = podKind.schema.safeParse(item);
      return pod.success ? [podStateOf(pod.data, seconds, now)] : [];
    });
    const [current, old] = partition(states, ({ pod }) => pod.metadata.labels?.[hashLabel] === hash);
    const failure = reportFailure(current, old, logTail);
    await writeStatus(deployment, deploymentStatus({ deployment, current, old, failure, now }));
    recheck(path, deployment, states, now);
    if (paused === true) return;
    const { create, remove: doomed } = await nextStep(path, deployment, current, old);
    for (const { pod } of doomed) await remove(pod);
    const names = new Set(taken);
    const made = Array.from({ length: create }, () => {
      const pod = buildPod(deployment, hash, names);
      names.add(pod.metadata.name);
      return pod;
    });
    if (made.length > 0) await store.apply(made);
  }

  async function nextStep(
    path: string,
    { metadata, spec }: Deployment,
    current: readonly PodState[],
    old: readonly PodState[],
  ): Promise<RolloutStep> {
    const { replicas = 1, strategy } = spec;
    waiting.delete(path);
    if (strategy?.type !== 'Recreate') {
      return planRollingUpdate({ replicas, bounds: rolloutBounds(strategy, replicas), current, old });
    }
    const known = new Set([...current, ...old].map(({ pod }) => pod.metadata.uid));
    waiting.add(path);
    const ended = (await runtime.pods()).every(
      (pod) => pod.namespace !== metadata.namespace || pod.workload !== metadata.name || known.has(pod.uid),
    );
    if (ended) waiting.delete(path);
    return planRecreate({ replicas, current, old }, ended);
  }

  async function writeStatus(deployment: Deployment, status: unknown): Promise<void> {
    await store.updateStatus(keyOf(deployment), status).catch(ignoreAbsent);
  }

  async function remove(pod: KubeObject): Promise<void> {
    await store.delete(keyOf(pod)).catch(ignoreAbsent);
  }

  /** Looks again when time alone will have changed something. */
  function recheck(path: string, deployment: Deployment, states: readonly PodState[], now: number): void {
    const times = [deadlineMs(deployment, now), ...states.map(({ recheckMs }) => recheckMs)];
    const next = Math.min(...times.flatMap((time) => (time === undefined || time === 0 ? [] : [time])));
    if (!Number.isFinite(next) || signal.aborted) return;
    clearTimeout(rechecks.get(path));
    rechecks.set(
      path,
      setTimeout(() => void reconciler.enqueue(path), next + 1),
    );
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const resourceVersion = await lookAtAll();
      try {
        for await (const { events } of store.watch([deployments, pods], resourceVersion, signal)) {
          for (const path of new Set(events.flatMap(touched))) void reconciler.enqueue(path);
        }
      } catch (error) {
        if (!(error instanceof GoneError)) throw error;
      }
    }
  }

  async function lookAtAll(): Promise<string> {
    const { items, resourceVersion } = await store.list(deployments);
    const owners = (await store.list(pods)).items.flatMap(ownerPath);
    const paths = new Set([...items.map(pathOf), ...owners]);
    const tries = [...paths].map((path) => reconciler.enqueue(path));
    void Promise.all(tries).then(() => ready.resolve());
    return resourceVersion;
  }

  async function followKeeper(): Promise<void> {
    for await (const { type } of runtime.events(signal)) {
      if (type === 'gone') for (const path of waiting) void reconciler.enqueue(path);
    }
  }

  const ready = Promise.withResolvers<void>();
  for (const task of [follow(), followKeeper()]) {
    task.catch((error: unknown) => {
      ready.reject(error);
      if (!signal.aborted) log.error({ err: error }, 'the Deployment controller stopped');
    });
  }
  return { ready: ready.promise };
}

/** Whose Deployment an event is about; a change of a Deployment's status alone is none. */
function touched(event: WatchEvent): readonly string[] {
  const { object } = event;
  if (object.kind === pods.kind) return ownerPath(object);
  const before = event.type === 'MODIFIED' ? event.previous?.metadata.generation : undefined;
  return before !== undefined && before === object.metadata.generation ? [] : [pathOf(object)];
}

function ownerPath(pod: KubeObject): readonly string[] {
  const owner = owningDeployment(pod);
  return owner === undefined ? [] : [`${pod.metadata.namespace}/${owner.name}`];
}

function pathOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function deploymentKey(path: string): ObjectKey {
  const [namespace = '', name = ''] = path.split('/');
  return { ...deployments, namespace, name };
}

function partition<T>(items: readonly T[], fits: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}
