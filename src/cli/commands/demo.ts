// `demo`: everything at once: a mesh, an application, an internet to call, load. Stays until Ctrl-C and takes everything
// down; --tour plays the story step by step, checks each outcome and ends.
import { type Command, Option } from 'commander';
import { SallyportError } from '../../platform/errors.ts';
import type { Cli } from '../cli.ts';
import type { DemoSettings } from '../demo/demo-settings.ts';
import { playTour } from '../demo/play-tour.ts';
import { type DemoRequest, startDemo } from '../demo/start-demo.ts';
import { whatToTry } from '../demo/what-to-try.ts';
import { hasTool } from '../has-tool.ts';
import { runningControlPlane } from '../lifecycle/control-plane-process.ts';
import { untilDown } from '../lifecycle/until-down.ts';
import { parseListen, readUpSettings } from '../lifecycle/up-settings.ts';
import { openBrowser } from '../open-browser.ts';
import { addExamples } from '../usage.ts';
import { takeDown } from './down.ts';

export interface DemoOptions {
  readonly tour?: boolean;
  readonly capture?: 'auto' | 'redirect' | 'proxy';
  readonly listen?: string;
  readonly envoy?: string;
  readonly open?: boolean;
}

const demoNamespace = 'backyards-demo';

export function register(command: Command, cli: Cli): void {
  command
    .option('--tour', 'play the story step by step, check each outcome, and end')
    .addOption(captureOption())
    .option('--listen <address>', 'of the HTTP API and dashboard (default 127.0.0.1:50500)')
    .option('--envoy <path>', 'the Envoy to run (default SALLYPORT_ENVOY, PATH, or fetched)')
    .option('--no-open', 'do not open the dashboard in a browser')
    .action((options: DemoOptions) => demo(cli, options));
  addExamples(command, cli, [
    'demo',
    'demo --tour',
    'demo --namespace smm-demo --listen 127.0.0.1:50501 --data ./demo',
  ]);
}

export function captureOption(): Option {
  return new Option('--capture <way>', 'how traffic reaches the proxies (default auto)').choices([
    'auto',
    'redirect',
    'proxy',
  ]);
}

export async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const given = givenSettings(options);
  const running = options.tour === true ? await runningDemo(cli) : undefined;
  if (running !== undefined) return tour(cli, running);

  const { namespace, namespaceGiven } = cli.options();
  const name = namespaceGiven ? namespace : demoNamespace;
  const started = await startOrTakeBack(cli, { namespace: name, given });
  try {
    if (options.tour === true) await tour(cli, started);
    else {
      if (options.open !== false) openBrowser(pageAddress(cli));
      for (const line of whatToTry(cli.name, name, hasTool('curl') ? 'curl' : 'node demo/client/curl.cjs'))
        cli.print(line);
      cli.print('Ctrl-C takes it down');
      await untilDown(cli.dataFolder(), cli.signal);
    }
  } finally {
    await takeDown(cli);
  }
}

async function startOrTakeBack(cli: Cli, request: DemoRequest): Promise<DemoSettings> {
  try {
    return await startDemo(cli, request);
  } catch (error) {
    const isOurs = !(error instanceof SallyportError && error.code === 'SP_ALREADY_UP');
    if (isOurs) await takeDown(cli);
    throw error;
  }
}

/** The demo that is up in this data folder. */
async function runningDemo(cli: Cli): Promise<DemoSettings | undefined> {
  if ((await runningControlPlane(cli.dataFolder())) === undefined) return undefined;
  return readUpSettings(cli.dataFolder())?.demo ?? undefined;
}

async function tour(cli: Cli, demo: DemoSettings): Promise<void> {
  const { held, failed } = await playTour(cli, demo);
  cli.print('');
  cli.print(failed === 0 ? `All ${held} checks held.` : `${failed} of ${held + failed} checks did not hold.`);
  if (failed > 0) process.exitCode = 1;
}

/** Throws SallyportError for an address that cannot be listened on. */
export function givenSettings({ listen, capture, envoy }: DemoOptions): DemoRequest['given'] {
  if (listen !== undefined) parseListen(listen);
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(capture === undefined ? {} : { capture }),
    ...(envoy === undefined ? {} : { envoy }),
  };
}

function pageAddress(cli: Cli): string {
  return `http://${readUpSettings(cli.dataFolder())?.listen}/`;
}
