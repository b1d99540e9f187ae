// Discovery for a test: served on a Unix socket in a temporary folder, gone when the test ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiscovery, type Discovery, type DiscoveryOptions } from '../../src/discovery/discovery.ts';
import type { RefusedResource } from '../../src/discovery/proxy-state.ts';
import type { OwnSecrets } from '../../src/discovery/view.ts';
import { createLogger } from '../../src/platform/log.ts';
import { type AdsClientOptions, openAdsClient } from './ads-client.ts';
import type { Scope } from './envoy-process.ts';
import { createMemoryView, type MemoryView, memoryViews, testProxy } from './memory-view.ts';
import { until } from './until.ts';

/** Resolves with what was refused once nothing is outstanding, a few times in a row: one push waits for the answer to another. */
export async function untilAnswered(discovery: Discovery, timeoutMs?: number): Promise<readonly RefusedResource[]> {
  const types = () => [...(discovery.proxies()[0]?.types.values() ?? [])];
  let quiet = 0;
  const isQuiet = () => {
    quiet = types().length > 0 && types().every(({ state }) => state !== 'STALE') ? quiet + 1 : 0;
    return quiet > 5;
  };
  await until('Envoy has answered everything', isQuiet, timeoutMs);
  return types().flatMap(({ refused = [] }) => refused);
}

export interface TestDiscovery {
  readonly discovery: Discovery;
  readonly view: MemoryView;
  readonly socketPath: string;
  readonly nodeId: string;
  connect(options?: Partial<Omit<AdsClientOptions, 't' | 'address'>>): ReturnType<typeof openAdsClient>;
}

export const silentLog = createLogger('test').child({}, { level: 'silent' });

export interface TestDiscoveryOptions extends Partial<DiscoveryOptions> {
  /** Of the one proxy. */
  readonly ownSecrets?: OwnSecrets;
}

export async function startDiscovery(
  t: Scope,
  { ownSecrets, ...options }: TestDiscoveryOptions = {},
): Promise<TestDiscovery> {
  const view = createMemoryView();
  const folder = await mkdtemp(join(tmpdir(), 'sp-ads-'));
  const discovery = createDiscovery({ views: memoryViews(view), bootId: 'boot', log: silentLog, ...options });
  const identity = testProxy('echo');
  const socketPath = join(folder, 'xds.sock');
  await discovery.serveProxy({ identity, socketPath, ...(ownSecrets === undefined ? {} : { ownSecrets }) });
  t.after(async () => {
    await discovery.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    discovery,
    view,
    socketPath,
    nodeId: identity.nodeId,
    connect: (asked = {}) => openAdsClient({ t, address: `unix:${socketPath}`, nodeId: identity.nodeId, ...asked }),
  };
}
