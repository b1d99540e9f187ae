// The Deployment controller on a real store, with a hand that plays the keeper and the pod controller: it says of each pod
// how it does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { until } from '../../../../test/support/until.ts';
import { type Deployment, deploymentKind } from '../../../api/kinds/deployment.ts';
import { type Pod, podKind } from '../../../api/kinds/pod.ts';
import { type KubeObject, keyOf, type ObjectKey } from '../../../api/object.ts';
import type { KeeperEvent, PodStatus } from '../../../runtime/protocol.ts';
import { openLocalStore } from '../../../store/local/local-store.ts';
import type { ObjectStore } from '../../../store/store.ts';
import { startDeploymentController } from '../deployments.ts';

export interface TestController {
  readonly store: ObjectStore;
  /** Pods that the keeper says it runs. */
  readonly running: Map<string, Pick<PodStatus, 'namespace' | 'name' | 'workload' | 'uid'>>;
  /** What programs wrote. */
  readonly logs: Map<string, readonly string[]>;
  pods(): Promise<readonly Pod[]>;
  deployment(name?: string): Promise<Deployment>;
  /** Gives a pod its status. */
  report(pod: Pod, status: unknown): Promise<void>;
  /** Tells that the keeper has ended a pod. */
  ended(name: string): void;
  /** Until as many pods are there as wanted, and `fits`. */
  untilPods(what: string, fits: (pods: readonly Pod[]) => boolean): Promise<readonly Pod[]>;
  /** Ends the controller as a crash does, and starts the next one. */
  restart(): Promise<void>;
}

export async function startController(t: TestContext): Promise<TestController> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-deployments-'));
  const store = await openLocalStore({ file: join(folder, 'store.db') });
  const running: TestController['running'] = new Map();
  const logs: TestController['logs'] = new Map();
  let life = new AbortController();
  let gone: (event: KeeperEvent) => void = () => undefined;
  t.after(async () => {
    life.abort();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function* events(signal: AbortSignal): AsyncGenerator<KeeperEvent> {
    while (!signal.aborted) {
      yield await new Promise<KeeperEvent>((resolve) => {
        gone = resolve;
      });
    }
  }

  async function start(): Promise<void> {
    life = new AbortController();
    await startDeploymentController({
      store,
      // The controller reads no more of a pod than these fields.
      runtime: { pods: async () => [...running.values()] as PodStatus[], events },
      logTail: ({ name }) => logs.get(name) ?? [],
      signal: life.signal,
      log: pino({ level: 'silent' }),
    }).ready;
  }

  async function pods(): Promise<readonly Pod[]> {
    const { items } = await store.list({ group: '', kind: 'Pod' });
    return items.map((item) => podKind.schema.parse(item));
  }

  await start();
  return {
    store,
    running,
    logs,
    pods,
    deployment: async (name = 'web') => deploymentKind.schema.parse(await store.get(deploymentKey(name))),
    report: (pod, status) => store.updateStatus(keyOf(pod), status),
    ended(name) {
      running.delete(name);
      gone({ type: 'gone', namespace: 'default', name });
    },
    untilPods: (what, fits) =>
      until(what, async () => {
        const all = await pods();
        return fits(all) && all;
      }),
    async restart() {
      life.abort();
      await start();
    },
  };
}

export function deploymentKey(name = 'web'): ObjectKey {
  return { group: 'apps', kind: 'Deployment', namespace: 'default', name };
}

/** `spec` over one of a program that listens on a port. `version` changes the template. */
export function deployment(spec: Readonly<Record<string, unknown>> = {}, version = '1'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' }, annotations: { team: 'red' } },
        spec: {
          containers: [
            {
              name: 'web',
              command: ['serve'],
              env: [{ name: 'VERSION', value: version }],
              ports: [{ containerPort: 8080 }],
            },
          ],
        },
      },
      ...spec,
    },
  };
}

export function versionOf(pod: Pod): string {
  return pod.spec.containers[0]?.env?.[0]?.value ?? '';
}

export function runningStatus(ready: boolean, startedAt = new Date(Date.now() - 60_000)): unknown {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', message: 'does not listen on port 8080' }],
    containerStatuses: [{ name: 'web', ready, state: { running: { startedAt: startedAt.toISOString() } } }],
  };
}

export function crashingStatus(message: string): unknown {
  const state = { waiting: { reason: 'CrashLoopBackOff', message } };
  return { phase: 'Running', containerStatuses: [{ name: 'web', ready: false, state }] };
}
