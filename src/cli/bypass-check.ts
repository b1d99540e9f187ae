// A check of `doctor` that is about the mesh: whether its Istio object lets addresses go around the proxies. Nothing where no
// mesh answers, or where nothing is redirected and so nothing can be left out.
import { messageOf, SallyportError } from '../platform/errors.ts';
import type { Check } from '../runtime/doctor/check.ts';
import type { Cli } from './cli.ts';
import { bypassHoles, meshSettings, readMeshSettings } from './mesh-settings.ts';

const check = {
  name: `Istio/${meshSettings.namespace}/${meshSettings.name}`,
  meaning: 'traffic is governed and counted',
};

export async function checkBypass(cli: Cli): Promise<readonly Check[]> {
  try {
    const { capture } = await cli.api().info();
    const holes = capture === 'proxy' ? [] : await bypassHoles(await readMeshSettings(cli));
    if (holes.length === 0) return [];
    const mend = 'register hosts in place of leaving addresses out by includeIPRanges, excludeIPRanges or allow-bypass';
    return [{ ...check, ok: false, found: holes.join('; '), mend }];
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    if (error.code === 'SP_NOT_UP') return [];
    // A mesh that is there and cannot be asked is none of the reasons to show no checks of the machine.
    return [{ ...check, ok: false, found: messageOf(error), mend: error.hint ?? 'look at the log of the mesh' }];
  }
}
