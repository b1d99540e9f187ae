// What this mesh changed on the host, written down and synced to disk before it is done, so that `down` can take
// it all back, also after kill -9 in the middle. The file lies in the mesh's run folder: a reboot drops the
// changes and the journal together. Invariant: an entry may be there without its change, never the other way.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import { systemCode } from '../../platform/errors.ts';

const hostChange = z.discriminatedUnion('kind', [
  /** The mesh's /16, so that no other mesh chooses it. Nothing to undo. */
  z.object({ kind: z.literal('network'), cidr: z.string() }),
  /** Network namespaces and links of the mesh, found by their prefix. */
  z.object({ kind: z.literal('sandboxes'), meshId: z.string() }),
  z.object({ kind: z.literal('nft-table'), table: z.string() }),
  /** One rule in a chain of the host's own: `-I <chain> <rule>`, undone with `-D`. */
  z.object({ kind: z.literal('iptables-rule'), table: z.string(), chain: z.string(), rule: z.array(z.string()) }),
  /** A chain of ours. */
  z.object({ kind: z.literal('iptables-chain'), table: z.string(), chain: z.string() }),
  /** net.ipv4.ip_forward was 0 before the first mesh needed it; `host` is the network namespace it is a setting of. */
  z.object({ kind: z.literal('ip-forward'), host: z.string() }),
  /** An address that was on no link of `host` before the first pod had it. */
  z.object({ kind: z.literal('lo-address'), address: z.string(), host: z.string() }),
]);

export type HostChange = Readonly<z.infer<typeof hostChange>>;

const fileName = 'host-journal.jsonl';

/** The journal's place in a mesh's run folder (`DataFolder.runPath`). */
export function hostJournalFile(runPath: string): string {
  return join(runPath, fileName);
}

/** Returns once the entry is on the disk. An entry that is already there is not written again. */
export function recordHostChange(file: string, change: HostChange): void {
  const line = JSON.stringify(change);
  if (readHostJournal(file).some((known) => JSON.stringify(known) === line)) return;
  mkdirSync(dirname(file), { recursive: true });
  // The line begins with its own newline too: after a crash the last line may be cut short.
  withDescriptor(file, 'a', (descriptor) => writeFileSync(descriptor, `\n${line}\n`));
  withDescriptor(dirname(file), 'r', () => {});
}

/** Strikes out an entry whose change has been taken back. */
export function forgetHostChange(file: string, change: HostChange): void {
  const line = JSON.stringify(change);
  const rest = readHostJournal(file).map((known) => JSON.stringify(known));
  writeFileAtomically(
    file,
    rest
      .filter((known) => known !== line)
      .map((known) => `${known}\n`)
      .join(''),
  );
}

/** In the order written. Empty if there is no such file; a line cut short stands for a change that was not made. */
export function readHostJournal(file: string): readonly HostChange[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** The changes of all other meshes of this host: their run folders lie beside this one's. */
export function readOtherHostJournals(file: string): readonly HostChange[] {
  const own = dirname(file);
  const runtime = dirname(own);
  return readdirSync(runtime, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && join(runtime, entry.name) !== own)
    .flatMap((entry) => readHostJournal(join(runtime, entry.name, fileName)));
}

/** The network namespace we are in: a container may share /run, but not what is of this host, with others. */
export function thisHost(): string {
  return readlinkSync('/proc/self/ns/net');
}

/** One line for people, as `up` prints it. */
export function describeHostChange(change: HostChange): string {
  switch (change.kind) {
    case 'network':
      return `addresses ${change.cidr} taken for this mesh`;
    case 'sandboxes':
      return `network namespaces sp-${change.meshId}-* and their links added`;
    case 'nft-table':
      return `nft table ${change.table} added`;
    case 'iptables-rule':
      return `iptables rule added to ${change.table}/${change.chain}: ${change.rule.join(' ')}`;
    case 'iptables-chain':
      return `iptables chain ${change.table}/${change.chain} added`;
    case 'ip-forward':
      return 'net.ipv4.ip_forward 0 -> 1';
    case 'lo-address':
      return `address ${change.address} added to lo`;
  }
}

function parseLine(line: string): HostChange | undefined {
  if (line === '') return undefined;
  try {
    return hostChange.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function withDescriptor(path: string, flags: 'a' | 'r', action: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    action(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
