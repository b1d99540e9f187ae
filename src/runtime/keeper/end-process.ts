// Ends a pod's processes: gently first, by force when their time is over.
import { isRunning, type ProcessId, signalGroup, waitForExits } from './process-id.ts';

const afterKillMs = 5_000;

/** How long a program gets between SIGTERM and SIGKILL. */
export const programGraceMs = 5_000;
/** An Envoy ends at once on SIGTERM unless it hangs. */
export const envoyGraceMs = 2_000;

/** Resolves when the process is gone. `gently` asks it to end, or says that it cannot be asked; SIGTERM if absent. */
export async function endProcess(
  target: ProcessId,
  graceMs: number,
  gently: () => boolean = () => signalGroup(target, 'SIGTERM'),
): Promise<void> {
  if (!isRunning(target)) return;
  const left = gently() ? await waitForExits([target], graceMs) : [target];
  for (const one of left) signalGroup(one, 'SIGKILL');
  await waitForExits(left, afterKillMs);
}
