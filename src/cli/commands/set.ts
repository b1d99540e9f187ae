// `set env`: the environment of a Deployment's program. A change of it replaces the pods one by one.
import type { Command } from 'commander';
import { printedName } from '../../server/kind-names.ts';
import type { Cli } from '../cli.ts';
import { type DeploymentTarget, deploymentTargets } from '../deployment-targets.ts';
import { changeEnvironment, type EnvironmentChanges, parseEnvironment, splitWords } from '../environment-changes.ts';
import { ownerNote } from '../owner-note.ts';
import { addExamples, usageError } from '../usage.ts';

interface EnvOptions {
  readonly container?: string;
  readonly list?: boolean;
  readonly all?: boolean;
}

export function register(command: Command, cli: Cli): void {
  const env = command
    .command('env')
    .description('set, remove or list environment variables of Deployments')
    .argument('<deployment...>', 'deployment/NAME, then KEY=VALUE to set and KEY- to remove')
    .option('-c, --container <name>', 'of this container only')
    .option('--list', 'show the variables')
    .option('--all', 'all Deployments of the namespace: set env deployments --all KEY=VALUE')
    .usage('[options] deployment/NAME… [KEY=VALUE…] [KEY-…]')
    .action((words: readonly string[], options: EnvOptions) => setEnv(cli, words, options));
  addExamples(env, cli, [
    `set env deployment/notifications-v1 'REQUESTS=http://httpbin.org/get#1'`,
    'set env deploy/echo -n shop LEVEL=debug OLD-',
    'set env deploy/echo --list',
  ]);
}

async function setEnv(cli: Cli, words: readonly string[], options: EnvOptions): Promise<void> {
  const [objects, pairs] = splitWords(words);
  const changes = parseEnvironment(pairs);
  if (pairs.length === 0 && !options.list) {
    throw usageError('no variable is given', 'write KEY=VALUE, KEY- or --list');
  }
  for (const target of await deploymentTargets(cli, objects, options.all)) {
    if (pairs.length > 0) await change(cli, target, changes, options.container);
    else list(cli, target, options.container);
  }
}

async function change(
  cli: Cli,
  target: DeploymentTarget,
  changes: EnvironmentChanges,
  container: string | undefined,
): Promise<void> {
  const { kind, namespace, name, names } = target;
  const chosen = new Set(containersOf(target, container));
  const { containers: before } = target.object.spec.template.spec;
  // A merge patch replaces a list as a whole.
  const containers = before.map((one) => (chosen.has(one) ? changeEnvironment(one, changes) : one));
  await cli.api().patch(kind, namespace, name, { spec: { template: { spec: { containers } } } });
  cli.print(`${printedName(names, name)} env updated`);
  ownerNote(cli, target, 'spec.additionalEnvVars');
}

function list(cli: Cli, target: DeploymentTarget, container: string | undefined): void {
  for (const { name, env = [] } of containersOf(target, container)) {
    cli.print(`# ${target.names.plural} ${target.name}, container ${name}`);
    for (const { name: key, value, valueFrom } of env) {
      cli.print(valueFrom === undefined ? `${key}=${value ?? ''}` : `# ${key} from elsewhere`);
    }
  }
}

function containersOf({ name, object }: DeploymentTarget, container: string | undefined) {
  const { containers } = object.spec.template.spec;
  const chosen = containers.filter((one) => container === undefined || one.name === container);
  if (chosen.length > 0) return chosen;
  const hint = `it has ${containers.map((one) => one.name).join(', ')}`;
  throw usageError(`deployment ${name} has no container '${container}'`, hint);
}
