// `down`: ends a mesh and takes back everything it changed on the host, also what a killed one left behind. The objects in
// its data folder stay.
import type { Command } from 'commander';
import { stopEverything } from '../../runtime/keeper/stop-everything.ts';
import type { Cli } from '../cli.ts';
import { removeDemoFiles } from '../demo/demo-settings.ts';
import { runningControlPlane, stopControlPlane } from '../lifecycle/control-plane-process.ts';
import { readUpSettings, removeUpSettings } from '../lifecycle/up-settings.ts';
import { addExamples } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  command.action(() => takeDown(cli));
  addExamples(command, cli, ['down', 'down --data ./mesh']);
}

export async function takeDown(cli: Cli): Promise<void> {
  const folder = cli.dataFolder();
  const running = await runningControlPlane(folder);
  if (running !== undefined) await stopControlPlane(running);
  const { undone, ended } = await stopEverything(folder);
  const demo = readUpSettings(folder)?.demo ?? undefined;
  removeUpSettings(folder);
  if (demo !== undefined) removeDemoFiles(folder, demo);
  for (const line of undone) cli.print(`undone: ${line}`);
  const nothing = running === undefined && ended === 0 && undone.length === 0;
  cli.print(nothing ? `no mesh was up in ${folder.path}` : `the mesh in ${folder.path} is down`);
}
