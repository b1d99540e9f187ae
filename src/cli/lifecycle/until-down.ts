// Stays while a mesh is up. It ends with the signal, or when someone else took the mesh down: not when the control plane
// died, since workloads live on and `up` brings it back.
import { setTimeout as delay } from 'node:timers/promises';
import type { DataFolder } from '../../platform/data-folder.ts';
import { readUpSettings } from './up-settings.ts';

const lookMs = 500;

export async function untilDown(folder: DataFolder, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && readUpSettings(folder) !== undefined) {
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
}
