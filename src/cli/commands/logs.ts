// `logs`: what a workload printed, or the access log of its Envoy. Read from the files that the keeper names, so
// nothing is lost or delayed on the way. With --decisions what was stopped or left unregistered, as the mesh counted it.
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { PodBody } from '../../server/wire.ts';
import type { Cli } from '../cli.ts';
import { fittestPod } from '../fittest-pod.ts';
import { readLogFile } from '../log-file.ts';
import { addExamples, usageError } from '../usage.ts';
import { matchWorkload, noWorkload } from '../workload-name.ts';

interface LogsOptions {
  readonly container?: string;
  readonly tail?: number;
  readonly follow?: boolean;
  readonly selector?: string;
  readonly decisions?: boolean;
  readonly since?: string;
}

/** As kubectl: of many pods only the last lines, unless more are asked for. */
const tailOfSelection = 10;

export function register(command: Command, cli: Cli): void {
  command
    .argument('[workload]', 'NAME, deploy/NAME or pod/NAME')
    .argument('[container]', 'the same as -c')
    .option('-c, --container <name>', "istio-proxy for Envoy's access log, envoy for Envoy's own words")
    .option('--tail <lines>', 'only the last lines; -1 for all', lineCount)
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-l, --selector <labels>', 'all workloads with these labels, for example app=echo')
    .option('--decisions', 'what was blocked, left unregistered, or is only reported; of the whole mesh without a name')
    .option('--since <duration>', 'with --decisions: how far back, for example 5m')
    .action((workload: string | undefined, container: string | undefined, options: LogsOptions) =>
      logs(cli, workload, container === undefined ? options : { ...options, container }),
    );
  addExamples(command, cli, [
    'logs echo --tail 20',
    'logs deploy/echo -c istio-proxy -f',
    'logs -l gateway-name=egress,gateway-type=egress -c istio-proxy --tail 1',
    'logs --decisions -f',
    'logs echo --decisions --since 1h -o json',
  ]);
}

async function logs(cli: Cli, workload: string | undefined, options: LogsOptions): Promise<void> {
  const { tail = options.selector === undefined ? -1 : tailOfSelection, follow = false } = options;
  if (options.decisions === true) return decisions(cli, workload, { ...options, tail, follow });
  if (options.since !== undefined) throw usageError('--since goes with --decisions');
  const pods = await chosenPods(cli, workload, options.selector);
  const reading = { follow, signal: cli.signal, ...(tail < 0 ? {} : { tail }) };
  const files = pods.map((pod) => logFile(pod, options.container));
  if (follow) await Promise.all(files.map((file) => print(cli, file, reading)));
  else for (const file of files) await print(cli, file, reading);
}

async function decisions(
  cli: Cli,
  workload: string | undefined,
  options: LogsOptions & { readonly tail: number; readonly follow: boolean },
): Promise<void> {
  const { container, selector, since, tail, follow } = options;
  if (container !== undefined) throw usageError('-c and --decisions exclude each other');
  const { printDecisions } = await import('../decision-log.ts');
  await printDecisions(cli, {
    follow,
    ...(workload === undefined ? {} : { workload }),
    ...(selector === undefined ? {} : { selector }),
    ...(since === undefined ? {} : { since }),
    ...(tail < 0 ? {} : { tail }),
  });
}

async function chosenPods(
  cli: Cli,
  workload: string | undefined,
  selector: string | undefined,
): Promise<readonly PodBody[]> {
  const { namespace } = cli.options();
  if (selector !== undefined) {
    if (workload !== undefined) throw usageError('a name and -l exclude each other');
    const { pods } = await cli.api().pods({ namespace, labelSelector: selector });
    if (pods.length === 0) cli.warn(`No resources found in ${namespace} namespace.`);
    return pods;
  }
  if (workload === undefined) throw usageError('a workload is missing', 'write NAME, deploy/NAME, or -l LABELS');
  const { pods } = await cli.api().pods({});
  const found = matchWorkload(pods, namespace, workload);
  const one = fittestPod(found);
  if (one === undefined) throw noWorkload('workload', workload, namespace, pods);
  if (found.length > 1) cli.warn(`Found ${found.length} pods, using pod/${one.name}`);
  return [one];
}

/** Any other container name means the program: a workload has only the one. */
function logFile({ logs: files }: PodBody, container: string | undefined): string {
  if (container === 'istio-proxy') return files.access;
  return container === 'envoy' ? files.envoy : files.app;
}

async function print(cli: Cli, file: string, reading: Parameters<typeof readLogFile>[1]): Promise<void> {
  for await (const bytes of readLogFile(file, reading)) await cli.writeBytes(bytes);
}

function lineCount(text: string): number {
  if (!/^(-1|\d+)$/.test(text)) throw new InvalidArgumentError('not a number of lines');
  return Number(text);
}
