// A mesh's network for a test: prepared on the host, and all of it taken back at the end.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../addresses.ts';
import type { Firewall } from '../firewall.ts';
import { type MeshNetwork, prepareHost, undoHostJournal } from '../host.ts';
import { hostJournalFile } from '../host-journal.ts';
import type { ProxyRules } from '../proxy-rules.ts';
import { createSandbox } from '../sandbox.ts';

export interface TestMesh {
  readonly network: MeshNetwork;
  readonly journalFile: string;
  /** Stands for the data folder; hidden from programs. */
  readonly dataPath: string;
  /** In /run/sallyport. */
  readonly runPath: string;
  sandbox(index: number, rules?: Partial<ProxyRules>): Promise<Sandbox>;
  remove(): Promise<void>;
}

export const openRules: ProxyRules = { type: 'sidecar', allowRanges: [], portRoutes: [], bypass: [] };

export async function createTestMesh(firewall?: Firewall): Promise<TestMesh> {
  const meshId = randomBytes(4).toString('hex');
  const runPath = `/run/sallyport/${meshId}`;
  mkdirSync(runPath, { recursive: true });
  chmodSync('/run/sallyport', 0o711);
  const dataPath = mkdtempSync(join(tmpdir(), 'sallyport-network-'));
  const journalFile = hostJournalFile(runPath);
  const network = await prepareHost({ meshId, journalFile, ...(firewall && { firewall }) });
  return {
    network,
    journalFile,
    dataPath,
    runPath,
    sandbox: (index, rules) => createSandbox({ ...openRules, ...rules, network, index }),
    async remove() {
      await undoHostJournal(journalFile);
      rmSync(runPath, { recursive: true, force: true });
      rmSync(dataPath, { recursive: true, force: true });
    },
  };
}
