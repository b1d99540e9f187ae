// How a workload's program is started: in its network namespace, with mounts, host name and processes of its own, as its
// user and without any capability. Files and PATH are the host's; the mesh's own folders are covered.
// Everything user-given is passed as an argument to constant scripts, never put into them.
import { namespaceFile, type Sandbox } from '../network/addresses.ts';
import { requireTool } from '../network/command.ts';
import type { PodSpec } from '../protocol.ts';
import { withoutPrivileges } from './privileges.ts';
import { stageEnvironment, unstageEnvironment } from './staged-environment.ts';

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
 * Sets up the mounts, then becomes the command behind `--`.
 * resolv.conf is bound before the folder it lies in is covered. The host's name services are closed, since they would
 * answer past our DNS. Files under /proc/sys and /sys obey the user id, not capabilities: root could change the host
 * there, so they become read-only.
 */
const setUp = `set -e
hostname=$1 resolv=$2
shift 2
printf %s "$hostname" > /proc/sys/kernel/hostname
mount --bind "$resolv" /etc/resolv.conf
for socket in /run/systemd/resolve/io.systemd.Resolve /run/nscd/socket /run/avahi-daemon/socket; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket"
done
while [ "$1" != -- ]; do
  [ ! -e "$1" ] || mount -t tmpfs -o size=4k,mode=755,ro none "$1"
  shift
done
shift
mount -t proc -o nosuid,nodev,noexec proc /proc
for path in /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus; do
  [ ! -e "$path" ] || { mount --bind "$path" "$path" && mount -o remount,bind,ro "$path"; }
done
while read -r _ path _; do
  case "$path" in /sys | /sys/*) mount -o remount,bind,ro "$path" ;; esac
done < /proc/self/mounts
exec "$@"`;

/**
 * The first process of the workload: waits for the program and takes its exit code. The program itself must not be it,
 * since the first process of a namespace ignores signals that it has no handler for.
 */
const first = `cwd=$1 count=$2
shift 2
cd -- "$cwd" || exit 126
${unstageEnvironment}
env -i --default-signal -- "$@" &
wait $!`;

/**
 * Starts the workload's program. The process spawned (the launcher) stays as the parent of all: killing it with
 * SIGKILL ends everything of the workload. Its exit code is the program's, or 128 + signal number.
 * For a gentle stop see `signalProgram`.
 */
export function appCommand({ sandbox, spec, hiddenPaths, resolvConf }: AppOptions): Command {
  const { env, count } = stageEnvironment(spec.env);
  const argv = [
    requireTool('nsenter'),
    `--net=${namespaceFile(sandbox.appNamespace)}`,
    '--',
    requireTool('unshare'),
    // What the host mounts and unmounts later is seen inside; nothing inside is seen by the host.
    ...['--mount', '--propagation', 'slave', '--uts', '--pid', '--fork', '--kill-child', '--'],
    ...['/bin/sh', '-c', setUp, 'sh', spec.hostname, resolvConf, ...hiddenPaths, '--'],
    ...withoutPrivileges(spec.user, 'KILL'),
    ...['/bin/sh', '-c', first, 'sh', spec.cwd, String(count), ...spec.command],
  ] as const;
  return { argv, env };
}
