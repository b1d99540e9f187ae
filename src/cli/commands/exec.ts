// `exec`: a command inside a workload: its network, its sidecar, its user. Streams and exit code pass through.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import type { ExecPlan } from '../../runtime/protocol.ts';
import type { Cli } from '../cli.ts';
import { fittestPod } from '../fittest-pod.ts';
import { addExamples, usageError } from '../usage.ts';
import { matchWorkload, noWorkload } from '../workload-name.ts';

interface ExecOptions {
  readonly container?: string;
}

/** As shells and `env` have it. */
const commandNotFound = 127;

export function register(command: Command, cli: Cli): void {
  command
    .argument('<workload>', 'NAME, deploy/NAME or pod/NAME')
    .argument('[command...]', 'after --')
    .option('-i, --stdin', 'as in kubectl; standard input is always passed')
    .option('-t, --tty', 'as in kubectl; the terminal is always passed')
    .option('-c, --container <name>', "as in kubectl; a workload's program is its only container")
    .usage('[options] <workload> -- COMMAND [ARGUMENT…]')
    .action((workload: string, words: readonly string[], options: ExecOptions) => exec(cli, workload, words, options));
  addExamples(command, cli, ['exec echo -- curl -i http://httpbin.org/', 'exec -ti deploy/echo -n shop -- sh']);
}

async function exec(cli: Cli, typed: string, words: readonly string[], options: ExecOptions): Promise<void> {
  if (words.length === 0) throw usageError('a command is missing', `${cli.name} exec ${typed} -- COMMAND`);
  if (options.container === 'istio-proxy') throw usageError('a sidecar has no shell', 'leave -c out');
  const { namespace } = cli.options();
  const { pods } = await cli.api().pods({});
  const found = matchWorkload(pods, namespace, typed);
  const pod = fittestPod(found);
  if (pod === undefined) throw noWorkload('workload', typed, namespace, pods);
  process.exitCode = await run(cli, await cli.api().execPlan(pod.namespace, pod.name), words);
}

/** The exit code as a shell has it: 128 and the signal's number for a program that a signal ended. */
function run(cli: Cli, plan: ExecPlan, words: readonly string[]): Promise<number> {
  const [program = '', ...args] = [...plan.argv, ...words];
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal: NodeJS.Signals) => {
    // A terminal gives Ctrl-C to the whole group: the program has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  // Before the program starts: a signal must find it and never end this process alone.
  for (const signal of signals) process.on(signal, forward);
  cli.takeSignals();
  const { env, cwd } = plan;
  const child = spawn(program, args, { stdio: 'inherit', env, ...(cwd !== undefined && { cwd }) });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      const notFound = plan.argv.length === 0 && systemCode(cause) === 'ENOENT';
      if (notFound) cli.warn(`error: ${program}: no such command, or no folder ${cwd}`);
      if (notFound) resolve(commandNotFound);
      else reject(startError(program, cause));
    });
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function startError(program: string, cause: unknown): SallyportError {
  const why = systemCode(cause) === 'ENOENT' ? 'it is not installed' : String(systemCode(cause));
  return new SallyportError('SP_EXEC', `cannot start ${program}: ${why}`, { cause });
}
