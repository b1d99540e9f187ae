// Workloads by namespace: pods, and what pods are made from where files alone are looked at.

import { isGatewayPod, isHostPod } from '../api/gateway-pod.ts';
import { deploymentKind } from '../api/kinds/deployment.ts';
import { podKind } from '../api/kinds/pod.ts';
import { serviceAccountOf } from '../api/kinds/pod-spec.ts';
import { workloadEntryKind } from '../api/kinds/workload-entry.ts';
import type { KubeObject } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { type LabelSelector, matchesLabels } from '../mesh/selector.ts';
import { translateWorkloadEntry } from '../mesh/workload.ts';
import { topics } from './topics.ts';

export interface Workload {
  readonly labels: Readonly<Record<string, string>>;
  /** A program with a sidecar beside it: a client of the mesh. */
  readonly sidecar: boolean;
  /** Undefined: it has no proxy to prove it. */
  readonly serviceAccount: string | undefined;
}

/** Both must be so; undefined: any. */
export interface WantedClient {
  readonly labels: LabelSelector | undefined;
  readonly serviceAccounts: readonly string[] | undefined;
}

export interface WorkloadIndex {
  /** Undefined: it is gone. Answers the topics under which something differs now. */
  set(key: string, namespace: string, workload: Workload | undefined): Iterable<string>;
  /** Namespaces with a workload that has these labels. */
  namespacesOf(selector: LabelSelector): readonly string[];
  has(namespace: string, selector: LabelSelector): boolean;
  /** Whether a program of the namespace with a sidecar is so. */
  hasClient(namespace: string, wanted: WantedClient): boolean;
  /** Namespaces in which programs have sidecars. */
  clientNamespaces(): readonly string[];
  isEmpty(namespace: string): boolean;
}

/** Undefined for an object that is no workload. */
export function workloadOf(object: KubeObject): Workload | undefined {
  if (object.kind === podKind.kind) {
    const pod = parseObject(podKind.schema, object);
    if (pod === undefined) return undefined;
    const { metadata, spec } = pod;
    const sidecar = !isGatewayPod(pod) && spec.hostNetwork !== true;
    const serviceAccount = isHostPod(pod) ? undefined : serviceAccountOf(spec);
    return { labels: metadata.labels ?? {}, sidecar, serviceAccount };
  }
  if (object.kind === workloadEntryKind.kind) {
    const entry = parseObject(workloadEntryKind.schema, object);
    // What runs there may have a sidecar; here nobody starts one.
    return entry && { labels: translateWorkloadEntry(entry).labels, sidecar: false, serviceAccount: undefined };
  }
  if (object.kind !== deploymentKind.kind) return undefined;
  const deployment = parseObject(deploymentKind.schema, object);
  if (deployment === undefined) return undefined;
  const { metadata, spec } = deployment.spec.template;
  return { labels: metadata?.labels ?? {}, sidecar: true, serviceAccount: serviceAccountOf(spec) };
}

export function createWorkloadIndex(): WorkloadIndex {
  const byNamespace = new Map<string, Map<string, Workload>>();

  function workloads(namespace: string): IteratorObject<Workload> {
    return byNamespace.get(namespace)?.values() ?? [].values();
  }

  function has(namespace: string, selector: LabelSelector): boolean {
    return workloads(namespace).some(({ labels }) => matchesLabels(selector, labels));
  }

  return {
    *set(key, namespace, workload) {
      const known = byNamespace.get(namespace) ?? new Map<string, Workload>();
      if (JSON.stringify(known.get(key)) === JSON.stringify(workload)) return;
      const wasClient = workloads(namespace).some(({ sidecar }) => sidecar);
      if (workload === undefined) known.delete(key);
      else known.set(key, workload);
      if (known.size === 0) byNamespace.delete(namespace);
      else byNamespace.set(namespace, known);
      if (wasClient !== workloads(namespace).some(({ sidecar }) => sidecar)) yield topics.namespaces;
      yield topics.workloads(namespace);
      yield topics.allWorkloads;
    },
    namespacesOf: (selector) => [...byNamespace.keys()].filter((namespace) => has(namespace, selector)).sort(),
    has,
    hasClient: (namespace, { labels: wanted, serviceAccounts }) =>
      workloads(namespace).some(
        ({ labels, sidecar, serviceAccount }) =>
          sidecar &&
          (wanted === undefined || matchesLabels(wanted, labels)) &&
          (serviceAccounts === undefined || (serviceAccount !== undefined && serviceAccounts.includes(serviceAccount))),
      ),
    clientNamespaces: () =>
      [...byNamespace.keys()].filter((namespace) => workloads(namespace).some(({ sidecar }) => sidecar)).sort(),
    isEmpty: (namespace) => !byNamespace.has(namespace),
  };
}
