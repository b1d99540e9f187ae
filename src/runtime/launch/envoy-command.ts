// How a pod's Envoy is started: in the proxy's network namespace, as the pod's own proxy user, without any capability, and
// with the mesh's folders covered but for its own two. The binary may lie where that user cannot go (root's cache), so it
// is mounted beside the pod's folder, and so is the working folder, whose own place is covered.
import { dirname } from 'node:path';
import { namespaceFile, type Sandbox } from '../network/addresses.ts';
import { requireTool } from '../network/command.ts';
import type { Command } from './app-command.ts';
import { withoutPrivileges } from './privileges.ts';

export interface EnvoyOptions {
  readonly sandbox: Sandbox;
  readonly envoyPath: string;
  readonly args: readonly string[];
  readonly proxyUid: number;
  /** SandboxStatus.xdsPath. */
  readonly xdsPath: string;
  /** Where it is started: what it writes under a relative path it writes there. Belongs to the proxy's user. */
  readonly workFolder: string;
  /** As for the application; the folder above xdsPath lies under one of them. */
  readonly hiddenPaths: readonly string[];
}

/** Descriptors keep what the covers hide; `-c` has mount pass their paths on as they are. */
const setUp = `set -e
folder=$1 work=$2 binary=$3
shift 3
exec 3< "$folder" 4< "$binary" 5< "$work"
while [ "$1" != -- ]; do
  [ ! -e "$1" ] || mount -t tmpfs -o size=64k,mode=755 none "$1"
  shift
done
shift
mkdir -p "$folder"
: > "\${folder%/*}/envoy"
mkdir "\${folder%/*}/work"
mount -c --bind /proc/self/fd/3 "$folder"
mount -c --bind /proc/self/fd/4 "\${folder%/*}/envoy"
mount -c --bind /proc/self/fd/5 "\${folder%/*}/work"
exec 3<&- 4<&- 5<&-
cd -- "\${folder%/*}/work"
exec "$@"`;

/** Starts Envoy; the process spawned becomes Envoy itself. Its log and access log are standard error and output. */
export function envoyCommand(options: EnvoyOptions): Command {
  const { sandbox, envoyPath, args, proxyUid, xdsPath, workFolder, hiddenPaths } = options;
  const argv = [
    requireTool('nsenter'),
    `--net=${namespaceFile(sandbox.proxyNamespace)}`,
    '--',
    ...[requireTool('unshare'), '--mount', '--propagation', 'slave', '--'],
    ...['/bin/sh', '-c', setUp, 'sh', xdsPath, workFolder, envoyPath, ...hiddenPaths, '--'],
    ...withoutPrivileges({ uid: proxyUid, gid: proxyUid, groups: [] }),
    `${dirname(xdsPath)}/envoy`,
    ...args,
  ] as const;
  return { argv, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };
}
