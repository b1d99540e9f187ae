// Whose way out a test is about: a workload that is there, or one that would have these labels and this account.
import type { EgressTest } from '../api/kinds/egress-test.ts';
import { serviceAccountOf } from '../api/kinds/pod-spec.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { World } from '../verdict/world.ts';

/** Undefined: there is no such workload. */
export function callerOf({ metadata, spec }: EgressTest, { proxies }: World): ProxyIdentity | undefined {
  const { namespace = 'default' } = metadata;
  const { workload, labels = {}, serviceAccount } = spec.from;
  if (workload === undefined) {
    const account = serviceAccount === undefined ? {} : { serviceAccount };
    return supposed({ namespace, workload: metadata.name, labels, ...account });
  }
  const here = proxies.filter((proxy) => proxy.namespace === namespace && proxy.type === 'sidecar');
  return here.find((proxy) => proxy.workload === workload) ?? here.find(({ name }) => name === workload);
}

/** Whether a workload is one that the test speaks of. */
export function isMeant({ metadata, spec }: EgressTest, proxy: ProxyIdentity): boolean {
  const { workload, labels = {}, serviceAccount } = spec.from;
  if (proxy.namespace !== (metadata.namespace ?? 'default')) return false;
  if (workload !== undefined) return proxy.workload === workload || proxy.name === workload;
  const own = new Map(Object.entries(proxy.labels));
  if (serviceAccount !== undefined && serviceAccount !== proxy.serviceAccount) return false;
  return Object.entries(labels).every(([key, value]) => own.get(key) === value);
}

/** Of a workload that is not there. */
export function supposed({
  serviceAccount = serviceAccountOf({}),
  ...who
}: Pick<ProxyIdentity, 'namespace' | 'workload' | 'labels'> &
  Partial<Pick<ProxyIdentity, 'serviceAccount'>>): ProxyIdentity {
  const { namespace, workload: name } = who;
  const nodeId = `sidecar~0.0.0.0~${name}.${namespace}~${namespace}.svc.cluster.local`;
  return { ...who, name, serviceAccount, type: 'sidecar', nodeId };
}

export function nameOf({ namespace, workload }: ProxyIdentity): string {
  return `${namespace}/${workload}`;
}
