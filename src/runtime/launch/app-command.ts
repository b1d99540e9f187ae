// How a workload's program is started: in its network namespace, with mounts, host name and processes of its own, as its
// user and without any capability. Files and PATH are the host's; the mesh's own folders are covered.
// Everything user-given is passed as an argument to constant scripts, never put into them.

import { namespaceFile, type Sandbox } from '../network/addresses.ts';
import { requireTool } from '../network/command.ts';
import type { PodSpec } from '../protocol.ts';
import { withoutPrivileges } from './privileges.ts';

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
 * Sets up the mounts, then becomes the command behind `--`. resolv.conf is bound before the folder it lies in is covered;
 * /proc comes last, since before it shows the processes of the host.
 */
const setUp = `set -e
mount=$1 hostname=$2 resolv=$3
shift 3
echo "$hostname" > /proc/sys/kernel/hostname
"$mount" --bind "$resolv" "$(readlink -f /etc/resolv.conf)"
while [ "$1" != -- ]; do "$mount" -t tmpfs -o size=4k,mode=755,ro none "$1"; shift; done
"$mount" -t proc proc /proc
shift
exec "$@"`;

/**
 * The first process of the workload: waits for the program and takes its exit code. The program itself must not be it,
 * since the first process of a namespace ignores signals that it has no handler for.
 */
const first = `cwd=$1
shift
cd "$cwd" || exit 126
env --default-signal -- "$@" &
wait $!`;

/**
 * Starts the workload's program. The process spawned (the launcher) stays as the parent of all: killing it with
 * SIGKILL ends everything of the workload. Its exit code is the program's, or 128 + signal number.
 * For a gentle stop see `signalProgram`.
 */
export function appCommand({ sandbox, spec, hiddenPaths, resolvConf }: AppOptions): Command {
  const argv = [
    requireTool('nsenter'),
    `--net=${namespaceFile(sandbox.appNamespace)}`,
    '--',
    requireTool('unshare'),
    ...['--mount', '--propagation', 'private', '--uts', '--pid', '--fork', '--kill-child', '--'],
    ...['/bin/sh', '-c', setUp, 'sh', requireTool('mount'), spec.hostname, resolvConf, ...hiddenPaths, '--'],
    ...withoutPrivileges(spec.user),
    ...['/bin/sh', '-c', first, 'sh', spec.cwd, ...spec.command],
  ] as const;
  return { argv, env: spec.env };
}
