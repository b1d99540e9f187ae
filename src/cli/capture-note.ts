// In proxy capture only what a program sends to its proxy is governed. Every command that shows or sets a policy says so.
import type { KubeObject } from '../api/object.ts';
import type { Cli } from './cli.ts';
import { bypassHoles } from './mesh-settings.ts';

export const proxyCaptureNote = 'note: proxy capture: only traffic that a program sends to its proxy is governed';

const proxyCaptureKeysNote =
  'note: proxy capture: programs and their proxies are one user, so no proxy is given a private key';

/** Where secrets of proxies are shown: which of them are missing there on purpose. */
export async function captureKeysNote(cli: Cli): Promise<void> {
  const { capture } = await cli.api().info();
  if (capture === 'proxy') cli.warn(proxyCaptureKeysNote);
}

const proxyCaptureMtlsNote =
  'note: proxy capture: there is no mTLS: ISTIO_MUTUAL is plaintext, and nothing is sent where it leads outside the mesh; STRICT refuses nobody';

/** Where one of these objects asks for mTLS that is not there. */
export async function mutualTlsNote(cli: Cli, objects: readonly KubeObject[]): Promise<void> {
  const asks = (object: KubeObject) =>
    object.kind === 'PeerAuthentication' || JSON.stringify(object).includes('"mode":"ISTIO_MUTUAL"');
  if (!objects.some(asks)) return;
  const { capture } = await cli.api().info();
  if (capture === 'proxy') cli.warn(proxyCaptureMtlsNote);
}

/** API groups whose objects say what may be reached, and how. */
const policyGroups = ['istio.banzaicloud.io', 'networking.istio.io', 'security.istio.io'];

/** One line on standard error where the running mesh captures that way. */
export async function captureNote(cli: Cli): Promise<void> {
  const { capture } = await cli.api().info();
  if (capture === 'proxy') cli.warn(proxyCaptureNote);
}

/** The same, and a line for each setting of the Istio object that lets addresses go around the proxies. */
export async function meshSettingsNote(cli: Cli, settings: KubeObject | undefined): Promise<void> {
  const { capture } = await cli.api().info();
  const holes = await bypassHoles(settings);
  if (capture !== 'proxy') {
    for (const hole of holes) cli.warn(`warning: ${hole}`);
    return;
  }
  cli.warn(proxyCaptureNote);
  if (holes.length === 0) return;
  cli.warn('note: proxy capture: includeIPRanges and excludeIPRanges change nothing, programs choose by NO_PROXY');
}

/** `captureNote` after a command that showed or set these objects, if any of them is policy. */
export async function captureNoteFor(cli: Cli, objects: readonly { readonly group: string }[]): Promise<void> {
  if (objects.some(({ group }) => policyGroups.includes(group))) await captureNote(cli);
}
