// Waits until Deployments have all their pods, showing how far it is; names those that fail, with the reason.

import { failureCondition } from '../../api/deployment-conditions.ts';
import { deploymentKind } from '../../api/kinds/deployment.ts';
import type { KubeObject } from '../../api/object.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { Cli } from '../cli.ts';
import { createLiveLine } from '../output/live-line.ts';

const patienceMs = 90_000;

export async function workloadsReady(cli: Cli, namespace: string, names: readonly string[]): Promise<void> {
  const signal = AbortSignal.any([cli.signal, AbortSignal.timeout(patienceMs)]);
  const waiting = new Map<string, string>(names.map((name) => [name, 'has not started']));
  const line = createLiveLine();
  const look = (object: KubeObject | undefined) => {
    const deployment = deploymentKind.schema.safeParse(object);
    if (!deployment.success) return;
    const { metadata, spec, status } = deployment.data;
    const available = (status?.availableReplicas ?? 0) >= (spec.replicas ?? 1);
    if (available) waiting.delete(metadata.name);
    else if (names.includes(metadata.name)) {
      const failure = status?.conditions?.find(({ type }) => type === failureCondition);
      waiting.set(metadata.name, failure?.message ?? 'is not ready');
    }
    line.show(`starting workloads: ${names.length - waiting.size} of ${names.length} ready`);
  };
  try {
    const api = cli.api(signal);
    const { items, resourceVersion } = await api.objects('deployments', { namespace });
    for (const item of items) look(item);
    if (waiting.size === 0) return;
    for await (const { events } of api.watchObjects('deployments', { namespace }, resourceVersion)) {
      for (const { object } of events) look(object);
      if (waiting.size === 0) return;
    }
  } catch (error) {
    if (cli.signal.aborted || !signal.aborted) throw error;
  } finally {
    line.end();
  }
  cli.signal.throwIfAborted();
  const [[name, why] = ['', '']] = waiting;
  throw new SallyportError(
    'SP_DEMO',
    `${waiting.size} of ${names.length} workloads did not become ready; ${name} ${why}`,
    {
      hint: `see: ${cli.name} get deployments -n ${namespace}`,
    },
  );
}
