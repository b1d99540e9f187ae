// `dashboard`: where the mesh's page is, and a browser on it where there is one.
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { readUpSettings } from '../lifecycle/up-settings.ts';
import { openBrowser } from '../open-browser.ts';
import { addExamples } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  command
    .option('--no-open', 'only say where it is')
    .action((options: { readonly open?: boolean }) => dashboard(cli, options.open !== false));
  addExamples(command, cli, ['dashboard']);
}

async function dashboard(cli: Cli, open: boolean): Promise<void> {
  await cli.api().info(); // says so if no mesh is up
  const url = `http://${readUpSettings(cli.dataFolder())?.listen}/`;
  const opened = open && openBrowser(url);
  cli.print(opened ? `Opening Sallyport UI at ${url}` : `Sallyport UI at ${url}`);
}
