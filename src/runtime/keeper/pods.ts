// All pods of the mesh. One request at a time for each pod; different pods go side by side. Indexes are given out
// here: the lowest free one, so that addresses are used again.
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { ExecPlan, KeeperEvent, PodSpec, PodStatus, SandboxRequest, SandboxStatus } from '../protocol.ts';
import { removeLogs } from './old-logs.ts';
import { createPod, type Pod, type PodOptions } from './pod.ts';
import { type PodRecord, type ProcessRecord, pending } from './pod-record.ts';
import { bootId } from './process-id.ts';
import type { PodKey } from './requests.ts';

export interface PodsOptions extends Omit<PodOptions, 'record' | 'publish'> {
  readonly publish: (event: KeeperEvent) => void;
  readonly log: Logger;
}

export interface Pods {
  /** Takes over all that an earlier keeper recorded; what fails is logged, and tried again when it is put. */
  resume(records: readonly PodRecord[]): Promise<void>;
  list(): readonly PodStatus[];
  putSandbox(key: PodKey, request: SandboxRequest): Promise<SandboxStatus>;
  putPod(key: PodKey, spec: PodSpec): Promise<PodStatus>;
  /** Ends the pod, its Envoy when that has told all; none there is right too. */
  remove(key: PodKey): Promise<void>;
  /** At once. */
  removeAll(): Promise<void>;
  /** Waits for a program that was just started. Throws `SP_NOT_RUNNING` if none runs, and says so of a gateway. */
  execPlan(key: PodKey): Promise<ExecPlan>;
  /** Leaves all running. */
  release(): void;
}

interface Entry {
  readonly key: PodKey;
  readonly index: number;
  readonly pod: Pod;
  /** The end of its queue. */
  last: Promise<unknown>;
  removing: boolean;
}

const setUpMs = 5000;
const pollMs = 10;

export function createPods(options: PodsOptions): Pods {
  const entries = new Map<string, Entry>();

  function add(record: PodRecord): Entry {
    const { namespace, name, index } = record;
    const publish = (pod: PodStatus) => options.publish({ type: 'pod', pod });
    const pod = createPod({ ...options, record, publish });
    const entry = { key: { namespace, name }, index, pod, last: Promise.resolve(), removing: false };
    entries.set(keyText(record), entry);
    return entry;
  }

  /** A pod that is being removed is waited for: its name and index are free only then. */
  async function entryOf(key: PodKey, request: SandboxRequest): Promise<Entry> {
    const known = entries.get(keyText(key));
    if (known?.removing === false) return known;
    if (known !== undefined) {
      await known.last;
      return entryOf(key, request);
    }
    // A pod of this name that was here before is another one; its words are not this one's.
    removeLogs(options.dataFolder.logsPath, key);
    const index = freeIndex(new Set([...entries.values()].map((entry) => entry.index)));
    const ports = { dnsPort: 0, programDnsPort: 0 };
    return add({ ...key, index, boot: bootId(), ...ports, request, app: pending, proxy: pending });
  }

  async function remove(key: PodKey, gently: boolean): Promise<void> {
    const entry = entries.get(keyText(key));
    if (entry === undefined) return;
    entry.removing = true;
    await enqueue(entry, async () => {
      if (entries.get(keyText(key)) !== entry) return;
      await entry.pod.remove({ gently });
      entries.delete(keyText(key));
      options.publish({ type: 'gone', ...key });
    });
  }

  return {
    async resume(records) {
      const tasks = records.map((record) => {
        const entry = add(afterBoot(record));
        return enqueue(entry, () => entry.pod.resume()).catch((error: unknown) =>
          options.log.error({ err: error, ...entry.key }, 'a pod could not be taken over'),
        );
      });
      await Promise.all(tasks);
    },
    list: () => [...entries.values()].flatMap(({ pod }) => pod.status() ?? []),
    async putSandbox(key, request) {
      const entry = await entryOf(key, request);
      await enqueue(entry, () => entry.pod.settle(request));
      const { uid: _uid, workload: _workload, app: _app, proxy: _proxy, logs: _logs, ...sandbox } = statusOf(entry);
      return sandbox;
    },
    async putPod(key, spec) {
      const entry = await entryOf(key, { uid: spec.uid });
      await enqueue(entry, () => entry.pod.run(spec));
      return statusOf(entry);
    },
    remove: (key) => remove(key, true),
    async removeAll() {
      for (const { pod } of entries.values()) pod.hurry();
      await Promise.all([...entries.values()].map(({ key }) => remove(key, false)));
    },
    async execPlan(key) {
      const deadline = performance.now() + setUpMs;
      do {
        const pod = entries.get(keyText(key))?.pod;
        if (pod?.hasProgram() === false) throw noProgram(key);
        const plan = pod?.execPlan();
        if (plan !== undefined) return plan;
        // Spawned, but its mounts are still being made: nothing announces when the program itself begins.
        if (pod?.status()?.app.phase !== 'Running') break;
        await delay(pollMs);
      } while (performance.now() < deadline);
      throw new SallyportError('SP_NOT_RUNNING', `the program of ${key.namespace}/${key.name} does not run`);
    },
    release() {
      for (const { pod } of entries.values()) pod.release();
    },
  };
}

function enqueue(entry: Entry, task: () => Promise<void>): Promise<void> {
  const result = entry.last.then(task);
  entry.last = result.catch(() => undefined);
  return result;
}

function statusOf({ key, pod }: Entry): PodStatus {
  const status = pod.status();
  if (status !== undefined) return status;
  throw new SallyportError('SP_POD_GONE', `pod ${key.namespace}/${key.name} was deleted meanwhile`);
}

function noProgram({ namespace, name }: PodKey): SallyportError {
  const message = `${name} in namespace ${namespace} is a gateway: its only process is an Envoy, which runs no commands`;
  const hint = `what passed through it is told by: logs ${name} -n ${namespace}`;
  return new SallyportError('SP_BAD_REQUEST', message, { hint });
}

function keyText({ namespace, name }: PodKey): string {
  return `${namespace}/${name}`;
}

function freeIndex(taken: ReadonlySet<number>): number {
  let index = 0;
  while (taken.has(index)) index++;
  return index;
}

/** Pids of another boot mean nothing: what ran then is started, unless it was to run once. */
function afterBoot(record: PodRecord): PodRecord {
  const boot = bootId();
  if (record.boot === boot) return record;
  const once = record.spec?.restartPolicy === 'Never' && record.app.phase !== 'Pending';
  const ended: ProcessRecord = { ...pending, phase: 'Exited', reason: 'ended when the machine was restarted' };
  return { ...record, boot, app: once ? ended : pending, proxy: pending };
}
