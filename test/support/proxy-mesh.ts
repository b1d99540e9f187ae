// One workload's Envoy under proxy capture, as `up` would run it: the real bootstrap, views, discovery and DNS, on
// loopback addresses of its own. Manifests are given as YAML; names resolve as the test says, and nowhere else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeManifests } from '../../src/api/decode.ts';
import { createDiscovery } from '../../src/discovery/discovery.ts';
import { encode } from '../../src/envoy/any.ts';
import { buildBootstrap } from '../../src/envoy/bootstrap.ts';
import type { SidecarSockets } from '../../src/envoy/bootstrap-proxy-capture.ts';
import { BootstrapSchema } from '../../src/envoy/gen/envoy/config/bootstrap/v3/bootstrap_pb.js';
import { bytesToJson } from '../../src/envoy/json.ts';
import { emptyMesh, updateMesh } from '../../src/mesh/mesh.ts';
import { createMeshObjects } from '../../src/mesh/mesh-objects.ts';
import { createDnsServer } from '../../src/runtime/dns/server.ts';
import type { PortRule } from '../../src/xds/capture.ts';
import { counterScope } from '../../src/xds/counter-key.ts';
import { httpProxy, virtualInbound } from '../../src/xds/names.ts';
import { createViews } from '../../src/xds/views.ts';
import { silentLog, untilAnswered } from './discovery.ts';
import { type EnvoyProcess, type Scope, startEnvoy } from './envoy-process.ts';
import { testProxy } from './memory-view.ts';
import { freePort } from './ports.ts';

export interface ProxyMeshOptions {
  readonly t: Scope;
  /** What is there from the start. */
  readonly manifests: string;
  /** What DNS answers; any other name does not exist. */
  readonly names: Readonly<Record<string, string>>;
  readonly portRules?: readonly PortRule[];
  readonly inbound?: SidecarSockets['inbound'];
}

export interface ProxyMesh {
  readonly envoy: EnvoyProcess;
  /** Where the HTTP proxy is. */
  readonly proxy: { readonly host: string; readonly port: number };
  /** Resolves when Envoy has taken the change. */
  apply(yaml: string): Promise<void>;
  remove(yaml: string): Promise<void>;
  /** Access log lines so far. */
  lines(): readonly string[];
}

const podIP = '127.0.77.1';

export async function startProxyMesh(options: ProxyMeshOptions): Promise<ProxyMesh> {
  const { t, portRules = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sp-proxy-mesh-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const dns = createDnsServer({ upstream: [], hosts: { lookup: () => undefined } });
  t.after(() => dns.close());
  const dnsPort = await dns.listen('127.0.0.1', 0, { namespace: 'default', hostname: 'echo', podIP, asks: 'proxy' });
  dns.setConfig({
    records: Object.entries(options.names).map(([name, address]) => ({ name, addresses: [address] })),
    resolve: portRules,
  });

  const views = createViews({ capture: { kind: 'proxy', portRules } });
  const objects = createMeshObjects();
  let mesh = emptyMesh;
  const change = (type: 'ADDED' | 'DELETED', yaml: string) => {
    const decoded = decodeManifests(yaml, 'test.yaml');
    const errors = decoded.diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    const next = updateMesh(mesh, objects.translate(decoded.objects.map(({ object }) => ({ type, object }))));
    mesh = next.mesh;
    views.update(mesh, next.delta);
  };
  change('ADDED', options.manifests);

  const discovery = createDiscovery({ views, bootId: 'boot', log: silentLog });
  t.after(() => discovery.close());
  const identity = testProxy('echo');
  const xdsSocket = join(folder, 'xds.sock');
  await discovery.serveProxy({ identity, socketPath: xdsSocket });
  const proxy = { host: podIP, port: await freePort(podIP) };
  const bootstrap = buildBootstrap({
    nodeId: identity.nodeId,
    nodeCluster: 'echo.default',
    metadata: {},
    xdsSocket,
    adminSocket: join(folder, 'unused.sock'),
    dns: { address: '127.0.0.1', port: dnsPort },
    countedScopes: [counterScope],
    proxyCapture: {
      outboundProxy: { address: proxy.host, port: proxy.port },
      outboundListener: httpProxy,
      inbound: options.inbound ?? [],
      inboundListener: virtualInbound,
    },
  });
  const json = bytesToJson(BootstrapSchema, encode(BootstrapSchema, bootstrap));
  const envoy = await startEnvoy({ t, bootstrap: json, args: ['--drain-time-s', '1'] });
  const inSync = async () => {
    const refused = await untilAnswered(discovery);
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
  };
  await inSync();
  return {
    envoy,
    proxy,
    lines: () => envoy.stdout.items,
    apply: async (yaml) => {
      change('ADDED', yaml);
      await inSync();
    },
    remove: async (yaml) => {
      change('DELETED', yaml);
      await inSync();
    },
  };
}
