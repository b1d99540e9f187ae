// Ends a mesh wholly, with its keeper's help or, where none answers, from what it recorded: programs, Envoys,
// namespaces, what was changed on the host. Running it again does no harm.
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import { signalProgram } from '../launch/program.ts';
import { sandboxAt } from '../network/addresses.ts';
import { undoHostJournal } from '../network/host.ts';
import { hostJournalFile, readHostJournal } from '../network/host-journal.ts';
import { listSandboxes } from '../network/sandbox-removal.ts';
import type { Ended } from '../protocol.ts';
import { createKeeperClient } from './client.ts';
import { endProcess, envoyGraceMs, programGraceMs } from './end-process.ts';
import { captureInForce, readKeeperId, removeKeeperFiles } from './keeper-files.ts';
import { type Lock, tryLock } from './lock.ts';
import { markedPids } from './pod-mark.ts';
import { type PodRecord, readPodRecords } from './pod-record.ts';
import { bootId, isRunning, killAll, signalGroup, waitForExits } from './process-id.ts';
import { endSandboxProcesses } from './redirect-capture.ts';

const keeperEndMs = 10_000;
const lockPollMs = 50;
/** Why a folder cannot go: other meshes have theirs in it, or it is a mount of its own. */
const inUse: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY']);

/** Objects and logs stay; the control plane must have ended. Throws SallyportError for what could not be ended. */
export async function stopEverything(dataFolder: DataFolder): Promise<Ended> {
  if (!existsSync(dataFolder.keeperPath)) return { undone: [], ended: 0 };
  const answered = await askKeeper(dataFolder);
  await awaitKeeperEnd(dataFolder);
  const lock = await awaitLock(dataFolder);
  try {
    const rest = await endRecorded(dataFolder);
    removeKeeperFiles(dataFolder.keeperPath);
    removeRunFolder(dataFolder);
    return { undone: [...answered.undone, ...rest.undone], ended: answered.ended + rest.ended };
  } finally {
    lock.release();
  }
}

async function askKeeper(dataFolder: DataFolder): Promise<Ended> {
  try {
    return await createKeeperClient(dataFolder.keeperSocket).shutdown();
  } catch (error) {
    // Dead, hanging or failing half-way: the rest is done without it.
    if (error instanceof SallyportError && error.code !== 'SP_SOCKET_DENIED') return { undone: [], ended: 0 };
    throw error;
  }
}

/** It must not start anything again: one that does not go is killed. */
async function awaitKeeperEnd({ keeperPath }: DataFolder): Promise<void> {
  const keeper = readKeeperId(keeperPath);
  if (keeper === undefined || !isRunning(keeper)) return;
  const left = await waitForExits([keeper], keeperEndMs);
  for (const one of left) signalGroup(one, 'SIGKILL');
  await waitForExits(left, keeperEndMs);
}

/** Another `down` may have it, for as long as it ends the same mesh. */
async function awaitLock({ keeperPath, path }: DataFolder): Promise<Lock> {
  const deadline = performance.now() + keeperEndMs;
  do {
    const lock = tryLock(keeperPath);
    if (lock !== undefined) return lock;
    await delay(lockPollMs);
  } while (performance.now() < deadline);
  throw new SallyportError('SP_KEEPER_RUNS', `a keeper that cannot be ended runs for ${path}`, {});
}

async function endRecorded(dataFolder: DataFolder): Promise<Ended> {
  const journalFile = hostJournalFile(dataFolder.runPath);
  const boot = bootId();
  const records = recordsIfReadable(dataFolder.keeperPath).filter((record) => record.boot === boot);
  const marked = captureInForce(dataFolder.keeperPath) === 'proxy';
  const counts = await Promise.all(records.map((record) => endPod(record, marked || record.request.type === 'host')));
  await endStrays(dataFolder.id, journalFile);
  const undone = await undoHostJournal(journalFile);
  return { undone, ended: counts.reduce((sum, count) => sum + count, 0) };
}

/** Without the records all processes are still found by their namespaces, and killed. */
function recordsIfReadable(keeperPath: string): readonly PodRecord[] {
  try {
    return readPodRecords(keeperPath);
  } catch (error) {
    if (error instanceof SallyportError) return [];
    throw error;
  }
}

/** The number of its processes that ran. `plain`: the program is the process that was spawned. */
async function endPod({ app, proxy }: PodRecord, plain: boolean): Promise<number> {
  const running = [app.process, proxy.process].filter((one) => one !== undefined && isRunning(one)).length;
  const program = app.process;
  const gently = () => program !== undefined && signalProgram(program.pid, 'SIGTERM');
  if (program !== undefined) await endProcess(program, programGraceMs, plain ? undefined : gently);
  if (proxy.process !== undefined) await endProcess(proxy.process, envoyGraceMs);
  return running;
}

/** What bears the mesh's mark, or runs in its namespaces, though no record knows it. */
async function endStrays(meshId: string, journalFile: string): Promise<void> {
  await killAll(() => markedPids(meshId));
  const network = readHostJournal(journalFile).find((change) => change.kind === 'network');
  if (network === undefined) return;
  for (const index of await listSandboxes(meshId)) await endSandboxProcesses(sandboxAt(meshId, network.cidr, index));
}

/** With the sockets of what was killed. The folder that all meshes share goes with the last of them. */
function removeRunFolder({ runPath, keeperSocket, apiSocket }: DataFolder): void {
  const rest = [join(runPath, 'x'), join(runPath, 'resolv'), keeperSocket, apiSocket];
  for (const path of rest) rmSync(path, { recursive: true, force: true });
  for (const folder of [runPath, dirname(runPath)]) {
    try {
      rmdirSync(folder);
    } catch (error) {
      const code = systemCode(error) ?? '';
      if (inUse.has(code)) return;
      if (code !== 'ENOENT') throw error;
    }
  }
}
