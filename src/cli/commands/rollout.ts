// `rollout`: whether the pods of a Deployment are those of its last change, and a replacement of them all.
import { type Command, InvalidArgumentError } from 'commander';
import { failureCondition } from '../../api/deployment-conditions.ts';
import type { Deployment } from '../../api/kinds/deployment.ts';
import { restartedAtAnnotation } from '../../api/restart-annotation.ts';
import { SallyportError } from '../../platform/errors.ts';
import { printedName } from '../../server/kind-names.ts';
import type { Cli } from '../cli.ts';
import { type DeploymentTarget, deploymentTargets, isDeployment } from '../deployment-targets.ts';
import { rolloutProgress } from '../rollout-progress.ts';
import { addExamples } from '../usage.ts';

interface StatusOptions {
  readonly watch: boolean;
  readonly timeout?: number;
}

const unitMs = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

export function register(command: Command, cli: Cli): void {
  const status = command
    .command('status')
    .description('wait until all pods are those of the last change')
    .argument('<deployment...>', 'deployment/NAME')
    .option('--no-watch', 'only say how far it is')
    .option('--timeout <duration>', 'give up after, for instance 90s or 5m', duration)
    .action(async (words: readonly string[], options: StatusOptions) => {
      for (const target of await deploymentTargets(cli, words)) await showStatus(cli, target, options);
    });
  addExamples(status, cli, ['rollout status deployment/echo', 'rollout status deploy/echo --timeout 60s']);
  const restart = command
    .command('restart')
    .description('replace all pods, one by one')
    .argument('<deployment...>', 'deployment/NAME')
    .action((words: readonly string[]) => restartAll(cli, words));
  addExamples(restart, cli, ['rollout restart deployment/echo']);
}

async function restartAll(cli: Cli, words: readonly string[]): Promise<void> {
  const annotations = { [restartedAtAnnotation]: new Date().toISOString() };
  for (const { kind, namespace, name, names } of await deploymentTargets(cli, words)) {
    await cli.api().patch(kind, namespace, name, { spec: { template: { metadata: { annotations } } } });
    cli.print(`${printedName(names, name)} restarted`);
  }
}

async function showStatus(cli: Cli, target: DeploymentTarget, { watch, timeout }: StatusOptions): Promise<void> {
  const timeLimit = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  const said = new Set<string>();
  try {
    for await (const deployment of versions(cli, target, timeLimit)) {
      const { done, stuck, text } = rolloutProgress(deployment);
      if (stuck) throw new SallyportError('SP_ROLLOUT', text, failureHint(deployment));
      if (!said.has(text)) cli.print(text);
      said.add(text);
      if (done || !watch) return;
    }
  } catch (error) {
    if (timeLimit?.aborted !== true) throw error;
    throw new SallyportError('SP_ROLLOUT', 'timed out waiting for the condition', await lastFailure(cli, target));
  }
  throw new SallyportError('SP_ROLLOUT', `deployment "${target.name}" was deleted`);
}

/** The Deployment as it is and after each change. */
async function* versions(
  cli: Cli,
  { kind, namespace, name }: DeploymentTarget,
  signal: AbortSignal | undefined,
): AsyncGenerator<Deployment> {
  const api = cli.api(signal);
  const { names, items, resourceVersion } = await api.objects(kind, { namespace, name });
  for (const object of items) if (isDeployment(names, object)) yield object;
  for await (const { events } of api.watchObjects(kind, { namespace }, resourceVersion)) {
    for (const { type, object } of events) {
      if (object?.metadata.name !== name || !isDeployment(names, object)) continue;
      if (type === 'DELETED') return;
      yield object;
    }
  }
}

async function lastFailure(cli: Cli, { kind, namespace, name }: DeploymentTarget): Promise<{ hint?: string }> {
  const { names, items } = await cli.api().objects(kind, { namespace, name });
  const [object] = items;
  return object !== undefined && isDeployment(names, object) ? failureHint(object) : {};
}

/** What keeps its pods from running, if it is known. */
function failureHint({ status }: Deployment): { hint?: string } {
  const failure = status?.conditions?.find(({ type }) => type === failureCondition);
  return failure === undefined ? {} : { hint: `${failure.reason}: ${failure.message}` };
}

function duration(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)([smh])?$/.exec(text) ?? [];
  const factor = unitMs.get(unit);
  if (digits === undefined || factor === undefined) throw new InvalidArgumentError('not a duration; write 90s or 5m');
  return Number(digits) * factor;
}
