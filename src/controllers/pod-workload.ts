// A Pod object -> what the keeper runs and who the proxy is. Pure. Of a pod template its first container's command,
// args, env and working directory are run as a process; the image is not (design: the same manifests run in both).
// A gateway is a pod that is its Envoy alone; the words by which it is known are not run.
import { hostAddressAnnotation } from '../api/annotations.ts';
import { isGatewayPod, isHostPod, workloadOf } from '../api/gateway-pod.ts';
import type { Pod, PodContainer } from '../api/kinds/pod.ts';
import { serviceAccountOf } from '../api/kinds/pod-spec.ts';
import { podRanges } from '../api/pod-bypass.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { type BootstrapOptions, buildBootstrap } from '../envoy/bootstrap.ts';
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
  readonly listeners: {
    readonly outbound: string;
    readonly inbound: string;
    /** Of a gateway, for what comes to this port. */
    readonly gateway: (port: number) => string;
  };
}

/** How long a gateway may finish what it has begun, where its pod does not say. */
const gatewayDrainSeconds = 10;

export function identityOf(pod: Pod, sandbox: Pick<SandboxStatus, 'podIP'>): ProxyIdentity {
  const { name, namespace = 'default', labels = {} } = pod.metadata;
  const type = isGatewayPod(pod) ? 'router' : 'sidecar';
  return {
    namespace,
    name,
    workload: workloadOf(pod),
    serviceAccount: serviceAccountOf(pod.spec),
    labels,
    type,
    nodeId: `${type}~${sandbox.podIP}~${name}.${namespace}~${namespace}.svc.cluster.local`,
  };
}

export function sandboxRequestOf(pod: Pod): SandboxRequest {
  const uid = pod.metadata.uid ?? '';
  if (isGatewayPod(pod)) return { uid, type: 'router' };
  if (!isHostPod(pod)) {
    const capturedRanges = podRanges(pod.metadata.annotations);
    return { uid, ...(capturedRanges && { capturedRanges }) };
  }
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
  return {
    uid: pod.metadata.uid ?? '',
    workload: workloadOf(pod),
    hostname: hostnameOf(pod),
    user: defaults.user,
    bootstrap: isHostPod(pod)
      ? ''
      : JSON.stringify(messageToJson(BootstrapSchema, bootstrapOf(pod, container, sandbox, defaults))),
    restartPolicy: pod.spec.restartPolicy === 'Never' ? 'Never' : 'Always',
    ...(isGatewayPod(pod) ? gatewayPart(pod, defaults) : programPart(pod, container, sandbox, defaults)),
  };
}

function hostnameOf({ spec, metadata }: Pod): string {
  return spec.hostname ?? metadata.name;
}

type Own = Pick<PodSpec, 'command' | 'env' | 'cwd' | 'ports' | 'envoyArgs' | 'drainSeconds'>;

function programPart(pod: Pod, container: PodContainer, sandbox: SandboxStatus, defaults: WorkloadDefaults): Own {
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? ''] as const);
  return {
    command: commandOf(pod.spec),
    env: {
      ...defaults.env,
      // As in Kubernetes; without namespaces it is the only place where a program finds its pod's name.
      HOSTNAME: hostnameOf(pod),
      ...captureEnvironment(pod, sandbox),
      ...Object.fromEntries(own),
    },
    cwd: container.workingDir ?? '/',
    ports: tcpPorts(container),
    envoyArgs: defaults.envoyArgs,
  };
}

/** `immediate`: a gateway that is taken away asks its callers at their next request to go elsewhere. */
function gatewayPart({ spec }: Pod, { envoyArgs }: WorkloadDefaults): Own {
  const { terminationGracePeriodSeconds: seconds } = spec;
  return {
    command: [],
    env: {},
    cwd: '/',
    ports: [],
    envoyArgs: [...envoyArgs, '--drain-strategy', 'immediate'],
    drainSeconds: typeof seconds === 'number' && seconds >= 0 ? seconds : gatewayDrainSeconds,
  };
}

function bootstrapOf(pod: Pod, container: PodContainer, sandbox: SandboxStatus, defaults: WorkloadDefaults) {
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
    countedScopes: defaults.countedScopes,
    ...socketsOf(pod, container, sandbox, defaults),
  });
}

/** What its Envoy binds by itself: DNS where it relays it, and with proxy capture the pod's own ports. */
function socketsOf(
  pod: Pod,
  container: PodContainer,
  { outboundProxy, dns, programDns = dns, dnsRelay, podIP, appIP }: SandboxStatus,
  { listeners }: WorkloadDefaults,
): Pick<BootstrapOptions, 'dnsRelay' | 'proxyCapture'> {
  const ports = tcpPorts(container);
  if (isGatewayPod(pod)) {
    // It has no program that would ask for names.
    if (outboundProxy === undefined) return {};
    const gateway = ports.map((port) => ({ at: { address: podIP, port }, listener: listeners.gateway(port) }));
    return { proxyCapture: { gateway } };
  }
  if (outboundProxy === undefined) return { dnsRelay: { at: dnsRelay, to: programDns } };
  return {
    proxyCapture: {
      outboundProxy,
      outboundListener: listeners.outbound,
      inbound: ports.map((port) => ({ at: { address: podIP, port }, program: { address: appIP, port } })),
      inboundListener: listeners.inbound,
    },
  };
}

export function xdsSocketOf(sandbox: SandboxStatus): string {
  return `${sandbox.xdsPath}/xds.sock`;
}
