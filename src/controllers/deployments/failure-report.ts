// What keeps a Deployment's pods from running, as one finding: the first line says what happens, the lines below are the
// last ones of the program's log.
import type { Pod } from '../../api/kinds/pod.ts';
import type { PodFailure, PodState } from './pod-state.ts';

/** The last lines of what a pod's program wrote, bounded in number and length. */
export type LogTail = (pod: { readonly namespace: string; readonly name: string }) => readonly string[];

/** Of the present version's pods if one of them fails, else of earlier ones. Undefined if none does. */
export function reportFailure(
  current: readonly PodState[],
  old: readonly PodState[],
  logTail: LogTail,
): PodFailure | undefined {
  for (const states of [current, old]) {
    const failing = states.filter(({ failure }) => failure !== undefined);
    const [first] = failing;
    if (first?.failure === undefined) continue;
    const { reason, message } = first.failure;
    const lines = logTail(keyOf(first.pod));
    const many = failing.length === 1 ? '' : ` (${failing.length} pods)`;
    return { reason, message: [`${withoutLogLine(message, lines)}${many}`, ...lines].join('\n') };
  }
  return undefined;
}

/** The keeper puts a line of the log into its reason; it stands below. */
function withoutLogLine(message: string, lines: readonly string[]): string {
  const line = lines.find((one) => message.includes(`: ${one.trim()}`));
  return line === undefined ? message : message.replace(`: ${line.trim()}`, () => '');
}

function keyOf({ metadata: { namespace = 'default', name } }: Pod): { namespace: string; name: string } {
  return { namespace, name };
}
