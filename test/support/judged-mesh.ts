// The real views and discovery with a real Envoy behind them, for what Envoy says of resources made of an object: a
// sidecar's or a gateway's, redirected, with nothing that connects to it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeManifests } from '../../src/api/decode.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { createDiscovery } from '../../src/discovery/discovery.ts';
import type { RefusedResource } from '../../src/discovery/proxy-state.ts';
import type { ProxyIdentity } from '../../src/discovery/view.ts';
import { encode } from '../../src/envoy/any.ts';
import { buildBootstrap } from '../../src/envoy/bootstrap.ts';
import { BootstrapSchema } from '../../src/envoy/gen/envoy/config/bootstrap/v3/bootstrap_pb.js';
import { bytesToJson } from '../../src/envoy/json.ts';
import { emptyMesh, updateMesh } from '../../src/mesh/mesh.ts';
import { createMeshObjects } from '../../src/mesh/mesh-objects.ts';
import { type Diagnostic, hasErrors } from '../../src/platform/diagnostic.ts';
import { createDnsServer } from '../../src/runtime/dns/server.ts';
import { counterScope } from '../../src/xds/counter-key.ts';
import { createViews } from '../../src/xds/views.ts';
import { silentLog, untilAnswered } from './discovery.ts';
import { type Scope, startEnvoy } from './envoy-process.ts';
import { testProxy } from './memory-view.ts';

export type Verdict =
  | { readonly stopped: 'validation'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly stopped: 'envoy'; readonly refused: readonly RefusedResource[] }
  | { readonly stopped: undefined };

export interface JudgedMesh {
  /**
   * Applies the objects beside those that were there from the start, hears Envoy, and takes them away again; before that
   * `look` sees what is there.
   */
  judge(yaml: string, look?: () => Promise<void>): Promise<Verdict>;
  /** Names of the certificates and roots that Envoy has. */
  secrets(): Promise<readonly string[]>;
}

export async function startJudgedMesh(
  t: Scope,
  manifests: string,
  identity: Partial<ProxyIdentity> = {},
): Promise<JudgedMesh> {
  const folder = await mkdtemp(join(tmpdir(), 'sp-judged-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const objects = createMeshObjects();
  const views = createViews();
  let mesh = emptyMesh;
  const change = (type: 'ADDED' | 'DELETED', changed: readonly KubeObject[]) => {
    const update = updateMesh(mesh, objects.translate(changed.map((object) => ({ type, object }))));
    mesh = update.mesh;
    views.update(mesh, update.delta);
  };
  change(
    'ADDED',
    decodeManifests(manifests, 'manifests').objects.map(({ object }) => object),
  );

  // Envoy answers for clusters only once it knows that their names lead nowhere.
  const dns = createDnsServer({ upstream: [], hosts: { lookup: () => undefined } });
  t.after(() => dns.close());
  const dnsPort = await dns.listen('127.0.0.1', 0, {
    namespace: 'default',
    hostname: 'judge',
    podIP: '127.0.0.1',
    asks: 'proxy',
  });

  const discovery = createDiscovery({ views, bootId: 'boot', log: silentLog });
  t.after(() => discovery.close());
  const xdsSocket = join(folder, 'xds.sock');
  const proxy = { ...testProxy('judge'), ...identity };
  await discovery.serveProxy({ identity: proxy, socketPath: xdsSocket });
  const bootstrap = buildBootstrap({
    nodeId: proxy.nodeId,
    nodeCluster: 'judge.default',
    metadata: {},
    xdsSocket,
    adminSocket: join(folder, 'admin.sock'),
    dns: { address: '127.0.0.1', port: dnsPort },
    countedScopes: [counterScope],
  });
  const envoy = await startEnvoy({ t, bootstrap: bytesToJson(BootstrapSchema, encode(BootstrapSchema, bootstrap)) });

  const settled = () => untilAnswered(discovery, 60_000);
  const first = await settled();
  if (first.length > 0) throw new Error(JSON.stringify(first));
  return {
    async judge(yaml, look) {
      const decoded = decodeManifests(yaml, 'object');
      const found = decoded.objects.map(({ object }) => object);
      if (hasErrors(decoded.diagnostics)) return { stopped: 'validation', diagnostics: decoded.diagnostics };
      change('ADDED', found);
      const refused = await settled()
        .then(async (answered) => {
          await look?.();
          return answered;
        })
        .finally(() => change('DELETED', found));
      await settled();
      return refused.length === 0 ? { stopped: undefined } : { stopped: 'envoy', refused };
    },
    async secrets() {
      const { configs = [] }: { configs?: readonly { readonly name: string }[] } = JSON.parse(
        await envoy.admin('/config_dump?resource=dynamic_active_secrets'),
      );
      return configs.map(({ name }) => name).sort();
    },
  };
}
