// A Deployment and its pods -> its status, in apps/v1's words. Times stand still while nothing changes, so that an equal
// state is an equal status. Pure.
import { failureCondition } from '../../api/deployment-conditions.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../api/kinds/deployment.ts';
import { rolloutBounds } from '../../api/kinds/deployment-strategy.ts';
import type { PodFailure, PodState } from './pod-state.ts';

export interface StatusInput {
  readonly deployment: Deployment;
  readonly current: readonly PodState[];
  readonly old: readonly PodState[];
  /** What keeps pods from running, if anything does. */
  readonly failure: PodFailure | undefined;
  readonly now: number;
}

type Told = Pick<DeploymentCondition, 'type'> & Required<Pick<DeploymentCondition, 'status' | 'reason' | 'message'>>;

const usualDeadlineSeconds = 600;

export function deploymentStatus(input: StatusInput): DeploymentStatus {
  const { deployment, current, old, failure, now } = input;
  const before = deployment.status;
  const all = [...current, ...old];
  const available = all.filter((state) => state.available).length;
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: all.length,
    updatedReplicas: current.length,
    readyReplicas: all.filter(({ ready }) => ready).length,
    availableReplicas: available,
    unavailableReplicas: all.length - available,
  };
  const moved = Object.entries(counts).some(([field, count]) => before?.[field] !== count);
  const told = [
    availability(deployment, available),
    progress(input, counts, moved),
    ...(failure === undefined ? [] : [{ type: failureCondition, status: 'True', ...failure }]),
  ];
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return { ...counts, conditions: told.map((condition) => withTimes(condition, before, time, moved)) };
}

/** Milliseconds until a rollout that does not move is called stuck; undefined when it is done or stuck already. */
export function deadlineMs({ metadata, spec, status }: Deployment, now: number): number | undefined {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason !== 'ReplicaSetUpdated' || status?.observedGeneration !== metadata.generation)
    return undefined;
  const since = Date.parse(progressing.lastUpdateTime ?? '');
  const seconds =
    typeof spec.progressDeadlineSeconds === 'number' ? spec.progressDeadlineSeconds : usualDeadlineSeconds;
  return Number.isNaN(since) ? undefined : Math.max(0, since + seconds * 1000 - now);
}

function availability({ spec }: Deployment, available: number): Told {
  const replicas = spec.replicas ?? 1;
  const enough = available >= replicas - rolloutBounds(spec.strategy, replicas).unavailable;
  return {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  };
}

function progress({ deployment, now }: StatusInput, counts: DeploymentStatus, moved: boolean): Told {
  const { replicas = 1, paused = false } = deployment.spec;
  const name = `Deployment "${deployment.metadata.name}"`;
  const type = 'Progressing';
  if (paused) return { type, status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  const done =
    counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas;
  if (done) {
    return { type, status: 'True', reason: 'NewReplicaSetAvailable', message: `${name} has successfully progressed.` };
  }
  const before = deployment.status?.conditions?.find((condition) => condition.type === type);
  const late = before?.reason === 'ProgressDeadlineExceeded' || deadlineMs(deployment, now) === 0;
  if (late && !moved) {
    return { type, status: 'False', reason: 'ProgressDeadlineExceeded', message: `${name} has timed out progressing.` };
  }
  return { type, status: 'True', reason: 'ReplicaSetUpdated', message: `${name} is progressing.` };
}

/** `moved`: the rollout made progress, which counts as news of the condition that tells of it. */
function withTimes(told: Told, status: DeploymentStatus | undefined, now: string, moved: boolean): DeploymentCondition {
  const before = status?.conditions?.find(({ type }) => type === told.type);
  const same = before?.status === told.status && before.reason === told.reason && before.message === told.message;
  const news = !same || (moved && told.type === 'Progressing');
  return {
    ...told,
    lastUpdateTime: (news ? undefined : before?.lastUpdateTime) ?? now,
    lastTransitionTime: (before?.status === told.status ? before.lastTransitionTime : undefined) ?? now,
  };
}
