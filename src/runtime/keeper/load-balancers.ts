// All load balancers of the mesh. Indexes are given out here, the lowest free one; one that is put again keeps its own.
// What is put is recorded, then all of them are made anew at once: one task at a time.
import type { LoadBalancer } from '../network/load-balancers.ts';
import type { LoadBalancerSpec, LoadBalancerStatus } from '../protocol.ts';
import type { Capture } from './capture.ts';
import { type LoadBalancerRecord, saveLoadBalancers } from './load-balancer-record.ts';
import type { PodKey } from './requests.ts';

export interface LoadBalancers {
  /** Takes over what an earlier keeper had. */
  resume(): Promise<void>;
  list(): readonly PodKey[];
  put(key: PodKey, spec: LoadBalancerSpec): Promise<LoadBalancerStatus>;
  /** None there is right too. */
  remove(key: PodKey): Promise<void>;
}

export interface LoadBalancersOptions {
  readonly keeperPath: string;
  readonly capture: Pick<Capture, 'setLoadBalancers'>;
  readonly records: readonly LoadBalancerRecord[];
}

export function createLoadBalancers({ keeperPath, capture, records }: LoadBalancersOptions): LoadBalancers {
  const known = new Map(records.map((record) => [keyText(record), record]));
  let last: Promise<unknown> = Promise.resolve();

  function enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  }

  /** In the order of `known`. */
  function make(): Promise<readonly LoadBalancerStatus[]> {
    return capture.setLoadBalancers([...known.values()].map(loadBalancerOf));
  }

  function save(): void {
    saveLoadBalancers(keeperPath, [...known.values()]);
  }

  return {
    resume: () =>
      enqueue(async () => {
        if (known.size > 0) await make();
      }),
    list: () => [...known.values()].map(({ namespace, name }) => ({ namespace, name })),
    put: (key, spec) =>
      enqueue(async () => {
        const text = keyText(key);
        const index = known.get(text)?.index ?? freeIndex(new Set([...known.values()].map((one) => one.index)));
        known.set(text, { ...key, index, spec });
        save();
        const statuses = await make();
        const status = statuses[[...known.keys()].indexOf(text)];
        if (status === undefined) throw new Error(`load balancer ${text} was not made`);
        return status;
      }),
    remove: (key) =>
      enqueue(async () => {
        const record = known.get(keyText(key));
        if (record === undefined) return;
        known.delete(keyText(key));
        try {
          await make();
        } catch (error) {
          known.set(keyText(key), record);
          throw error;
        }
        save();
      }),
  };
}

export function loadBalancerOf({ index, spec }: LoadBalancerRecord): LoadBalancer {
  return { index, ports: spec.ports };
}

function keyText({ namespace, name }: PodKey): string {
  return `${namespace}/${name}`;
}

function freeIndex(taken: ReadonlySet<number>): number {
  let index = 0;
  while (taken.has(index)) index++;
  return index;
}
