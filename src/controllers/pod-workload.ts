// A Pod object -> what the keeper runs and who the proxy is. Pure. Of a pod template its first container's command,
// args, env and working directory are run as a process; the image is not (design: the same manifests run in both).
import { hostAddressAnnotation } from '../api/annotations.ts';
import type { Pod, PodContainer } from '../api/kinds/pod.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { buildBootstrap } from '../envoy/bootstrap.ts';
import { BootstrapSchema } from '../envoy/gen/envoy/config/bootstrap/v3/bootstrap_pb.js';
import { messageToJson } from '../envoy/json.ts';
import type { PodSpec, SandboxRequest, SandboxStatus } from '../runtime/protocol.ts';
import { captureEnvironment } from './capture-environment.ts';

export interface WorkloadDefaults {
  /** What a program finds in its environment before its own variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: PodSpec['user'];
  readonly envoyArgs: readonly string[];
  /** Scopes of what its Envoy counts. */
  readonly countedScopes: readonly string[];
  /** Of proxy capture: the listeners that a pod's own sockets hand connections to. */
  readonly listeners: { readonly outbound: string; readonly inbound: string };
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

/** A pod with the host's network has no sidecar, as in Istio. */
export function isHostPod(pod: Pod): boolean {
  return pod.spec.hostNetwork === true;
}

export function sandboxRequestOf(pod: Pod): SandboxRequest {
  const uid = pod.metadata.uid ?? '';
  if (!isHostPod(pod)) return { uid };
  const address = pod.metadata.annotations?.[hostAddressAnnotation];
  return { uid, type: 'host', ...(address === undefined ? {} : { address }) };
}

/** What is run: of the first container, since a workload is one program and its sidecar. Empty if it names none. */
export function commandOf({ containers: [container] }: Pod['spec']): readonly string[] {
  return [...(container?.command ?? []), ...(container?.args ?? [])];
}

function tcpPorts({ ports = [] }: PodContainer): readonly number[] {
  return ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort);
}

/** Undefined when the pod has no command: locally there is nothing to run. */
export function podSpecOf(pod: Pod, sandbox: SandboxStatus, defaults: WorkloadDefaults): PodSpec | undefined {
  const [container] = pod.spec.containers;
  const command = commandOf(pod.spec);
  if (container === undefined || command.length === 0) return undefined;
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? ''] as const);
  return {
    uid: pod.metadata.uid ?? '',
    workload: workloadOf(pod),
    hostname: pod.spec.hostname ?? pod.metadata.name,
    command,
    env: { ...defaults.env, ...captureEnvironment(pod, sandbox), ...Object.fromEntries(own) },
    cwd: container.workingDir ?? '/',
    user: defaults.user,
    ports: tcpPorts(container),
    bootstrap: isHostPod(pod)
      ? ''
      : JSON.stringify(messageToJson(BootstrapSchema, bootstrapOf(pod, container, sandbox, defaults))),
    envoyArgs: defaults.envoyArgs,
    restartPolicy: pod.spec.restartPolicy === 'Never' ? 'Never' : 'Always',
  };
}

function bootstrapOf(pod: Pod, container: PodContainer, sandbox: SandboxStatus, defaults: WorkloadDefaults) {
  const identity = identityOf(pod, sandbox);
  const { outboundProxy, podIP, appIP } = sandbox;
  const { listeners, countedScopes } = defaults;
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
    countedScopes,
    ...(outboundProxy === undefined
      ? { dnsRelay: sandbox.dnsRelay }
      : {
          proxyCapture: {
            outboundProxy,
            outboundListener: listeners.outbound,
            inbound: tcpPorts(container).map((port) => ({
              at: { address: podIP, port },
              program: { address: appIP, port },
            })),
            inboundListener: listeners.inbound,
          },
        }),
  });
}

export function xdsSocketOf(sandbox: SandboxStatus): string {
  return `${sandbox.xdsPath}/xds.sock`;
}
