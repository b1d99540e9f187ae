// A Pod object -> what the keeper runs and who the proxy is. Pure. Of a pod template its first container's command,
// args, env and working directory are run as a process; the image is not (design: the same manifests run in both).
import type { Pod } from '../api/kinds/pod.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { buildBootstrap } from '../envoy/bootstrap.ts';
import { BootstrapSchema } from '../envoy/gen/envoy/config/bootstrap/v3/bootstrap_pb.js';
import { messageToJson } from '../envoy/json.ts';
import type { PodSpec, SandboxStatus } from '../runtime/protocol.ts';

export interface WorkloadDefaults {
  /** What a program finds in its environment before its own variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: PodSpec['user'];
  readonly envoyArgs: readonly string[];
}

/** The name of the workload the pod belongs to: its controller's, else its own. */
function workloadOf(pod: Pod): string {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  return owner?.name ?? pod.metadata.name;
}

export function identityOf(pod: Pod, sandbox: SandboxStatus): ProxyIdentity {
  const { name, namespace = 'default', labels = {} } = pod.metadata;
  return {
    namespace,
    name,
    workload: workloadOf(pod),
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    labels,
    type: 'sidecar',
    nodeId: `sidecar~${sandbox.podIP}~${name}.${namespace}~${namespace}.svc.cluster.local`,
  };
}

/** Undefined when the pod has no command: locally there is nothing to run. */
export function podSpecOf(pod: Pod, sandbox: SandboxStatus, defaults: WorkloadDefaults): PodSpec | undefined {
  const [container] = pod.spec.containers;
  const command = [...(container?.command ?? []), ...(container?.args ?? [])];
  if (container === undefined || command.length === 0) return undefined;
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? ''] as const);
  return {
    uid: pod.metadata.uid ?? '',
    workload: workloadOf(pod),
    hostname: pod.spec.hostname ?? pod.metadata.name,
    command,
    env: { ...defaults.env, ...Object.fromEntries(own) },
    cwd: container.workingDir ?? '/',
    user: defaults.user,
    ports: [],
    bootstrap: JSON.stringify(messageToJson(BootstrapSchema, bootstrapOf(pod, sandbox))),
    envoyArgs: defaults.envoyArgs,
    restartPolicy: pod.spec.restartPolicy === 'Never' ? 'Never' : 'Always',
  };
}

function bootstrapOf(pod: Pod, sandbox: SandboxStatus) {
  const identity = identityOf(pod, sandbox);
  return buildBootstrap({
    nodeId: identity.nodeId,
    nodeCluster: `${identity.workload}.${identity.namespace}`,
    metadata: {
      NAMESPACE: identity.namespace,
      WORKLOAD_NAME: identity.workload,
      SERVICE_ACCOUNT: identity.serviceAccount,
      LABELS: { ...identity.labels },
      INSTANCE_IPS: sandbox.podIP,
    },
    xdsSocket: xdsSocketOf(sandbox),
    adminSocket: `${sandbox.xdsPath}/admin.sock`,
    dns: sandbox.dns,
    dnsRelay: sandbox.dnsRelay,
  });
}

export function xdsSocketOf(sandbox: SandboxStatus): string {
  return `${sandbox.xdsPath}/xds.sock`;
}
