// Keeps the logs of all pods small while they are written: rotates them, has Envoys open their records anew, removes what
// is old. Invariant: nothing here ends the keeper; a fault is told once, and again only after it was gone.
import { join } from 'node:path';
import type { DataFolder } from '../../platform/data-folder.ts';
import type { Logger } from '../../platform/log.ts';
import type { PodStatus } from '../protocol.ts';
import { reopenLogs } from './envoy-admin.ts';
import { logFiles, rotateLog } from './log-files.ts';
import { removeOldLogs } from './old-logs.ts';
import { type RecordsBounds, rotateRecords } from './records.ts';

export interface LogKeepingOptions {
  readonly dataFolder: DataFolder;
  readonly pods: () => readonly PodStatus[];
  readonly log: Logger;
  /** The product's own if absent. */
  readonly recordsBounds?: RecordsBounds;
}

export interface LogKeeping {
  stop(): void;
}

const intervalMs = 2_000;

export function startLogKeeping({ dataFolder, pods, log, recordsBounds }: LogKeepingOptions): LogKeeping {
  const { logsPath } = dataFolder;
  const faulty = new Set<string>();

  function attempt(what: string, path: string, task: () => void): void {
    try {
      task();
      faulty.delete(path);
    } catch (error) {
      if (!faulty.has(path)) log.warn({ err: error, path }, what);
      faulty.add(path);
    }
  }

  function keepRecords({ proxy, logs: { records }, xdsPath }: PodStatus): void {
    // An Envoy that starts opens its file only when it is ready.
    if (records === undefined || !proxy.ready) return;
    attempt('records could not be rotated', records, () => {
      // One that does not answer is asked again next time.
      if (rotateRecords(records, recordsBounds)) void reopenLogs(join(xdsPath, 'admin.sock'));
    });
  }

  function pass(): void {
    const all = pods();
    const own = ['keeper.log', 'control-plane.log'].map((name) => join(logsPath, name));
    for (const file of [...own, ...all.flatMap((pod) => Object.values(logFiles(logsPath, pod)))]) {
      attempt('a log could not be rotated', file, () => rotateLog(file));
    }
    for (const pod of all) keepRecords(pod);
    attempt('old logs could not be removed', logsPath, () => removeOldLogs(logsPath, all));
  }

  const timer = setInterval(pass, intervalMs);
  return { stop: () => clearInterval(timer) };
}
