// A control plane's HTTP API for tests: the real local store and real sockets in a data folder of its own; what the
// store does not know (proxies, pods) is given as plain values.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { type DataFolder, dataFolder } from '../../src/platform/data-folder.ts';
import type { ServerDeps } from '../../src/server/deps.ts';
import { serveApi } from '../../src/server/serve.ts';
import { memoryLedger } from '../../src/server/testing/memory-ledger.ts';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import type { ObjectStore } from '../../src/store/store.ts';

export interface TestControlPlane {
  readonly folder: DataFolder;
  readonly store: ObjectStore;
  readonly deps: ServerDeps;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** A data folder that is gone after the test, with nothing running in it. */
export async function temporaryDataFolder(context: TestContext): Promise<DataFolder> {
  const folder = dataFolder(await mkdtemp(join(tmpdir(), 'sallyport-test-')));
  context.after(async () => {
    await rm(folder.path, { recursive: true, force: true });
    await rm(folder.runPath, { recursive: true, force: true });
  });
  return folder;
}

/** Serves until the test ends. */
export async function startControlPlane(
  context: TestContext,
  deps: Partial<Omit<ServerDeps, 'store'>> = {},
): Promise<TestControlPlane> {
  const folder = await temporaryDataFolder(context);
  const store = await openLocalStore({ file: folder.storeFile });
  const all: ServerDeps = {
    store,
    log: pino({ level: 'silent' }),
    info: {
      pid: process.pid,
      version: '9.9.9',
      data: folder.path,
      capture: 'redirect',
      startedAt: '2026-01-01T00:00:00Z',
    },
    ready: Promise.resolve(),
    traffic: memoryLedger(),
    acknowledge: () => undefined,
    dryRun: () => Promise.reject(new Error('no dry run here')),
    policyTests: () => Promise.reject(new Error('no tests here')),
    upkeep: () => Promise.reject(new Error('no upkeep here')),
    check: () => Promise.reject(new Error('nothing is checked here')),
    registry: { asked: () => ({}), policy: () => ({ mode: 'REGISTRY_ONLY', object: 'default' }) },
    metricRules: () => undefined,
    proxies: () => [],
    onProxiesChange: () => () => undefined,
    proxyConfig: () => undefined,
    authority: undefined,
    pods: () => [],
    execPlan: async () => undefined,
    diagnostics: async () => [],
    diagnosticsOf: async () => [],
    onDiagnosticsChange: () => () => undefined,
    expansionOf: () => undefined,
    suggestions: async () => ({ suggestions: [], objects: [], leftOut: [] }),
    ...deps,
  };
  const server = await serveApi(all, { socketPath: folder.apiSocket, tcp: { host: '127.0.0.1', port: 0 } });
  const close = async () => {
    await server.close();
    await store.close();
  };
  context.after(close);
  return { folder, store, deps: all, url: `http://127.0.0.1:${server.tcp?.port}`, close };
}
