// How far the rollout of a Deployment is, in kubectl's words. Pure.
import type { Deployment } from '../api/kinds/deployment.ts';

export interface RolloutProgress {
  readonly done: boolean;
  /** It will not go on by itself. */
  readonly stuck: boolean;
  readonly text: string;
}

export function rolloutProgress({ metadata, spec, status }: Deployment): RolloutProgress {
  const { replicas: wanted = 1 } = spec;
  const name = `deployment "${metadata.name}"`;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status ?? {};
  const waiting = (why: string) => ({ done: false, stuck: false, text: `Waiting for ${name} ${why}...` });
  if (observedGeneration < (metadata.generation ?? 0)) {
    return { done: false, stuck: false, text: 'Waiting for deployment spec update to be observed...' };
  }
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { done: false, stuck: true, text: `${name} exceeded its progress deadline` };
  }
  if (updatedReplicas < wanted) {
    return waiting(`rollout to finish: ${updatedReplicas} out of ${wanted} new replicas have been updated`);
  }
  if (replicas > updatedReplicas) {
    return waiting(`rollout to finish: ${replicas - updatedReplicas} old replicas are pending termination`);
  }
  if (availableReplicas < updatedReplicas) {
    return waiting(`rollout to finish: ${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  }
  return { done: true, stuck: false, text: `${name} successfully rolled out` };
}
