// stub
import type { Sandbox } from '../network/addresses.ts';
import type { PodSpec } from '../protocol.ts';

/** What to spawn: with `cwd: '/'`, exactly this environment, stdin from /dev/null, stdout and stderr to a file. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

export interface AppOptions {
  readonly sandbox: Sandbox;
  readonly spec: PodSpec;
  /** Existing folders that the program must not see: the mesh's data folder, /run/sallyport. */
  readonly hiddenPaths: readonly string[];
  /** An existing file that takes the place of /etc/resolv.conf (dns/resolv-conf.ts renders it). */
  readonly resolvConf: string;
}

/**
 * Starts the workload's program. The process spawned (the launcher) stays as the parent of all: killing it with
 * SIGKILL ends everything of the workload. Its exit code is the program's, or 128 + signal number.
 * For a gentle stop see `signalProgram`.
 */
export declare function appCommand(options: AppOptions): Command;
