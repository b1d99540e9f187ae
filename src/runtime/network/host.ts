// Everything a mesh changes on the host outside its own namespaces, done and undone. Each change stands in the
// journal before it is made. Both directions are idempotent and hold the host's lock.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findTool, runTool } from './command.ts';
import { type Firewall, findFirewall } from './firewall.ts';
import {
  describeHostChange,
  type HostChange,
  readHostJournal,
  readOtherHostJournals,
  recordHostChange,
  thisHost,
} from './host-journal.ts';
import { withHostLock } from './host-lock.ts';
import {
  acceptChanges,
  applyIptablesChange,
  iptablesChanges,
  renderHostIptables,
  undoIptablesChange,
} from './host-rules-iptables.ts';
import { hostTable, renderHostNft, renderHostNftRemoval } from './host-rules-nft.ts';
import type { BalancedPort } from './load-balancer-rules.ts';
import { takeLoopbackAddress } from './loopback-address.ts';
import { chooseMeshCidr, routedRanges } from './mesh-cidr.ts';
import { removeAllSandboxes } from './sandbox-removal.ts';

const forwardSwitch = '/proc/sys/net/ipv4/ip_forward';

/** A mesh's place on this host. Plain data. */
export interface MeshNetwork {
  readonly meshId: string;
  /** The mesh's /16. */
  readonly cidr: string;
  readonly firewall: Firewall;
}

export interface HostOptions {
  /** `DataFolder.id`: eight hex digits. */
  readonly meshId: string;
  /** `hostJournalFile(dataFolder.runPath)`. */
  readonly journalFile: string;
  /** The /16 of an earlier start; chosen anew if absent. */
  readonly cidr?: string;
  /** Found out if absent. */
  readonly firewall?: Firewall;
  /** The load balancers of an earlier start: connections to them find no gap. */
  readonly balanced?: (cidr: string) => readonly BalancedPort[];
  readonly signal?: AbortSignal;
}

/** Makes the host ready for the mesh's sandboxes: addresses, masquerading, forwarding. */
export async function prepareHost(options: HostOptions): Promise<MeshNetwork> {
  const { meshId, journalFile, balanced = () => [], signal } = options;
  const firewall = options.firewall ?? (await findFirewall(signal));
  const record = (change: HostChange) => recordHostChange(journalFile, change);
  return withHostLock(async () => {
    const cidr = options.cidr ?? recordedCidr(journalFile) ?? (await freeCidr(meshId, journalFile, signal));
    record({ kind: 'network', cidr });
    record({ kind: 'sandboxes', meshId });
    if (firewall === 'nft') {
      record({ kind: 'nft-table', table: hostTable(meshId) });
      await runTool('nft', ['-f', '-'], {
        input: renderHostNft(meshId, cidr, balanced(cidr)),
        ...(signal && { signal }),
      });
    }
    // Each is put first in its chain: what is refused stands before what is accepted.
    for (const change of [
      ...acceptChanges(meshId, cidr, await iptablesListing(signal)),
      ...(firewall === 'iptables' ? iptablesChanges(meshId, cidr) : []),
    ]) {
      record(change);
      await applyIptablesChange(change, signal);
    }
    if (firewall === 'iptables') {
      const input = renderHostIptables(meshId, cidr, balanced(cidr));
      await runTool('iptables-restore', ['--noflush'], { input, ...(signal && { signal }) });
    }
    switchForwardingOn(journalFile);
    return { meshId, cidr, firewall };
  }, signal);
}

/** What stands in the journal, one line each. */
export function hostChanges(journalFile: string): readonly string[] {
  return readHostJournal(journalFile).map(describeHostChange);
}

/** Takes back everything in the journal, newest first, then the journal. Returns what was taken back. */
export async function undoHostJournal(journalFile: string, signal?: AbortSignal): Promise<readonly string[]> {
  if (!existsSync(journalFile)) return [];
  return withHostLock(async () => {
    const changes = readHostJournal(journalFile).toReversed();
    for (const change of changes) await undo(change, journalFile, signal);
    rmSync(journalFile, { force: true });
    return changes.map(describeHostChange);
  }, signal);
}

async function undo(change: HostChange, journalFile: string, signal?: AbortSignal): Promise<void> {
  switch (change.kind) {
    case 'network':
      return;
    case 'sandboxes':
      return removeAllSandboxes(change.meshId, signal);
    case 'nft-table':
      await runTool('nft', ['-f', '-'], { input: renderHostNftRemoval(change.table), ...(signal && { signal }) });
      return;
    case 'iptables-rule':
    case 'iptables-chain':
      return undoIptablesChange(change, signal);
    case 'ip-forward':
      if (!neededByOthers(journalFile)) writeFileSync(forwardSwitch, '0');
      return;
    case 'lo-address':
      return takeLoopbackAddress(change, journalFile, signal);
  }
}

/** Recorded also where another mesh of ours switched it on: the last one to go switches it off. */
function switchForwardingOn(journalFile: string): void {
  const off = readFileSync(forwardSwitch, 'utf8').trim() === '0';
  if (!off && !neededByOthers(journalFile)) return;
  recordHostChange(journalFile, { kind: 'ip-forward', host: thisHost() });
  if (off) writeFileSync(forwardSwitch, '1');
}

function neededByOthers(journalFile: string): boolean {
  const host = thisHost();
  return readOtherHostJournals(journalFile).some((change) => change.kind === 'ip-forward' && change.host === host);
}

function recordedCidr(journalFile: string): string | undefined {
  return readHostJournal(journalFile).find((change) => change.kind === 'network')?.cidr;
}

async function freeCidr(meshId: string, journalFile: string, signal?: AbortSignal): Promise<string> {
  const others = readOtherHostJournals(journalFile).flatMap((change) => (change.kind === 'network' ? change.cidr : []));
  return chooseMeshCidr(meshId, [...(await routedRanges(signal)), ...others]);
}

async function iptablesListing(signal?: AbortSignal): Promise<string> {
  if (findTool('iptables') === undefined) return '';
  // Without the kernel's old tables there is nothing that could refuse.
  return runTool('iptables', ['-w', '5', '-S'], { ...(signal && { signal }) }).catch(() => {
    signal?.throwIfAborted();
    return '';
  });
}
