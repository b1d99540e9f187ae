// Two real Envoys that show each other what the authority gave them, by SDS as `default` and `ROOTCA`: certificates renewed
// ten times and the root replaced while requests flow, each on a connection of its own. Both ends judge the other's
// certificate, its time too: one that had ended, or a root that one of them lacked, would be a failed request.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createDiscovery } from '../../src/discovery/discovery.ts';
import type { ProxyIdentity, Resource, View } from '../../src/discovery/view.ts';
import { createIdentity } from '../../src/identity/identity.ts';
import { silentLog } from '../support/discovery.ts';
import { type EnvoyProcess, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { createMemoryView, testProxy, type ViewChange } from '../support/memory-view.ts';
import { until } from '../support/until.ts';
import { encodeResource, type ResourceType } from '../support/xds-resource.ts';
import { adsBootstrap } from '../support/xds-script.ts';
import { adsSource, httpListener, type Json, staticCluster, typed, virtualHost } from './envoy-json.ts';

const certificateSeconds = 2;

const commonTls = (peer: string): Json => ({
  tls_certificate_sds_secret_configs: [{ name: 'default', sds_config: adsSource }],
  combined_validation_context: {
    default_validation_context: {
      match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: identityOf(peer) } }],
    },
    validation_context_sds_secret_config: { name: 'ROOTCA', sds_config: adsSource },
  },
});

function identityOf(serviceAccount: string): string {
  return `spiffe://cluster.local/ns/default/sa/${serviceAccount}`;
}

/** Whose certificate the other side showed stands in headers of the answer. */
const shown: Json = {
  status: 200,
  response_headers_to_add: ['serial', 'issuer', 'uri_san'].map((what) => ({
    header: { key: `peer-${what.replace('_', '-')}`, value: `%DOWNSTREAM_PEER_${what.toUpperCase()}%` },
  })),
};

function serverListener(): Json {
  const { status, ...rest } = shown;
  const routes = [{ match: { prefix: '/' }, direct_response: { status }, ...rest }];
  const manager = { route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] } };
  const plain = httpListener('server', { manager });
  const [chain] = plain['filter_chains'] as readonly Json[];
  const context = { require_client_certificate: true, common_tls_context: commonTls('client') };
  const config = typed('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', context);
  return { ...plain, filter_chains: [{ ...chain, transport_socket: { name: 'tls', typed_config: config } }] };
}

function clientResources(port: number): ViewChange {
  const context = { common_tls_context: commonTls('server') };
  const config = typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', context);
  const once = typed('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
    explicit_http_config: { http_protocol_options: {} },
    common_http_protocol_options: { max_requests_per_connection: 1 },
  });
  const cluster = staticCluster('server', port, {
    transport_socket: { name: 'tls', typed_config: config },
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': once },
  });
  const manager = { route_config: { virtual_hosts: [virtualHost('all', ['*'], 'server')] } };
  return {
    cluster: { set: [resource('CDS', cluster)] },
    listener: { set: [resource('LDS', httpListener('client', { manager }))] },
  };
}

function resource(type: ResourceType, value: Json): Resource {
  const bytes = encodeResource(type, value);
  return { name: String(value['name']), version: '1', bytes, origins: [] };
}

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sp-identity-'));
  const stop = new AbortController();
  const views = new Map<string, View>();
  const viewFor = ({ name }: ProxyIdentity) => views.get(name) ?? createMemoryView();
  const discovery = createDiscovery({ views: { ready: Promise.resolve(), viewFor }, bootId: 'boot', log: silentLog });
  const identity = createIdentity({
    file: join(folder, 'ca.json'),
    lifeMs: certificateSeconds * 1000,
    trustDomain: 'cluster.local',
    syncs: discovery.syncs,
    signal: stop.signal,
    log: silentLog,
  });
  t.after(async () => {
    stop.abort();
    await discovery.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function boot(name: string, change: ViewChange) {
    const proxy = { ...testProxy(name), serviceAccount: name };
    const view = createMemoryView(name);
    view.change(change);
    views.set(name, view);
    const { secrets } = identity.serve(proxy);
    const socketPath = join(folder, `${name}.sock`);
    await discovery.serveProxy({ identity: proxy, socketPath, ownSecrets: secrets });
    const { dynamic_resources, xdsCluster } = adsBootstrap(socketPath, { cds: true, lds: true });
    const node = { id: proxy.nodeId, cluster: 'test' };
    return startEnvoy({ t, bootstrap: { node, dynamic_resources, static_resources: { clusters: [xdsCluster] } } });
  }

  const portOf = (envoy: EnvoyProcess, name: string) => until('the listener is there', () => envoy.listenerPort(name));
  const server = await boot('server', { listener: { set: [resource('LDS', serverListener())] } });
  const client = await boot('client', clientResources(await portOf(server, 'server')));
  const port = await portOf(client, 'client');
  identity.begin();
  return { identity, call: () => httpCall({ port, host: 'any.test' }) };
}

test('certificates renewed ten times, the root once, under load: no request fails', { timeout: 120_000 }, async (t) => {
  const { identity, call } = await start(t);
  const first = await call();
  assert.equal(first.status, 200);
  assert.equal(first.headers['peer-uri-san'], identityOf('client'));
  const serials = new Set<unknown>();
  const issuers = new Set<unknown>();
  const ask = async () => {
    const { status, headers } = await call();
    serials.add(headers['peer-serial']);
    issuers.add(headers['peer-issuer']);
    return status;
  };
  const load = startLoad([ask, ask]);
  // It would go on for ever after a failure.
  t.after(async () => void (await load.stop()));
  await until('half of the renewals', () => serials.size > 5, 30_000);
  identity.rotate();
  await until(
    'the new root is the only one',
    () => {
      const { next, retired } = identity.trust();
      return next === undefined && retired === undefined && issuers.size >= 2;
    },
    40_000,
  );
  const before = serials.size;
  await until('the other half', () => serials.size > before + 5, 30_000);
  const outcomes = await load.stop();
  assert.deepEqual(Object.keys(outcomes), ['200']);
  assert.ok((outcomes['200'] ?? 0) > 100, `${outcomes['200']} requests`);
  t.diagnostic(`${outcomes['200']} requests, ${serials.size} certificates, ${issuers.size} roots`);
});
