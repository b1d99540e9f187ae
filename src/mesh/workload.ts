// A workload that ServiceEntries and Services of its namespace may choose by its labels: a pod, or what a WorkloadEntry
// stands for.
import { isGatewayPod, isHostPod, workloadOf } from '../api/gateway-pod.ts';
import { isPodReady, type Pod } from '../api/kinds/pod.ts';
import { serviceAccountOf } from '../api/kinds/pod-spec.ts';
import type { WorkloadEntry } from '../api/kinds/workload-entry.ts';
import type { Identities } from './service.ts';

export interface Workload {
  readonly kind: 'Pod' | 'WorkloadEntry';
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** An IP, a DNS name, or `unix:///path`; undefined: it is not to be sent anything now. */
  readonly address: string | undefined;
  /** By name: of a pod those of its containers, of a WorkloadEntry those of the services that choose it. */
  readonly ports: ReadonlyMap<string, number>;
  readonly weight?: number;
  readonly locality?: string;
  /** Of a gateway's pod: `namespace/workload`. */
  readonly gateway?: string;
  /** Of a pod with an Envoy: who that proves to be. */
  readonly serviceAccount?: string;
}

export function translatePod(pod: Pod): Workload {
  const { namespace = 'default', labels = {} } = pod.metadata;
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return {
    kind: 'Pod',
    namespace,
    labels,
    address: isPodReady(pod) ? pod.status?.podIP : undefined,
    ports: new Map(ports.flatMap(({ name, containerPort }) => (name === undefined ? [] : [[name, containerPort]]))),
    ...(isGatewayPod(pod) ? { gateway: `${namespace}/${workloadOf(pod)}` } : {}),
    ...(isHostPod(pod) ? {} : { serviceAccount: serviceAccountOf(pod.spec) }),
  };
}

/** Behind a sidecar, which ends mTLS for it; gateways open their ports as their Gateways say. */
export function hasSidecar({ serviceAccount, gateway }: Workload): boolean {
  return serviceAccount !== undefined && gateway === undefined;
}

/** Labels of the object count as those of the workload do, and before them (Istio's order). */
export function translateWorkloadEntry({ metadata, spec }: WorkloadEntry): Workload {
  return {
    kind: 'WorkloadEntry',
    namespace: metadata.namespace ?? 'default',
    labels: { ...spec.labels, ...metadata.labels },
    address: spec.address === '' ? undefined : spec.address,
    ports: new Map(Object.entries(spec.ports ?? {})),
    ...(spec.weight === undefined ? {} : { weight: spec.weight }),
    ...(spec.locality === undefined ? {} : { locality: spec.locality }),
  };
}

/** As a part of the service that they are behind; nothing where nobody proves anything. */
export function identitiesOf(workloads: readonly Workload[]): { readonly identities?: Identities } {
  const accounts = new Set(
    workloads.flatMap(({ namespace, serviceAccount }) =>
      serviceAccount === undefined ? [] : `${namespace}/${serviceAccount}`,
    ),
  );
  if (accounts.size === 0) return {};
  return { identities: { serviceAccounts: [...accounts].sort(), sidecars: workloads.some(hasSidecar) } };
}
