// An address of a pod's own on the host's loopback link. What the host had before is left alone, also at the end; of
// several meshes that use one address the last takes it away. Recorded before it is made, as all changes of the host.
import { runTool } from './command.ts';
import {
  forgetHostChange,
  type HostChange,
  readHostJournal,
  readOtherHostJournals,
  recordHostChange,
  thisHost,
} from './host-journal.ts';
import { withHostLock } from './host-lock.ts';

type LoopbackAddress = Extract<HostChange, { readonly kind: 'lo-address' }>;

/** Idempotent. Addresses of 127/8 are on every machine. */
export async function addLoopbackAddress(address: string, journalFile: string, signal?: AbortSignal): Promise<void> {
  if (address.startsWith('127.')) return;
  await withHostLock(async () => {
    const change: LoopbackAddress = { kind: 'lo-address', address, host: thisHost() };
    const ours = [...readHostJournal(journalFile), ...readOtherHostJournals(journalFile)].some((one) =>
      isSame(one, change),
    );
    const present = await isPresent(address, signal);
    if (present && !ours) return;
    recordHostChange(journalFile, change);
    if (!present) await runTool('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'], { ...(signal && { signal }) });
  }, signal);
}

/** Right too for an address that is not there, or not ours. */
export async function removeLoopbackAddress(address: string, journalFile: string): Promise<void> {
  const change: LoopbackAddress = { kind: 'lo-address', address, host: thisHost() };
  if (!readHostJournal(journalFile).some((one) => isSame(one, change))) return;
  await withHostLock(async () => {
    await takeLoopbackAddress(change, journalFile);
    forgetHostChange(journalFile, change);
  });
}

/** Takes a recorded address away; holds no lock and leaves the record. */
export async function takeLoopbackAddress(
  change: LoopbackAddress,
  journalFile: string,
  signal?: AbortSignal,
): Promise<void> {
  if (readOtherHostJournals(journalFile).some((one) => isSame(one, change))) return;
  if (!(await isPresent(change.address, signal))) return;
  await runTool('ip', ['address', 'delete', `${change.address}/32`, 'dev', 'lo'], { ...(signal && { signal }) });
}

async function isPresent(address: string, signal?: AbortSignal): Promise<boolean> {
  const listed = await runTool('ip', ['-4', '-oneline', 'address', 'show', 'to', `${address}/32`], {
    ...(signal && { signal }),
  });
  return listed.trim() !== '';
}

function isSame(one: HostChange, other: LoopbackAddress): boolean {
  return one.kind === 'lo-address' && one.address === other.address && one.host === other.host;
}
