// In proxy capture only what a program sends to its proxy is governed. Every command that shows or sets a policy says so.
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

/** The same after a command that showed or set these objects, if any of them is policy. */
export async function captureNoteFor(cli: Cli, objects: readonly { readonly group: string }[]): Promise<void> {
  if (objects.some(({ group }) => policyGroups.includes(group))) await captureNote(cli);
}
