// How a pod's Envoy is started: in the proxy's network namespace, as the pod's own proxy user and without any capability.
// The binary may lie where that user cannot go (root's cache): it is opened before the user changes and run by its
// descriptor.
import { namespaceFile, type Sandbox } from '../network/addresses.ts';
import { requireTool } from '../network/command.ts';
import type { Command } from './app-command.ts';
import { withoutPrivileges } from './privileges.ts';

export interface EnvoyOptions {
  readonly sandbox: Sandbox;
  readonly envoyPath: string;
  /** After the fixed ones: `-c bootstrap.json`, `--drain-time-s 10`, … */
  readonly args: readonly string[];
  readonly proxyUid: number;
  /** Envoy's working folder (SandboxStatus.xdsPath). */
  readonly xdsPath: string;
}

const openBinary = 'cd "$1" && exec 3< "$2" && shift 2 && exec "$@"';

/** Starts Envoy; the process spawned becomes Envoy itself. */
export function envoyCommand({ sandbox, envoyPath, args, proxyUid, xdsPath }: EnvoyOptions): Command {
  const argv = [
    requireTool('nsenter'),
    `--net=${namespaceFile(sandbox.proxyNamespace)}`,
    '--',
    ...['/bin/sh', '-c', openBinary, 'sh', xdsPath, envoyPath],
    ...withoutPrivileges({ uid: proxyUid, gid: proxyUid, groups: [] }),
    '/proc/self/fd/3',
    ...args,
  ] as const;
  return { argv, env: { PATH: '/usr/bin:/bin' } };
}
