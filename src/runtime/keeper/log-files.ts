// A pod's logs: plain files, never pipes, so that programs write on when the keeper is gone. All are opened for
// appending, which is why they can be rotated under their writers: what a file holds is copied to `<file>.1`, then
// the file is emptied. A reader with an offset above the file's size reads on in `<file>.1`, then from 0.
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import type { PodStatus } from '../protocol.ts';
import type { PodKey } from './requests.ts';
import { mostTelling, tellingLines } from './telling-lines.ts';

/** Bytes after which a log is rotated; with `<file>.1` it takes twice that. */
export const largestLog = 32 * 1024 * 1024;

const tailBytes = 4096;

/** `<logs>/<namespace>/<pod>`. */
export function logFolder(logsPath: string, pod: PodKey): string {
  return join(logsPath, pod.namespace, pod.name);
}

export function logFiles(logsPath: string, pod: PodKey): Pick<PodStatus['logs'], 'app' | 'access' | 'envoy'> {
  const folder = logFolder(logsPath, pod);
  return { app: join(folder, 'app.log'), access: join(folder, 'access.log'), envoy: join(folder, 'envoy.log') };
}

/** Opens logs for a process to inherit while `use` runs; makes their folder. */
export function withLogs<T>(folder: string, files: readonly string[], use: (descriptors: readonly number[]) => T): T {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const descriptors: number[] = [];
  try {
    for (const file of files) descriptors.push(openSync(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600));
    return use(descriptors);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** Rotates the file if it has grown too large. What is written between copy and truncation (microseconds) is lost. */
export function rotateLog(file: string, largest: number = largestLog): void {
  try {
    if (statSync(file).size <= largest) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** The line at the end of the log that tells most; undefined if there is none. */
export function lastLine(file: string): string | undefined {
  return mostTelling(lastLines(file));
}

/** The lines at the end of the log that tell why the program ended; at most 5. */
export function lastLines(file: string): readonly string[] {
  return tellingLines(readTail(file));
}

function readTail(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
  try {
    const buffer = Buffer.alloc(tailBytes);
    const from = Math.max(0, fstatSync(descriptor).size - tailBytes);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, tailBytes, from));
  } finally {
    closeSync(descriptor);
  }
}
