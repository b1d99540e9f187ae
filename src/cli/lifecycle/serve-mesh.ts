// Runs the control plane in this process with the settings kept in the data folder, until the signal aborts.

import type { ControlPlane } from '../../main.ts';
import { startControlPlane } from '../../main.ts';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import { parseResolveRule } from '../../runtime/dns/resolve-rule.ts';
import { captureInForce } from '../../runtime/keeper/keeper-files.ts';
import { keptEnvironment } from '../../runtime/keeper/program-environment.ts';
import { demoAuthority, demoEnvironment } from '../demo/demo-environment.ts';
import { demoStoreFile, demoTrafficFile } from '../demo/demo-settings.ts';
import { parseListen, readUpSettings } from './up-settings.ts';

export function serveMesh(folder: DataFolder, signal: AbortSignal): Promise<ControlPlane> {
  const settings = readUpSettings(folder);
  if (settings === undefined) {
    throw new SallyportError('SP_NOT_UP', `the mesh in ${folder.path} was never started`, { hint: 'use up' });
  }
  const { demo } = settings;
  const env = workloadEnvironment(process.env);
  return startControlPlane({
    dataFolder: folder,
    storeFile: demo === null ? folder.storeFile : demoStoreFile(folder),
    trafficFile: demo === null ? folder.trafficFile : demoTrafficFile(folder),
    files: settings.files,
    listen: parseListen(settings.listen),
    xdsAddress: settings.xdsAddress ?? undefined,
    resolve: settings.resolve.map(parseResolveRule),
    // The keeper came up first.
    capture: captureInForce(folder.keeperPath) ?? 'redirect',
    drainSeconds: settings.drainSeconds,
    workloadCertificateMs: settings.workloadCertificateMs,
    caFolder: settings.caFolder ?? undefined,
    extraRootsFile: demo === null ? process.env['SALLYPORT_EXTRA_CA_FILE'] : demoAuthority(demo),
    keeper: true,
    env: keptEnvironment(folder.keeperPath, demo === null ? env : demoEnvironment(demo, env)),
    signal,
  });
}

/** What programs inherit: the environment of the first `up`, without what is meant for Sallyport itself. */
function workloadEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const entries = Object.entries(env).flatMap(([key, value]) =>
    value === undefined || key.startsWith('SALLYPORT_') || key.startsWith('npm_') || key === 'NODE_COMPILE_CACHE'
      ? []
      : [[key, value] as const],
  );
  return Object.fromEntries(entries);
}
