// The composition root of the control plane: the only file that wires the layers together. Order: the store and the
// files it follows, the mesh out of it, discovery, then what runs; the API opens last, when all of it is served.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnfitAuthority } from './analysis/unfit-authority.ts';
import { istioVersion } from './api/kinds/istio.ts';
import { createCheck } from './check/check.ts';
import { keepAddressStatus } from './controllers/address-status.ts';
import { followAlertSettings } from './controllers/alert-settings.ts';
import { createMeshAnalysis } from './controllers/analysis.ts';
import { assignClusterIps } from './controllers/cluster-ip.ts';
import { startDeploymentController } from './controllers/deployments/deployments.ts';
import { createDnsRecords } from './controllers/dns-records.ts';
import { removeExpiredEntries } from './controllers/expired-entries.ts';
import { followFiles } from './controllers/followed-files.ts';
import { startGatewayControllers } from './controllers/gateways/gateway-controllers.ts';
import { keepConfigured } from './controllers/keeper-config.ts';
import { startLoadBalancerController } from './controllers/load-balancers.ts';
import { metricRulesOf } from './controllers/metric-rules.ts';
import { type PodController, type ServedProxy, startPodController } from './controllers/pods.ts';
import { expansionOf } from './controllers/policy-expansion.ts';
import { proxyAddresses } from './controllers/proxy-addresses.ts';
import { createTrafficRegistry } from './controllers/traffic-registry.ts';
import { followTrustFiles } from './controllers/trust-files.ts';
import { type Closable, createDiscovery, type Discovery } from './discovery/discovery.ts';
import { identifyByNode } from './discovery/node-identity.ts';
import type { ProxyIdentity } from './discovery/view.ts';
import { resolverOf } from './foresight/asked-world.ts';
import { createForesight } from './foresight/foresight.ts';
import { createMeshQuestions } from './foresight/mesh-questions.ts';
import { createSuggestions } from './foresight/suggestions.ts';
import { createIdentity, type Identity, type UnfitFiles } from './identity/identity.ts';
import { type FoundFiles, followFolder, followSecret } from './identity/user-authority-source.ts';
import { createAllocatedAddresses } from './mesh/allocated-addresses.ts';
import { followStore, type MeshStep } from './mesh/follow-store.ts';
import { emptyMesh } from './mesh/mesh.ts';
import { meshConfigKey } from './mesh/mesh-config.ts';
import type { DataFolder } from './platform/data-folder.ts';
import { createLogger, type Logger } from './platform/log.ts';
import { packageVersion } from './platform/version.ts';
import { createKeeperClient } from './runtime/keeper/client.ts';
import { lastLines, logFiles } from './runtime/keeper/log-files.ts';
import type { ResolveRule } from './runtime/protocol.ts';
import { type ApiServer, serveApi } from './server/serve.ts';
import { openLocalStore } from './store/local/local-store.ts';
import type { ObjectStore } from './store/store.ts';
import { createIntake, type RecordedProxy } from './telemetry/intake/intake.ts';
import type { AlertSurroundings } from './telemetry/ledger/alerts/alert-watch.ts';
import { openLedgerOrAnew } from './telemetry/ledger/open-or-anew.ts';
import type { Ledger } from './telemetry/ledger.ts';
import { createWorld } from './verdict/world.ts';
import { counterScope } from './xds/counter-key.ts';
import { httpProxy, listenerName, virtualInbound } from './xds/names.ts';
import { configTypeUrl, proxyConfigOf } from './xds/proxy-config.ts';
import { createViews } from './xds/views.ts';

