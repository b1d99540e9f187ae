// Plays the tour on a running demo: real commands in processes of their own, as a user runs them.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import pico from 'picocolors';
import { play, type TourResult } from '../../../demo/tour/play.ts';
import type { Outcome, Stage } from '../../../demo/tour/step.ts';
import { tourChapters } from '../../../demo/tour/tour.ts';
import type { Cli } from '../cli.ts';
import { hasTool } from '../has-tool.ts';

const ownClient = resolve(import.meta.dirname, '../../../demo/client/curl.cjs');

export async function playTour(cli: Cli, namespace: string): Promise<TourResult> {
  const stage: Stage = { namespace, curl: hasTool('curl') ? ['curl'] : ['node', ownClient] };
  const colours = pico.createColors(process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
  const paints = { title: colours.bold, command: colours.cyan, good: colours.green, bad: colours.red };
  return play(tourChapters(stage), {
    program: cli.name,
    run: (command, input, signal) => runCommand(cli, command, input, signal),
    print: (line) => cli.print(line),
    paint: (line, as) => paints[as](line),
    signal: cli.signal,
  });
}

async function runCommand(
  cli: Cli,
  command: readonly string[],
  input: string | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const env = { ...process.env, SALLYPORT_DATA: cli.dataFolder().path, NO_COLOR: '1' };
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...command], { env, signal, stdio: 'pipe' });
  child.stdin.end(input);
  const ended = new Promise<number>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done(code ?? 1));
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
