// The command line: names and global options of all commands; the one called is loaded and run, and whatever it
// throws becomes a sentence and an exit code. Exit 0 success, 1 failure, 2 wrong usage, 130 after Ctrl-C.
import { once } from 'node:events';
import { basename } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { dataFolder } from '../platform/data-folder.ts';
import { SallyportError } from '../platform/errors.ts';
import { packageVersion } from '../platform/version.ts';
import { createApiClient } from './api-client.ts';
import type { Cli, CommandEntry } from './cli.ts';
import { commandList } from './command-list.ts';
import { errorLines } from './error-lines.ts';
import { type Interrupt, interruptSignal } from './interrupt.ts';
import { endOnBrokenOutput, reportUncaught } from './last-resort.ts';
import { paintSeverity } from './output/colours.ts';

const names = ['sallyport', 'smm', 'backyards'];

/** Runs one command line (`process.argv`) and sets the process's exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  endOnBrokenOutput();
  const interrupt = interruptSignal();
  const program = new Command();
  const cli = createCli(program, calledName(argv), interrupt);
  configure(program, cli, commandList);
  try {
    if (argv.length <= 2) program.outputHelp();
    else await program.parseAsync(withHelpFlag(argv));
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? undefined : report(error, cli);
  }
  if (interrupt.signal.aborted) process.exitCode ??= interrupt.exitCode();
  interrupt.release();
}

/** `help get` means `get --help`. */
function withHelpFlag(argv: readonly string[]): readonly string[] {
  const [node = '', script = '', word, ...rest] = argv;
  return word === 'help' ? [node, script, ...rest, '--help'] : argv;
}

function calledName(argv: readonly string[]): string {
  const called = basename(argv[1] ?? '', '.cjs');
  return names.includes(called) ? called : 'sallyport';
}

function createCli(program: Command, name: string, { signal, release }: Interrupt): Cli {
  const option = (key: string): string | undefined => {
    const value: unknown = program.opts()[key];
    return typeof value === 'string' ? value : undefined;
  };
  const folder = () => dataFolder(option('data'));
  return {
    name,
    signal,
    takeSignals: release,
    options: () => {
      const namespace = option('namespace');
      const output = option('output');
      return {
        namespace: namespace ?? 'default',
        namespaceGiven: namespace !== undefined,
        ...(output === undefined ? {} : { output }),
      };
    },
    dataFolder: folder,
    api: (other = signal) => createApiClient(folder(), name, other),
    write: (text) => void process.stdout.write(text),
    writeBytes: async (bytes) => {
      if (!process.stdout.write(bytes)) await once(process.stdout, 'drain', { signal });
    },
    print: (line) => void process.stdout.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${paintSeverity(line)}\n`),
    progress: (line) => void (process.stderr.isTTY && process.stderr.write(`${line}\n`)),
  };
}

function configure(program: Command, cli: Cli, entries: readonly CommandEntry[]): void {
  program
    .name(cli.name)
    .description('Governs what leaves a service mesh.')
    .version(packageVersion(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('-n, --namespace <name>', "namespace of objects and workloads (default 'default')")
    .option('--data <dir>', "data folder of the mesh (default SALLYPORT_DATA, else the user's state folder)")
    .option('-o, --output <format>', 'form of the output, where there is a choice')
    .option('--kubeconfig <file>', 'work on a cluster instead of the local mesh')
    .option('--context <name>', 'context of the kubeconfig')
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false) // it would show a command that is not loaded yet; withHelpFlag() does it
    .exitOverride()
    .hook('preSubcommand', async (_, command) => {
      refuseCluster(program);
      const entry = entries.find(({ name }) => name === command.name());
      if (entry === undefined) return;
      if (!entry.background) reportUncaught();
      (await entry.load()).register(command, cli);
    });
  for (const { name, summary, aliases, background = false } of entries) {
    // Settings such as exitOverride are copied to the subcommand by program.command().
    program
      .command(name, { hidden: background })
      .description(summary)
      .aliases(aliases ?? []);
  }
}

function refuseCluster(program: Command): void {
  const { kubeconfig, context } = program.opts();
  if (kubeconfig === undefined && context === undefined) return;
  const hint = 'leave --kubeconfig and --context out to work on the local mesh';
  throw new SallyportError('SP_NOT_BUILT', 'working on a cluster is not built yet', { hint });
}

/** Prints what was thrown and returns the exit code. */
function report(error: unknown, cli: Cli): number {
  // Commander has printed its own words by now, on the right stream; an action's words it has not.
  if (error instanceof InvalidArgumentError) cli.warn(`error: ${error.message}`);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  for (const line of errorLines(error)) cli.warn(line);
  return error instanceof SallyportError ? error.exitCode : 1;
}
