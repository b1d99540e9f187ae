// Workloads outlive the control plane, and so does the reach into them: while it is down, `exec` and `logs` ask the keeper.
// It knows pods by name, not by label; it is loaded only then.
import type { DataFolder } from '../platform/data-folder.ts';
import { SallyportError } from '../platform/errors.ts';
import type { KeeperClient } from '../runtime/keeper/client.ts';

/** `ask`'s answer; if no control plane answers, the keeper's, and if there is none either, the first error. */
export async function orKeeper<T>(
  folder: DataFolder,
  ask: () => Promise<T>,
  askKeeper: (keeper: KeeperClient) => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'SP_NOT_UP') throw error;
    const { createKeeperClient } = await import('../runtime/keeper/client.ts');
    return askKeeper(createKeeperClient(folder.keeperSocket)).catch((second: unknown) => {
      throw second instanceof SallyportError && second.code === 'SP_NO_SERVER' ? error : second;
    });
  }
}
