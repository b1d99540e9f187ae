// How a program of a `host` pod is started by root: in the host's own network, as its user and without any capability. It
// sees the host's files as they are. The process spawned becomes the program.
import type { ExecPlan, PodSpec } from '../protocol.ts';
import type { Command } from './app-command.ts';
import { withoutPrivileges } from './privileges.ts';
import { stageEnvironment, unstageEnvironment } from './staged-environment.ts';

type Launch = Pick<PodSpec, 'command' | 'env' | 'cwd' | 'user'>;

const become = `cwd=$1 count=$2
shift 2
cd -- "$cwd" || exit 126
${unstageEnvironment}
exec env -i --default-signal -- "$@"`;

export function hostCommand({ command, env, cwd, user }: Launch): Command {
  const staged = stageEnvironment(env);
  const stage = ['/bin/sh', '-c', become, 'sh', cwd, String(staged.count)];
  const [first = '', ...rest] = [...withoutPrivileges(user), ...stage, ...command];
  return { argv: [first, ...rest], env: staged.env };
}

/** For a command beside that program; it gets SIGTERM when its parent dies. */
export function hostExecPlan({ env, cwd, user }: Omit<Launch, 'command'>): ExecPlan {
  return { argv: withoutPrivileges(user, 'TERM'), env, cwd };
}
