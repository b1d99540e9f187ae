// The processes behind a mesh, asked from its own sockets, and their end.
import { readdirSync, readFileSync } from 'node:fs';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import type { KeeperStatus, PodStatus } from '../../src/runtime/protocol.ts';
import { until } from './until.ts';

interface MeshPlace {
  readonly data: string;
}

export async function keeperStatus({ data }: MeshPlace): Promise<KeeperStatus> {
  const { body } = await requestJson({ socketPath: dataFolder(data).keeperSocket, path: '/v1/status' });
  return body as KeeperStatus;
}

export async function keeperPods({ data }: MeshPlace): Promise<readonly PodStatus[]> {
  const { body } = await requestJson({ socketPath: dataFolder(data).keeperSocket, path: '/v1/pods' });
  return body as readonly PodStatus[];
}

/** Of the workload of that name. */
export async function keeperPod(place: MeshPlace, workload: string): Promise<PodStatus | undefined> {
  return (await keeperPods(place)).find((pod) => pod.workload === workload);
}

export async function controlPlanePid({ data }: MeshPlace): Promise<number> {
  const { body } = await requestJson({ socketPath: dataFolder(data).apiSocket, path: '/v1/info' });
  return (body as { pid: number }).pid;
}

/** Of all programs and Envoys that run; a gateway is its Envoy alone. */
export async function podPids(place: MeshPlace): Promise<ReadonlySet<number>> {
  const pids = (await keeperPods(place)).flatMap(({ app, proxy }) => [app.pid, proxy.pid]);
  return new Set(pids.filter((pid) => pid !== undefined));
}

export async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await ended(pid);
}

/** A zombie has ended too: who inherits it reaps it when it likes. */
export function ended(pid: number): Promise<boolean> {
  return until(`process ${pid} has ended`, () => {
    try {
      return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return true;
    }
  });
}

/** Command lines of all processes that name this folder, as control plane and keeper do. */
export function processesOf(data: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(commandLine)
    .filter((line) => line.includes(data));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