export interface ControlPlaneOptions {
  readonly dataFolder: DataFolder;
  /** The object store's database. */
  readonly storeFile: string;
  /** The ledger's. */
  readonly trafficFile: string;
  /** Files and folders of manifests to follow. */
  readonly files: readonly string[];
  /** Of the HTTP API; undefined: the Unix socket only. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** Plaintext xDS on loopback, for load tests; serves no secrets. */
  readonly xdsAddress: string | undefined;
  readonly resolve: readonly ResolveRule[];
  readonly capture: 'redirect' | 'proxy';
  readonly drainSeconds: number;
  /** How long a workload's certificate is good. */
  readonly workloadCertificateMs: number;
  /** Where the user's authority is, in Istio's files. */
  readonly caFolder: string | undefined;
  /** PEM file of roots that servers outside may be signed by, beside the system's. */
  readonly extraRootsFile: string | undefined;
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

/**
 * Resolves when the mesh is served and what was to run runs. Throws SallyportError for what a person can mend; then
 * nothing of it is left running in this process.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const stack = new AsyncDisposableStack();
  try {
    const { api, broken } = await wire({ ...options, signal }, stack);
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    return { api, closed: Promise.race([ended, broken]).finally(() => close(failed, stack)) };
  } catch (error) {
    await close(failed, stack);
    throw error;
  }
}

async function close(failed: AbortController, stack: AsyncDisposableStack): Promise<void> {
  failed.abort();
  await stack.disposeAsync();
}

/** What is opened is put on the stack, to be closed in reverse. `broken` rejects when a part that must run on ends. */
async function wire(
  options: ControlPlaneOptions,
  stack: AsyncDisposableStack,
): Promise<{ readonly api: ApiServer; readonly broken: Promise<never> }> {
  const { dataFolder, signal } = options;
  const log = createLogger('control-plane');
  const store = await openLocalStore({ file: options.storeFile });
  stack.defer(() => store.close());
  await createMeshObject(store);
  const files = await followFiles(store, options.files, signal);
  stack.defer(() => files.done);

  const keeper = options.keeper ? createKeeperClient(dataFolder.keeperSocket) : undefined;
  const config = keeper === undefined ? undefined : keepConfigured(keeper, options.resolve, signal, log);
  const { capture } = options;
  const views = createViews({
    capture:
      capture === 'proxy'
        ? { kind: 'proxy', portRules: options.resolve }
        : { kind: 'redirect', proxies: proxyAddresses },
  });
  const dnsRecords = createDnsRecords();
  // Where programs are not redirected they name the host themselves; without a keeper nobody answers them addresses.
  const addresses = keeper === undefined || capture === 'proxy' ? undefined : createAllocatedAddresses();
  const addressStatus = keepAddressStatus(store, signal, log);
  const trustFiles = followTrustFiles({
    extraRoots: options.extraRootsFile,
    onChange: (content) => following.setFiles(content),
    signal,
    log,
  });
  const analysis = createMeshAnalysis({ store, files, signal, log });
  const expired = removeExpiredEntries({ store, signal, log });
  let identity: Identity | undefined;
  let current = emptyMesh;
  const onStep = (step: MeshStep) => {
    analysis.take(step);
    expired.take(step.events);
  };
  const following = followStore(
    store,
    (mesh, delta) => {
      if (mesh.fileUsers !== current.fileUsers) trustFiles.follow(mesh.fileUsers.hosts());
      current = mesh;
      identity?.setTrustDomain(mesh.config.trustDomain);
      // Before the listeners: a name must lead to an address no later than the address leads on.
      const { capturedRanges, podsMayBypass } = mesh.config;
      config?.setCaptured({ capturedRanges, podsMayBypass });
      const records = dnsRecords.update(mesh, delta);
      if (records !== undefined) config?.setRecords(records);
      views.update(mesh, delta);
      addressStatus.update(mesh, delta);
    },
    signal,
    { onStep, mutualTls: capture === 'redirect', ...(addresses === undefined ? {} : { addresses }) },
  );
  const alertSettings = followAlertSettings(store, signal);
  const background = [following.done, assignClusterIps(store, signal), alertSettings.done];
  stack.defer(async () => void (await Promise.allSettled(background)));
  let broken = Promise.race(background.map(rejectionOf));
  await Promise.race([views.ready, broken]);
  await config?.settled();

  const ledger = openTraffic(options.trafficFile, log, {
    settings: alertSettings.current,
    trustDomain: () => registry.trustDomain(),
    isInside: (address) => registry.workloadAt(address) !== undefined,
  });
  stack.defer(() => ledger.close());
  let pods: PodController | undefined;
  const proxies = () => (pods?.proxies() ?? []).map(({ identity }) => identity);
  const registry = createTrafficRegistry({ mesh: () => current, pods: () => pods?.pods() ?? [], proxies });
  const intake = createIntake({ ledger, registry, proxies: () => recorded(pods?.proxies() ?? []), log });
  stack.defer(() => intake.close());
  const onMetrics = (identity: ProxyIdentity, bytes: Uint8Array) => intake.takeExport(identity, bytes);
  const discovery = createDiscovery({ views, bootId: randomUUID(), log, onMetrics });
  stack.defer(() => discovery.close());
  // Where programs and proxies share a user, a proxy's key would be its program's too.
  if (capture === 'redirect') {
    const follow = options.caFolder === undefined ? followSecret(store) : followFolder(options.caFolder);
    const first = Promise.withResolvers<void>();
    let userAuthority: FoundFiles | undefined;
    const found = (files: FoundFiles | undefined) => {
      userAuthority = files;
      identity?.setUserAuthority(files);
      first.resolve();
    };
    const followingAuthority = follow(found, signal);
    background.push(followingAuthority);
    broken = Promise.race([broken, rejectionOf(followingAuthority)]);
    await Promise.race([first.promise, broken]);
    identity = createIdentity({
      file: dataFolder.caFile,
      lifeMs: options.workloadCertificateMs,
      trustDomain: current.config.trustDomain,
      userAuthority,
      onJudged: (unfit) => analysis.setUnfitAuthority(unfit && placed(unfit)),
      syncs: discovery.syncs,
      signal,
      log,
    });
  }
  if (options.xdsAddress !== undefined) {
    await discovery.servePlaintext({ address: options.xdsAddress, identify: identifyByNode });
  }
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  const envoyArgs = ['--drain-time-s', String(options.drainSeconds)];
  pods =
    keeper === undefined
      ? undefined
      : startPodController({
          store,
          runtime: keeper,
          serveProxy: (proxy) => serveProxy(discovery, identity, proxy),
          defaults: {
            env: options.env,
            user,
            envoyArgs,
            countedScopes: [counterScope],
            listeners: {
              outbound: httpProxy,
              inbound: virtualInbound,
              gateway: (port) => listenerName('0.0.0.0', port),
            },
          },
          signal,
          log,
        });
  const deployments =
    keeper === undefined
      ? undefined
      : startDeploymentController({
          store,
          runtime: keeper,
          logTail: (pod) => lastLines(logFiles(dataFolder.logsPath, pod).app),
          signal,
          log,
        });
  const loadBalancers =
    keeper === undefined ? undefined : startLoadBalancerController({ store, runtime: keeper, signal, log });
  await Promise.all([pods?.ready, deployments?.ready, loadBalancers?.ready]);
  identity?.begin();

  const foresight = createForesight({ files: { traffic: options.trafficFile } });
  stack.defer(() => foresight.close());
  const questions = createMeshQuestions({
    foresight,
    store,
    mesh: () => current,
    pods: () => pods?.pods() ?? [],
    capture,
    rules: options.resolve,
  });
  const check = createCheck({
    world: () =>
      createWorld({
        mesh: current,
        capture,
        viewOf: (one) => views.viewFor(one),
        registry,
        proxies: proxies(),
        pods: pods?.pods() ?? [],
        resolve: resolverOf(options.resolve),
      }),
    mend: questions.mend,
  });
  const startedAt = new Date().toISOString();
  const api = await serveApi(
    {
      store,
      info: { pid: process.pid, version: packageVersion(), data: dataFolder.path, capture, startedAt },
      log,
      ready: views.ready,
      traffic: ledger,
      dryRun: questions.dryRun,
      upkeep: questions.upkeep,
      policyTests: questions.policyTests,
      acknowledge: ledger.acknowledge,
      check: check.check,
      suggestions: createSuggestions({ foresight, store, mesh: () => current, proxies }),
      registry,
      metricRules: () => metricRulesOf(current, proxies()),
      proxies: () => discovery.proxies(),
      onProxiesChange: (listener) => discovery.onChange(listener),
      proxyConfig: (namespace, name, type) => {
        const found = discovery.proxies().find(({ proxy }) => proxy.namespace === namespace && proxy.name === name);
        const typeUrl = configTypeUrl(type);
        const syncs = found && typeUrl && discovery.syncs(found.proxy.nodeId, typeUrl);
        if (found === undefined || syncs === undefined) return undefined;
        const shared = proxyConfigOf(views.viewFor(found.proxy), type, syncs);
        const own = type === 'secrets' ? identity?.secretsOf(found.proxy.nodeId) : undefined;
        return own === undefined ? shared : [...proxyConfigOf(own, type, syncs), ...shared];
      },
      authority: identity,
      pods: () => pods?.pods() ?? [],
      execPlan: async (namespace, name) => keeper?.execPlan(namespace, name),
      diagnostics: analysis.diagnostics,
      diagnosticsOf: analysis.diagnosticsOf,
      onDiagnosticsChange: analysis.onChange,
      expansionOf: (object) =>
        expansionOf(following.meaningOf(object), {
          mutualTls: capture === 'redirect',
          trustDomain: current.config.trustDomain,
        }),
    },
    { socketPath: dataFolder.apiSocket, ...(options.listen === undefined ? {} : { tcp: options.listen }) },
  );
  stack.defer(() => api.close());
  // Nothing waits for gateways: they come up beside what runs.
  if (keeper !== undefined) {
    startGatewayControllers({ store, lowestPort: capture === 'proxy' ? lowestOwnPort() : 1, signal, log });
  }
  return { api, broken };
}

/** Where a person finds what is wrong with it. */
function placed({ found: { source, secret }, file, message, hint }: UnfitFiles): UnfitAuthority {
  return { secret, file: source.kind === 'folder' ? join(source.path, file) : file, message, hint };
}

/** A proxy's own secrets are its own as long as its socket is. */
async function serveProxy(
  discovery: Discovery,
  identity: Identity | undefined,
  proxy: { readonly identity: ProxyIdentity; readonly socketPath: string },
): Promise<Closable> {
  if (identity === undefined) return discovery.serveProxy(proxy);
  const workload = identity.serve(proxy.identity);
  const server = await discovery.serveProxy({ ...proxy, ownSecrets: workload.secrets }).catch((error: unknown) => {
    workload.close();
    throw error;
  });
  return {
    async close() {
      await server.close();
      workload.close();
    },
  };
}

/** The lowest port that this user's own processes may listen on. */
function lowestOwnPort(): number {
  if (process.getuid?.() === 0) return 1;
  return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
}

/** What flowed is history: a damaged file is put aside, and counting begins anew. */
function openTraffic(file: string, log: Logger, surroundings: AlertSurroundings): Ledger {
  const { ledger, movedAside } = openLedgerOrAnew({ file, surroundings });
  if (movedAside !== undefined) {
    log.warn({ err: movedAside.because }, `the traffic so far could not be read; it is in ${movedAside.file}`);
  }
  return ledger;
}

function recorded(proxies: readonly ServedProxy[]): readonly RecordedProxy[] {
  return proxies.flatMap(({ identity, recordsFile }) => (recordsFile === undefined ? [] : [{ identity, recordsFile }]));
}

/** Never resolves: a task that ends because it was told to is nothing to hear of. */
async function rejectionOf(task: Promise<void>): Promise<never> {
  await task;
  return new Promise<never>(() => undefined);
}

/** The object that holds the mesh's settings; without a mode of its own it stands for Istio's defaults. */
async function createMeshObject(store: ObjectStore): Promise<void> {
  if ((await store.get(meshConfigKey)) !== undefined) return;
  const { group, kind, namespace, name } = meshConfigKey;
  await store.apply([
    { apiVersion: `${group}/v1beta1`, kind, metadata: { namespace, name }, spec: { version: istioVersion } },
  ]);
}
