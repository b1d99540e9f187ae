// A mesh for a test, with a keeper process of its own and no control plane. Each pod has an Envoy that answers whatever is
// sent out.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilFits } from '../../../../test/support/until.ts';
import { type DataFolder, dataFolder } from '../../../platform/data-folder.ts';
import { findEnvoy } from '../../envoy-supply/find-envoy.ts';
import type { KeeperStatus, PodSpec, PodStatus } from '../../protocol.ts';
import { createKeeperClient, type KeeperClient } from '../client.ts';
import { ensureKeeper } from '../spawn.ts';
import { stopEverything } from '../stop-everything.ts';
import { podSpec, staticBootstrap } from './pod-spec.ts';

export const namespace = 'shop';

export interface KeptMesh {
  readonly folder: DataFolder;
  readonly client: KeeperClient;
  /** Starts the keeper, or finds it. */
  keeper(): Promise<KeeperStatus>;
  /** Resolves when program and Envoy run. */
  start(name: string, change?: Partial<PodSpec>): Promise<PodStatus>;
  /** Resolves to the pod's state once it fits. */
  status(name: string, fits?: (pod: PodStatus) => boolean): Promise<PodStatus>;
  remove(): Promise<void>;
}

export function keptMesh(capture: KeeperStatus['capture']): KeptMesh {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-kept-'));
  const folder = dataFolder(join(root, 'data'));
  const client = createKeeperClient(folder.keeperSocket);

  async function status(name: string, fits: (pod: PodStatus) => boolean = () => true): Promise<PodStatus> {
    const found = async () => (await client.pods()).find((pod) => pod.namespace === namespace && pod.name === name);
    const pod = await untilFits(found, (one) => one !== undefined && fits(one));
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  return {
    folder,
    client,
    async keeper() {
      const { path } = await findEnvoy();
      return (await ensureKeeper({ dataFolder: folder, envoy: path, capture })).status;
    },
    async start(name, change = {}) {
      const place = await client.ensureSandbox(namespace, name, { uid: 'uid-1' });
      const listener = place.outboundProxy ?? { address: '0.0.0.0', port: 15_001 };
      const bootstrap = staticBootstrap(`${place.xdsPath}/admin.sock`, listener);
      await client.putPod(namespace, name, podSpec({ hostname: name, bootstrap, ...change }));
      return status(name, ({ app, proxy }) => app.phase === 'Running' && proxy.phase === 'Running');
    },
    status,
    async remove() {
      await stopEverything(folder);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Pids of running processes in whose environment this text stands. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(text));
}

export function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}
