// Workloads by namespace, and who selects them: a workload that changes concerns only those whose labels ask for it as it
// was, or as it is.

import { compareText } from './origin.ts';
import { type LabelSelector, matchesLabels } from './selector.ts';
import type { Workload } from './workload.ts';

export interface WorkloadIndex {
  /** What the key stands for from now on; answers the selecting objects that it may concern. */
  setWorkload(key: string, workload: Workload | undefined): readonly string[];
  /** The object of this key selects in its namespace from now on; undefined: it does not. */
  setSelector(key: string, namespace: string, selector: LabelSelector | undefined): void;
  /** Who selects in these namespaces; undefined: in any. */
  selecting(namespaces: ReadonlySet<string> | undefined): readonly string[];
  /** In an order that does not depend on who came first. */
  select(namespace: string, selector: LabelSelector): readonly Workload[];
}

export function createWorkloadIndex(): WorkloadIndex {
  const workloads = new Map<string, Workload>();
  const byNamespace = new Map<string, Set<string>>();
  const selectors = new Map<string, Map<string, LabelSelector>>();

  function concerned({ namespace, labels }: Workload): readonly string[] {
    return [...(selectors.get(namespace) ?? [])].filter(([, one]) => matchesLabels(one, labels)).map(([key]) => key);
  }

  return {
    setWorkload(key, after) {
      const before = workloads.get(key);
      if (before !== undefined) byNamespace.get(before.namespace)?.delete(key);
      if (after === undefined) workloads.delete(key);
      else {
        workloads.set(key, after);
        const keys = byNamespace.get(after.namespace) ?? new Set();
        byNamespace.set(after.namespace, keys.add(key));
      }
      return [before, after].flatMap((workload) => (workload === undefined ? [] : concerned(workload)));
    },
    setSelector(key, namespace, selector) {
      const ofNamespace = selectors.get(namespace) ?? new Map<string, LabelSelector>();
      if (selector === undefined) ofNamespace.delete(key);
      else selectors.set(namespace, ofNamespace.set(key, selector));
    },
    selecting: (namespaces) =>
      [...(namespaces ?? selectors.keys())].flatMap((namespace) => [...(selectors.get(namespace)?.keys() ?? [])]),
    select(namespace, selector) {
      const found: (readonly [string, Workload])[] = [];
      for (const key of byNamespace.get(namespace) ?? []) {
        const workload = workloads.get(key);
        if (workload !== undefined && matchesLabels(selector, workload.labels)) found.push([key, workload]);
      }
      return found.sort(([a], [b]) => compareText(a, b)).map(([, workload]) => workload);
    },
  };
}
