// Pods of type `host`, beside whatever captures the others: no Envoy, nothing captured, the host's own network and resolver.
// Where root runs the mesh, their programs have no capabilities and may have an address of their own on `lo`.
import { networkInterfaces } from 'node:os';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import { hostCommand, hostExecPlan } from '../launch/host-command.ts';
import { hostJournalFile } from '../network/host-journal.ts';
import { addLoopbackAddress, removeLoopbackAddress } from '../network/loopback-address.ts';
import type { Capture, Place, PlaceRequest } from './capture.ts';
import { plainCommand, plainExecPlan } from './plain-process.ts';
import { markedPids, podMark } from './pod-mark.ts';
import { isRunning, killAll, signalGroup } from './process-id.ts';
import { runFiles } from './run-files.ts';

const localhost = '127.0.0.1';

/** The capture, with room for `host` pods. */
export function withHostPods(capture: Capture, { id: meshId, runPath }: DataFolder): Capture {
  /** Addresses of host pods. */
  const places = new Map<number, string>();
  /** Pods that the capture has a place for. */
  const captured = new Set<number>();
  const journalFile = hostJournalFile(runPath);
  const privileged = capture.kind === 'redirect';

  async function makeHostPlace({ index, address = localhost }: PlaceRequest): Promise<Place> {
    const before = places.get(index);
    if (captured.delete(index)) await capture.removePlace(index);
    if (before !== undefined && before !== address) await leave(index, before);
    if (privileged) await addLoopbackAddress(address, journalFile);
    else requireAddress(address);
    places.set(index, address);
    const none = { address: localhost, port: 0 };
    return {
      podIP: address,
      appIP: address,
      proxyIP: address,
      dns: none,
      dnsRelay: none,
      proxyUid: process.getuid?.() ?? 0,
      xdsPath: runFiles(runPath, index).xdsPath,
    };
  }

  async function leave(index: number, address: string): Promise<void> {
    await killAll(() => markedPids(meshId, index));
    places.delete(index);
    if (privileged && ![...places.values()].includes(address)) await removeLoopbackAddress(address, journalFile);
  }

  return {
    ...capture,
    async makePlace(request) {
      if (request.type === 'host') return makeHostPlace(request);
      const before = places.get(request.index);
      if (before !== undefined) await leave(request.index, before);
      captured.add(request.index);
      return capture.makePlace(request);
    },
    async removePlace(index) {
      const address = places.get(index);
      if (address !== undefined) return leave(index, address);
      await capture.removePlace(index);
      captured.delete(index);
    },
    endStrays: (index, part) =>
      places.has(index) ? killAll(() => markedPids(meshId, index, part)) : capture.endStrays(index, part),
    appCommand(index, spec) {
      if (!places.has(index)) return capture.appCommand(index, spec);
      const mark = podMark(meshId, index, 'app');
      if (!privileged) return plainCommand(spec, mark);
      return { ...hostCommand({ ...spec, env: { ...spec.env, ...mark } }), cwd: '/' };
    },
    endGently: (index, program) =>
      places.has(index) ? signalGroup(program, 'SIGTERM') : capture.endGently(index, program),
    execPlan(index, program, spec) {
      if (!places.has(index)) return capture.execPlan(index, program, spec);
      const mark = podMark(meshId, index, 'app');
      if (!privileged) return plainExecPlan(program, spec, mark);
      return isRunning(program) ? hostExecPlan({ ...spec, env: { ...spec.env, ...mark } }) : undefined;
    },
  };
}

/** Without rights no address can be added: it must be there. */
function requireAddress(address: string): void {
  const present = Object.values(networkInterfaces()).flatMap((links = []) => links.map((link) => link.address));
  if (address.startsWith('127.') || present.includes(address)) return;
  const hint = 'choose one of 127.0.0.0/8, or use redirect capture';
  throw new SallyportError('SP_NO_ADDRESS', `this machine has no address ${address}`, { hint });
}
