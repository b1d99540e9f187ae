// What the keeper says of a pod -> the status of the Pod object, in core/v1's words.
import { isGatewayPod } from '../api/gateway-pod.ts';
import type { Pod } from '../api/kinds/pod.ts';
import type { PodStatus, ProcessStatus } from '../runtime/protocol.ts';
import { commandOf } from './pod-workload.ts';

export interface KubePodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly podIP: string;
  readonly conditions: readonly Condition[];
  readonly containerStatuses: readonly ContainerStatus[];
}

interface Condition {
  readonly type: 'Ready';
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason: string };
  };
}

export function kubePodStatus(pod: PodStatus, object: Pod): KubePodStatus {
  const containerStatuses = isGatewayPod(object) ? [proxyContainer(pod)] : workloadContainers(pod, object);
  return { phase: phaseOf(pod), podIP: pod.podIP, conditions: [readiness(pod, containerStatuses)], containerStatuses };
}

function workloadContainers(pod: PodStatus, { metadata, spec }: Pod): readonly ContainerStatus[] {
  const name = spec.containers[0]?.name ?? metadata.name;
  const isStartable = commandOf(spec).length > 0 || pod.app.phase !== 'Pending';
  const program = { ...containerStatus(name, pod.app), ...(isStartable ? {} : withoutCommand(name)) };
  return [program, ...(pod.proxy.phase === 'Absent' ? [] : [proxyContainer(pod)])];
}

function proxyContainer({ proxy }: PodStatus): ContainerStatus {
  return containerStatus('istio-proxy', proxy);
}

/** What a kubelet says of an image without a command. */
function withoutCommand(name: string): Pick<ContainerStatus, 'state'> {
  const message = `container ${name} has no command: locally the image is not run; give command or args`;
  return { state: { waiting: { reason: 'CreateContainerError', message } } };
}

function phaseOf({ app }: PodStatus): KubePodStatus['phase'] {
  if (app.phase === 'Pending') return 'Pending';
  if (app.phase !== 'Exited') return 'Running';
  return app.exitCode === 0 ? 'Succeeded' : 'Failed';
}

function readiness({ app }: PodStatus, containers: readonly ContainerStatus[]): Condition {
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { type: 'Ready', status: 'True' };
  const message = (app.phase === 'Running' ? app.reason : undefined) ?? `not ready: ${unready.join(', ')}`;
  return { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message };
}

function containerStatus(name: string, process: ProcessStatus): ContainerStatus {
  return { name, ready: process.ready, restartCount: process.restarts, state: stateOf(process) };
}

function stateOf({ phase, startedAt, exitCode, reason }: ProcessStatus): ContainerStatus['state'] {
  const message = reason === undefined ? {} : { message: reason };
  switch (phase) {
    case 'Running':
      return { running: { startedAt: startedAt ?? '' } };
    case 'Exited':
      return { terminated: { exitCode: exitCode ?? 128, reason: exitCode === 0 ? 'Completed' : 'Error' } };
    case 'Absent':
    case 'Pending':
      return { waiting: { reason: 'ContainerCreating', ...message } };
    case 'CrashLoopBackOff':
      return { waiting: { reason: 'CrashLoopBackOff', ...message } };
  }
}
