// What the keeper says of a pod -> the status of the Pod object, in core/v1's words.
import type { PodStatus, ProcessStatus } from '../runtime/protocol.ts';

export interface KubePodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly podIP: string;
  readonly containerStatuses: readonly ContainerStatus[];
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

export function kubePodStatus(pod: PodStatus, container: string): KubePodStatus {
  return {
    phase: phaseOf(pod),
    podIP: pod.podIP,
    containerStatuses: [containerStatus(container, pod.app), containerStatus('istio-proxy', pod.proxy)],
  };
}

function phaseOf({ app }: PodStatus): KubePodStatus['phase'] {
  if (app.phase === 'Pending') return 'Pending';
  if (app.phase !== 'Exited') return 'Running';
  return app.exitCode === 0 ? 'Succeeded' : 'Failed';
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
