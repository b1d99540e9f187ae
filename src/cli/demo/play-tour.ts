// Plays the tour on a running demo: real commands in processes of their own, as a user runs them.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import pico from 'picocolors';
import { play, type TourResult } from '../../../demo/tour/play.ts';
import type { Outcome, Stage, Step } from '../../../demo/tour/step.ts';
import { tourChapters } from '../../../demo/tour/tour.ts';
import type { Cli } from '../cli.ts';
import { hasTool } from '../has-tool.ts';
import type { DemoSettings } from './demo-settings.ts';

const demoFolder = resolve(import.meta.dirname, '../../../demo');
const ownClient = join(demoFolder, 'client/curl.cjs');

export async function playTour(cli: Cli, { namespace, address }: DemoSettings): Promise<TourResult> {
  const stage: Stage = {
    namespace,
    curl: hasTool('curl') ? ['curl'] : ['node', ownClient],
    folder: relative(process.cwd(), demoFolder) || '.',
    internet: address,
  };
  const colours = pico.createColors(process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
  const paints = { title: colours.bold, command: colours.cyan, good: colours.green, bad: colours.red };
  const output = mkdtempSync(join(tmpdir(), 'sallyport-tour-'));
  try {
    return await play(tourChapters(stage), {
      program: cli.name,
      run: (step, signal) => runStep(cli, step, output, signal),
      print: (line) => cli.print(line),
      paint: (line, as) => paints[as](line),
      signal: cli.signal,
    });
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Its output goes to files, since what Node calls a pipe is a socket, and curl cannot open /dev/stderr where it is one. */
async function runStep(cli: Cli, step: Step, folder: string, signal: AbortSignal): Promise<Outcome> {
  const [program = '', ...words] =
    step.onHost === true ? step.command : [process.execPath, process.argv[1] ?? '', ...step.command];
  const files = ['stdout', 'stderr'].map((name) => join(folder, name));
  const outputs = files.map((file) => openSync(file, 'w'));
  const child = spawn(program, words, {
    env: step.onHost === true ? withoutProxy(process.env) : meshEnvironment(cli),
    signal,
    stdio: ['pipe', ...outputs],
  });
  for (const output of outputs) closeSync(output);
  child.stdin?.end(step.input);
  const code = await new Promise<number>((done, failed) => {
    child.once('error', failed);
    child.once('close', (exitCode) => done(exitCode ?? 1));
  });
  const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
  return { code, stdout, stderr };
}

function meshEnvironment(cli: Cli): NodeJS.ProcessEnv {
  return { ...process.env, SALLYPORT_DATA: cli.dataFolder().path, NO_COLOR: '1' };
}

/** The mesh's addresses are on this machine. */
function withoutProxy(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(http|https|all)_proxy$/i.test(name)));
}
