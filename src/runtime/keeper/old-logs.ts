// Logs outlive their pod for a while, so that its end can be looked into and what it decided be read; then they go.
import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import type { PodKey } from './requests.ts';

/** Milliseconds after the last line. */
export const keepLogsMs = 3_600_000;

/** Removes the log folders of pods that are not in `pods` and wrote nothing for `keepMs`. */
export function removeOldLogs(logsPath: string, pods: readonly PodKey[], keepMs: number = keepLogsMs): void {
  const kept = new Set(pods.map(({ namespace, name }) => join(logsPath, namespace, name)));
  for (const namespace of foldersIn(logsPath)) {
    const pods = foldersIn(namespace);
    const old = pods.filter((folder) => !kept.has(folder) && Date.now() - lastWrite(folder) > keepMs);
    for (const folder of old) rmSync(folder, { recursive: true, force: true });
    if (old.length === pods.length) rmdirSync(namespace);
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function lastWrite(folder: string): number {
  return Math.max(statSync(folder).mtimeMs, ...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
}
