// How a pod's two processes are spawned: each in a session of its own, so that no terminal and no end of the keeper
// reaches it, with its logs as standard output and standard error.
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { DataFolder } from '../../platform/data-folder.ts';
import type { PodSpec } from '../protocol.ts';
import type { Capture, Command } from './capture.ts';
import { logFiles, logFolder, withLogs } from './log-files.ts';
import type { PodRecord } from './pod-record.ts';
import { makeRecordsFolder } from './records.ts';
import { runFiles, writeBootstrap } from './run-files.ts';

export interface PodProcessOptions {
  readonly dataFolder: DataFolder;
  readonly capture: Capture;
}

/** Envoy refuses an option that is given twice, so these hold only where the spec does not say otherwise. */
const defaultEnvoyArgs = [
  ['--concurrency', '1'],
  ['--file-flush-interval-msec', '500'],
  ['--drain-time-s', '10'],
] as const;

export function envoyArgs(bootstrap: string, own: readonly string[]): readonly string[] {
  const says = (flag: string) => own.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const defaults = defaultEnvoyArgs.filter(([flag]) => !says(flag)).flat();
  return ['--config-path', bootstrap, '--disable-hot-restart', ...defaults, ...own];
}

export interface EnvoyProcess {
  readonly spec: PodSpec;
  /** The user it runs as. */
  readonly uid: number;
  readonly recordsFile: string;
}

/**
 * The access log is what Envoy writes to standard output; its own log goes to standard error. It works in the folder of
 * its records.
 */
export function spawnEnvoy(
  { dataFolder, capture }: PodProcessOptions,
  pod: PodRecord,
  { spec, uid, recordsFile }: EnvoyProcess,
): ChildProcess {
  const files = runFiles(dataFolder.runPath, pod.index);
  writeBootstrap(files, uid, spec.bootstrap);
  makeRecordsFolder(recordsFile, uid);
  const { access, envoy } = logFiles(dataFolder.logsPath, pod);
  const folder = logFolder(dataFolder.logsPath, pod);
  const command = capture.envoyCommand(pod.index, dirname(recordsFile), envoyArgs(files.bootstrap, spec.envoyArgs));
  return withLogs(folder, [access, envoy], ([output = 1, errors = 2]) => spawnDetached(command, output, errors));
}

export function spawnProgram({ dataFolder, capture }: PodProcessOptions, pod: PodRecord, spec: PodSpec): ChildProcess {
  const { app } = logFiles(dataFolder.logsPath, pod);
  return withLogs(logFolder(dataFolder.logsPath, pod), [app], ([log = 1]) =>
    spawnDetached(capture.appCommand(pod.index, spec), log, log),
  );
}

function spawnDetached({ argv: [program, ...args], env, cwd }: Command, output: number, errors: number): ChildProcess {
  return spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', output, errors] });
}
