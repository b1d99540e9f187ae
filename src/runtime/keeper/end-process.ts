// Ends a pod's processes: gently first, by force when their time is over.
import { isRunning, type ProcessId, signalGroup, waitForExits } from './process-id.ts';

const afterKillMs = 5_000;

/** How long a program gets between SIGTERM and SIGKILL. */
export const programGraceMs = 5_000;
/** An Envoy ends at once on SIGTERM unless it hangs. */
export const envoyGraceMs = 2_000;

/** Resolves when the process is gone. `gently` asks it to end; SIGTERM to its group if absent. */
export async function endProcess(
  target: ProcessId,
  graceMs: number,
  gently: () => void = () => signalGroup(target, 'SIGTERM'),
): Promise<void> {
  if (!isRunning(target)) return;
  gently();
  const left = await waitForExits([target], graceMs);
  for (const one of left) signalGroup(one, 'SIGKILL');
  await waitForExits(left, afterKillMs);
}
