// `scale`: the number of a Deployment's pods.
import { type Command, InvalidArgumentError } from 'commander';
import { printedName } from '../../server/kind-names.ts';
import type { Cli } from '../cli.ts';
import { deploymentTargets } from '../deployment-targets.ts';
import { ownerNote } from '../owner-note.ts';
import { addExamples } from '../usage.ts';

interface ScaleOptions {
  readonly replicas: number;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('<deployment...>', 'deployment/NAME')
    .requiredOption('--replicas <number>', 'how many pods there are to be', podCount)
    .action((words: readonly string[], options: ScaleOptions) => scale(cli, words, options));
  addExamples(command, cli, ['scale deployment/echo --replicas 3', 'scale deploy/echo --replicas=0 -n shop']);
}

async function scale(cli: Cli, words: readonly string[], { replicas }: ScaleOptions): Promise<void> {
  for (const target of await deploymentTargets(cli, words)) {
    const { kind, namespace, name, names } = target;
    await cli.api().patch(kind, namespace, name, { spec: { replicas } });
    cli.print(`${printedName(names, name)} scaled`);
    ownerNote(cli, target, 'spec.replicaCount');
  }
}

function podCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('not a number of pods');
  return Number(text);
}
