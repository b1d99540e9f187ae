// `install` and `uninstall`: without a cluster they mean the mesh of this machine: `install -a --run-demo` is `demo`,
// `install -a` is `up --detach`, `uninstall -a` is `down`.
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { bringUp } from '../lifecycle/bring-up.ts';
import { addExamples, usageError } from '../usage.ts';
import { captureOption, type DemoOptions, demo, givenSettings } from './demo.ts';

interface InstallOptions extends Omit<DemoOptions, 'tour'> {
  readonly installEverything?: boolean;
  readonly runDemo?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .option('-a, --install-everything', 'all that the product needs; on this machine there is nothing else')
    .option('--run-demo', 'the demo application too, with its load: the same as `demo`')
    .addOption(captureOption())
    .option('--listen <address>', 'of the HTTP API and dashboard (default 127.0.0.1:50500)')
    .option('--envoy <path>', 'the Envoy to run (default SALLYPORT_ENVOY, PATH, or fetched)')
    .option('--no-open', 'do not open the dashboard in a browser')
    .action((options: InstallOptions) => install(cli, options));
  addExamples(command, cli, ['install -a --run-demo', 'install -a']);
}

async function install(cli: Cli, { installEverything, runDemo, ...options }: InstallOptions): Promise<void> {
  if (runDemo === true) return demo(cli, options);
  if (installEverything !== true) {
    throw usageError('installing on a cluster is not built yet', `on this machine: ${cli.name} install -a`);
  }
  await bringUp(cli, { given: givenSettings(options), detach: true });
}
