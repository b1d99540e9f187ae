// Brings a mesh up step by step: settings, what this machine can do, Envoy, the keeper, the control plane. Whatever of it
// is there already is kept; what is missing or differs is started or applied, and named.
import type { ControlPlane } from '../../main.ts';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import { findEnvoy } from '../../runtime/envoy-supply/find-envoy.ts';
import { captureInForce } from '../../runtime/keeper/keeper-files.ts';
import { type EnsureKeeperOptions, ensureKeeper } from '../../runtime/keeper/spawn.ts';
import { stopEverything } from '../../runtime/keeper/stop-everything.ts';
import { proxyCaptureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { chooseCapture } from './choose-capture.ts';
import { runningControlPlane, startDetached, stopControlPlane } from './control-plane-process.ts';
import {
  defaultUpSettings,
  describeDifferences,
  readUpSettings,
  removeUpSettings,
  type UpSettings,
  writeUpSettings,
} from './up-settings.ts';

export interface UpRequest {
  /** Only what was asked for; the rest stays as it was. */
  readonly given: Partial<UpSettings>;
  readonly detach: boolean;
}

/** The control plane when it runs in this process; undefined when it runs in the background. */
export async function bringUp(cli: Cli, { given, detach }: UpRequest): Promise<ControlPlane | undefined> {
  const folder = cli.dataFolder();
  const before = readUpSettings(folder);
  const settings: UpSettings = { ...defaultUpSettings, ...before, ...given };
  const differences = before === undefined ? [] : describeDifferences(before, settings);
  const capture = await chooseCapture(cli, settings.capture);

  const running = await runningControlPlane(folder);
  const envoy = await findEnvoy({
    ...(settings.envoy === null ? {} : { option: settings.envoy }),
    signal: cli.signal,
    onProgress: (text) => cli.progress(text),
  });
  const keeper = await keeperFor(cli, { dataFolder: folder, envoy: envoy.path, capture, signal: cli.signal });
  if (running !== undefined && differences.length === 0 && !keeper.started) {
    throw new SallyportError('SP_ALREADY_UP', `the mesh in ${folder.path} is already up (process ${running.pid})`, {
      hint: `end it with: ${cli.name} down`,
    });
  }

  for (const difference of differences) cli.print(`changed: ${difference}`);
  for (const change of keeper.status.hostChanges) if (keeper.started) cli.print(`host: ${change}`);
  const stays = running !== undefined && differences.length === 0;
  if (running !== undefined && !stays) await stopControlPlane(running);
  writeUpSettings(folder, settings);
  try {
    const controlPlane = stays ? undefined : await start(cli, detach);
    cli.print(`mesh ready in ${folder.path}, Envoy ${envoy.version}, ${capture} capture`);
    if (capture === 'proxy') cli.print(proxyCaptureNote);
    cli.print(`API and dashboard on http://${settings.listen}`);
    if (controlPlane !== undefined) cli.print('Ctrl-C takes it down');
    return controlPlane;
  } catch (error) {
    await takeBack(folder, before, keeper.started);
    throw error;
  }
}

/** A keeper that did not come up leaves nothing that it did, unless there was one before. */
async function keeperFor(cli: Cli, options: EnsureKeeperOptions): ReturnType<typeof ensureKeeper> {
  const before = captureInForce(options.dataFolder.keeperPath);
  try {
    return await ensureKeeper(options);
  } catch (error) {
    if (before === undefined) await stopEverything(cli.dataFolder());
    throw error;
  }
}

/** A mesh that did not come up leaves what was there before: nothing, or what ran on without its control plane. */
async function takeBack(folder: DataFolder, before: UpSettings | undefined, keeperStarted: boolean): Promise<void> {
  if (before === undefined) removeUpSettings(folder);
  else writeUpSettings(folder, before);
  if (keeperStarted && before === undefined) await stopEverything(folder);
}

async function start(cli: Cli, detach: boolean): Promise<ControlPlane | undefined> {
  if (detach) {
    await startDetached(cli.dataFolder(), cli.signal);
    return undefined;
  }
  // Half a second of loading that who only starts it does not need.
  const { serveMesh } = await import('./serve-mesh.ts');
  return serveMesh(cli.dataFolder(), cli.signal);
}
