// The composition root of the control plane: the only file that wires the layers together. Order: the store and the
// files it follows, the mesh out of it, discovery, then what runs; the API opens last, when all of it is served.
import { randomUUID } from 'node:crypto';
import { istioVersion } from './api/kinds/istio.ts';
import { assignClusterIps } from './controllers/cluster-ip.ts';
import { dnsRecordsOf } from './controllers/dns-records.ts';
import { followFiles } from './controllers/followed-files.ts';
import { keepConfigured } from './controllers/keeper-config.ts';
import { startPodController } from './controllers/pods.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { identifyByNode } from './discovery/node-identity.ts';
import { followStore } from './mesh/follow-store.ts';
import { meshConfigKey } from './mesh/mesh-config.ts';
import type { DataFolder } from './platform/data-folder.ts';
import { createLogger } from './platform/log.ts';
import { packageVersion } from './platform/version.ts';
import { createKeeperClient } from './runtime/keeper/client.ts';
import type { ResolveRule } from './runtime/protocol.ts';
import { type ApiServer, serveApi } from './server/serve.ts';
import { openLocalStore } from './store/local/local-store.ts';
import type { ObjectStore } from './store/store.ts';
import { proxyConfigOf } from './xds/proxy-config.ts';
import { createViews } from './xds/views.ts';

export interface ControlPlaneOptions {
  readonly dataFolder: DataFolder;
  /** Files and folders of manifests to follow. */
  readonly files: readonly string[];
  /** Of the HTTP API; undefined: the Unix socket only. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** Plaintext xDS on loopback, for load tests; serves no secrets. */
  readonly xdsAddress: string | undefined;
  readonly resolve: readonly ResolveRule[];
  readonly drainSeconds: number;
  /** Without a keeper nothing runs here; the API and xDS still serve. */
  readonly keeper: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface ControlPlane {
  readonly api: ApiServer;
  /** Resolves when everything has ended after the signal's abort. */
  readonly closed: Promise<void>;
}

/** Resolves when the mesh is served and what was to run runs. Throws SallyportError for what a person can mend. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataFolder, signal } = options;
  const log = createLogger('control-plane');
  const store = await openLocalStore({ file: dataFolder.storeFile });
  await createMeshObject(store);
  const views = createViews();
  const discovery = createDiscovery({ views, bootId: randomUUID(), log });
  const keeper = options.keeper ? createKeeperClient(dataFolder.keeperSocket) : undefined;
  const config = keeper === undefined ? undefined : keepConfigured(keeper, options.resolve, signal, log);

  const files = await followFiles(store, options.files, signal);
  const background = [
    followStore(
      store,
      (mesh, delta) => {
        views.update(mesh, delta);
        config?.setRecords(dnsRecordsOf(mesh));
      },
      signal,
    ),
    assignClusterIps(store, signal),
  ];
  const failed = Promise.race(background.map((task) => task.then(() => new Promise<never>(() => undefined))));
  await Promise.race([views.ready, failed]);
  await config?.settled();
  if (options.xdsAddress !== undefined) {
    await discovery.servePlaintext({ address: options.xdsAddress, identify: identifyByNode });
  }
  const pods =
    keeper === undefined
      ? undefined
      : startPodController({
          store,
          runtime: keeper,
          serveProxy: (proxy) => discovery.serveProxy(proxy),
          defaults: {
            env: options.env,
            user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] },
            envoyArgs: ['--drain-time-s', String(options.drainSeconds)],
          },
          signal,
          log,
        });
  await pods?.ready;
  const api = await serveApi(
    {
      store,
      info: {
        pid: process.pid,
        version: packageVersion(),
        data: dataFolder.path,
        capture: 'redirect',
        startedAt: new Date().toISOString(),
      },
      log,
      ready: views.ready,
      proxies: () => discovery.proxies(),
      proxyConfig: (namespace, name, type) => {
        const proxy = discovery.proxies().find(({ proxy }) => proxy.namespace === namespace && proxy.name === name);
        return proxy === undefined ? undefined : proxyConfigOf(views.viewFor(proxy.proxy), type);
      },
      pods: () => pods?.pods() ?? [],
      execPlan: async (namespace, name) => keeper?.execPlan(namespace, name),
      diagnostics: files.diagnostics,
    },
    { socketPath: dataFolder.apiSocket, ...(options.listen === undefined ? {} : { tcp: options.listen }) },
  );

  const closed = new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => {
      void api
        .close()
        .then(() => discovery.close())
        .then(() => Promise.allSettled([...background, files.done]))
        .then(() => store.close())
        .then(resolve, reject);
    });
    failed.catch(reject);
  });
  return { api, closed };
}

/** The object that holds the mesh's settings; without a mode of its own it stands for Istio's defaults. */
async function createMeshObject(store: ObjectStore): Promise<void> {
  if ((await store.get(meshConfigKey)) !== undefined) return;
  const { group, kind, namespace, name } = meshConfigKey;
  await store.apply([
    { apiVersion: `${group}/v1beta1`, kind, metadata: { namespace, name }, spec: { version: istioVersion } },
  ]);
}
