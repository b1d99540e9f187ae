// In proxy capture only what a program sends to its proxy is governed. Every command that shows or sets a policy says so.
import type { RangeFields } from '../api/kinds/istio-ranges.ts';
import type { Cli } from './cli.ts';

export const proxyCaptureNote = 'note: proxy capture: only traffic that a program sends to its proxy is governed';

const proxyCaptureKeysNote =
  'note: proxy capture: programs and their proxies are one user, so no proxy is given a private key';

/** Where secrets of proxies are shown: which of them are missing there on purpose. */
export async function captureKeysNote(cli: Cli): Promise<void> {
  const { capture } = await cli.api().info();
  if (capture === 'proxy') cli.warn(proxyCaptureKeysNote);
}

/** API groups whose objects say what may be reached, and how. */
const policyGroups = ['istio.banzaicloud.io', 'networking.istio.io', 'security.istio.io'];

/** One line on standard error where the running mesh captures that way. */
export async function captureNote(cli: Cli): Promise<void> {
  const { capture } = await cli.api().info();
  if (capture === 'proxy') cli.warn(proxyCaptureNote);
}

/** One line on standard error for each setting of the Istio object that lets addresses go around the proxies. */
export async function bypassNote(
  cli: Cli,
  { ranges, podsMayBypass }: { readonly ranges: RangeFields; readonly podsMayBypass: boolean },
): Promise<void> {
  const { checkRanges } = await import('../api/kinds/istio-ranges.ts');
  const holes = [...checkRanges(ranges)].filter(({ code }) => code === 'SP0403').map(({ message }) => message);
  if (podsMayBypass) holes.push('pods may let addresses go around their proxies');
  if (holes.length === 0) return;
  const { capture } = await cli.api().info();
  if (capture === 'proxy') {
    return cli.warn(
      'note: proxy capture: includeIPRanges and excludeIPRanges change nothing, programs choose by NO_PROXY',
    );
  }
  for (const hole of holes) cli.warn(`warning: ${hole}`);
}

/** `captureNote` after a command that showed or set these objects, if any of them is policy. */
export async function captureNoteFor(cli: Cli, objects: readonly { readonly group: string }[]): Promise<void> {
  if (objects.some(({ group }) => policyGroups.includes(group))) await captureNote(cli);
}
