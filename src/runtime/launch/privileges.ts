// Programs of the mesh run as the user they are given and with nothing besides: no capability now or by any later exec, so
// that root in a workload can change neither its network nor its mounts.
import { requireTool } from '../network/command.ts';
import type { PodSpec } from '../protocol.ts';

/**
 * Stands before a command. `atParentsEnd` is the signal that the command gets when its parent dies; it must be set
 * here, since the kernel forgets it with every change of user.
 */
export function withoutPrivileges(user: PodSpec['user'], atParentsEnd?: 'KILL' | 'TERM'): readonly string[] {
  const groups = user.groups.length === 0 ? ['--clear-groups'] : ['--groups', user.groups.join(',')];
  return [
    requireTool('setpriv'),
    ...['--reuid', String(user.uid), '--regid', String(user.gid), ...groups],
    ...['--bounding-set', '-all', '--inh-caps', '-all', '--ambient-caps', '-all', '--no-new-privs'],
    ...(atParentsEnd === undefined ? [] : ['--pdeathsig', atParentsEnd]),
    '--',
  ];
}
