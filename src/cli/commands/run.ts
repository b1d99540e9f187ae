// `run`: any program of this machine as a workload of the mesh. It becomes a Pod object; in the foreground its output is
// shown and the Pod goes with it, with --detach it stays.
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { KubeObject } from '../../api/object.ts';
import { hasErrors } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { PodBody } from '../../server/wire.ts';
import { ApiError } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { readLogFile } from '../log-file.ts';
import { addExamples, collect, usageError } from '../usage.ts';

interface RunOptions {
  readonly name: string;
  readonly label?: readonly string[];
  readonly port?: readonly string[];
  readonly env?: readonly string[];
  readonly serviceAccount?: string;
  readonly detach?: boolean;
}

const startTimeoutMs = 30_000;
const pollMs = 20;

export function register(command: Command, cli: Cli): void {
  command
    .argument('[command...]', 'after --')
    .requiredOption('--name <name>', 'name of the workload')
    .option('--label <key=value>', 'label of the workload; may be repeated', collect)
    .option('--port <port[:name]>', 'a port it listens on, for instance 8080:http; may be repeated', collect)
    .option('--env <key=value>', 'environment variable; may be repeated', collect)
    .option('--service-account <name>', 'its identity (default default)')
    .option('--detach', 'leave it running and return when its sidecar is ready')
    .usage('--name NAME [options] -- COMMAND [ARGUMENT…]')
    .action((words: readonly string[], options: RunOptions) => run(cli, words, options));
  addExamples(command, cli, [
    'run --name echo --port 8080:http -- python3 -m http.server 8080',
    'run --name shell --detach -n shop --label app=shell -- sleep infinity',
  ]);
}

async function run(cli: Cli, words: readonly string[], options: RunOptions): Promise<void> {
  if (words.length === 0) throw usageError('a command is missing', `${cli.name} run --name ${options.name} -- COMMAND`);
  const { namespace } = cli.options();
  const pod = podObject(namespace, words, options);
  const { results } = await cli.api().apply([pod]);
  const diagnostics = results.flatMap((result) => result.diagnostics);
  for (const line of diagnosticLines(diagnostics)) cli.warn(line);
  if (hasErrors(diagnostics)) {
    process.exitCode = 1;
    return;
  }
  if (options.detach === true) {
    await started(cli, namespace, options.name);
    cli.print(`pod/${options.name} running in namespace ${namespace}`);
    return;
  }
  try {
    const running = await started(cli, namespace, options.name);
    process.exitCode = await show(cli, running);
  } finally {
    // The signal may be what ended it: this call has to come through all the same.
    await cli.api(AbortSignal.timeout(10_000)).delete('Pod', namespace, options.name).catch(ignoreAbsent);
  }
}

function podObject(namespace: string, words: readonly string[], options: RunOptions): KubeObject {
  const ports = (options.port ?? []).map(parsePort);
  const env = (options.env ?? []).map((pair) => parsePair(pair, '--env'));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: options.name,
      namespace,
      labels: {
        app: options.name,
        ...Object.fromEntries((options.label ?? []).map((pair) => parsePair(pair, '--label'))),
      },
    },
    spec: {
      containers: [
        {
          name: options.name,
          command: [...words],
          workingDir: process.cwd(),
          ...(ports.length === 0 ? {} : { ports }),
          ...(env.length === 0 ? {} : { env: env.map(([name, value]) => ({ name, value })) }),
        },
      ],
      ...(options.serviceAccount === undefined ? {} : { serviceAccountName: options.serviceAccount }),
      restartPolicy: options.detach === true ? 'Always' : 'Never',
    },
  };
}

/** The pod once its sidecar is ready and the program was started, however that went on. */
async function started(cli: Cli, namespace: string, name: string): Promise<PodBody> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    const pod = await podOf(cli, namespace, name);
    if (pod !== undefined && pod.app.phase !== 'Pending') {
      if (pod.app.phase !== 'CrashLoopBackOff') return pod;
      throw new SallyportError('SP_RUN', `${name} does not run: ${pod.app.reason ?? pod.app.phase}`, {
        hint: `see ${cli.name} logs ${name} -n ${namespace}`,
      });
    }
    await delay(pollMs, undefined, { signal: cli.signal });
  }
  throw new SallyportError('SP_RUN', `${name} was not running within ${startTimeoutMs / 1000} s`, {
    hint: `see ${cli.name} describe pod ${name} -n ${namespace}`,
  });
}

async function podOf(cli: Cli, namespace: string, name: string): Promise<PodBody | undefined> {
  const { pods } = await cli.api().pods({ namespace });
  return pods.find((pod) => pod.name === name);
}

/** Shows the program's output until it ends or Ctrl-C; answers its exit code. */
async function show(cli: Cli, pod: PodBody): Promise<number> {
  const ended = new AbortController();
  let shown = 0;
  const output = (async () => {
    for await (const bytes of readLogFile(pod.logs.app, { follow: true, signal: ended.signal })) {
      await cli.writeBytes(bytes);
      shown += bytes.length;
    }
  })();
  try {
    for (;;) {
      const now = await podOf(cli, pod.namespace, pod.name);
      if (now === undefined) return 0;
      if (now.app.phase === 'Exited') {
        const written = statSync(pod.logs.app, { throwIfNoEntry: false })?.size ?? 0;
        if (shown >= written) return now.app.exitCode ?? 1;
      }
      await delay(pollMs, undefined, { signal: cli.signal });
    }
  } catch (error) {
    if (cli.signal.aborted) return 130;
    throw error;
  } finally {
    ended.abort();
    await output;
  }
}

function parsePort(text: string) {
  const [digits = '', name] = text.split(':');
  const containerPort = Number(digits);
  if (!/^\d{1,5}$/.test(digits) || containerPort < 1 || containerPort > 65_535) {
    throw new InvalidArgumentError(`not a port: ${text}`);
  }
  return { containerPort, ...(name === undefined ? {} : { name }) };
}

function parsePair(text: string, flag: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw usageError(`${flag} wants key=value, not ${text}`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function ignoreAbsent(error: unknown): void {
  if (
    !(error instanceof ApiError && error.status === 404) &&
    !(error instanceof SallyportError && error.code === 'SP_NOT_UP')
  )
    throw error;
}
