// Logs outlive their pod for a while, so that its end can be looked into and what it decided be read; then they go.
import { type Dirent, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import type { PodStatus } from '../protocol.ts';
import { logFolder } from './log-files.ts';
import { isRecordsFolder } from './records.ts';
import type { PodKey } from './requests.ts';

/** Milliseconds after the last line. */
export const keepLogsMs = 3_600_000;

/** A pod that is there; the folder of its records is in use. */
export type LoggedPod = Pick<PodStatus, 'namespace' | 'name' | 'logs'>;

/** Makes room for another pod of this name. Records stay until they are old: they may not all be read yet. */
export function removeLogs(logsPath: string, pod: PodKey): void {
  const folder = logFolder(logsPath, pod);
  for (const { name } of entriesOf(folder)) {
    if (!isRecordsFolder(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Removes what wrote nothing for `keepMs`: the log folders of pods that are not in `pods`, and of those that are the
 * records of earlier pods.
 */
export function removeOldLogs(logsPath: string, pods: readonly LoggedPod[], keepMs: number = keepLogsMs): void {
  const present = new Map(pods.map((pod) => [logFolder(logsPath, pod), pod]));
  const isOld = (folder: string) => Date.now() - lastWrite(folder) > keepMs;
  for (const namespace of foldersIn(logsPath)) {
    const folders = foldersIn(namespace);
    const old = folders.filter((folder) => !present.has(folder) && isOld(folder));
    const oldRecords = folders.flatMap((folder) => {
      const pod = present.get(folder);
      const inUse = dirname(pod?.logs.records ?? '');
      return pod === undefined ? [] : foldersIn(folder).filter((one) => one !== inUse && isOld(one));
    });
    for (const folder of [...old, ...oldRecords]) rmSync(folder, { recursive: true, force: true });
    if (old.length === folders.length) rmdirSync(namespace);
  }
}

function foldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Of the folder and all that is in it. Links are not followed: an Envoy's user may make some in its folder. */
function lastWrite(folder: string): number {
  let last = lstatSync(folder).mtimeMs;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    last = Math.max(last, entry.isDirectory() ? lastWrite(path) : lstatSync(path).mtimeMs);
  }
  return last;
}
