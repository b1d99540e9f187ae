// Discovery alone, over a view held in memory, in a process of its own: its cost without that of making resources.
// Each ServiceEntry is two clusters (80 and 443) and a virtual host, as the real control plane makes them.
// Told by its parent: `add` makes one more, `cpu` asks for CPU time, `end` stops it.
import { createDiscovery } from '../../src/discovery/discovery.ts';
import { identifyByNode } from '../../src/discovery/node-identity.ts';
import { type Resource, typeUrls } from '../../src/discovery/view.ts';
import { anyOf } from '../../src/envoy/any.ts';
import { buildDnsCluster } from '../../src/envoy/cluster.ts';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { VirtualHostSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.js';
import { HttpConnectionManagerSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { buildForwardRoute, buildStatusRoute, buildVirtualHost } from '../../src/envoy/route.ts';
import { adsConfigSource, socketAddress } from '../../src/envoy/values.ts';
import { createLogger } from '../../src/platform/log.ts';
import { createMemoryView, memoryViews, resourceOf } from '../../test/support/memory-view.ts';

export type ServerMessage =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'added' }
  | { readonly kind: 'cpu'; readonly cpuMs: number; readonly rssBytes: number };

const count = Number(process.argv[2] ?? 1000);
const view = createMemoryView();

function cluster(host: string, port: number): Resource {
  const name = `outbound|${port}||${host}`;
  const endpoint = { hostIdentifier: { case: 'endpoint' as const, value: { address: socketAddress(host, port) } } };
  return resourceOf(
    ClusterSchema,
    name,
    buildDnsCluster({ name, dns: 'strict', endpoints: [{ lbEndpoints: [endpoint] }] }),
  );
}

function virtualHost(host: string): Resource {
  const forward = buildForwardRoute({ name: 'default', cluster: `outbound|80||${host}` });
  return resourceOf(VirtualHostSchema, `80/${host}`, buildVirtualHost(`80/${host}`, [host], [forward]));
}

function addServiceEntries(hosts: readonly string[]): void {
  view.change({
    cluster: { set: hosts.flatMap((host) => [cluster(host, 80), cluster(host, 443)]) },
    virtualHost: { set: hosts.map(virtualHost) },
  });
}

const blockAll = buildVirtualHost('block_all', ['*'], [buildStatusRoute('block_all', 502)]);
const http = anyOf(HttpConnectionManagerSchema, {
  statPrefix: 'outbound',
  routeSpecifier: { case: 'rds', value: { configSource: adsConfigSource, routeConfigName: '80' } },
});
const filter = { name: 'http', configType: { case: 'typedConfig' as const, value: http } };
const listener = resourceOf(ListenerSchema, '0.0.0.0_80', {
  name: '0.0.0.0_80',
  address: socketAddress('0.0.0.0', 80),
  filterChains: [{ filters: [filter] }],
});
const routes = { name: '80', virtualHosts: [blockAll], vhds: { configSource: adsConfigSource } };
view.change({
  listener: { set: [listener] },
  route: { set: [resourceOf(RouteConfigurationSchema, '80', routes, { vhds: true })] },
});
addServiceEntries(Array.from({ length: count }, (_, index) => `host-${index}.example.com`));

let added = 0;
const log = createLogger('bench').child({}, { level: 'warn' });
const discovery = createDiscovery({ views: memoryViews(view), bootId: 'bench', log });
const { port } = await discovery.servePlaintext({ address: '127.0.0.1:0', identify: identifyByNode });

function tell(message: ServerMessage): void {
  process.send?.(message);
}

process.on('message', (message) => {
  if (message === 'add') {
    addServiceEntries([`added-${added}.example.com`]);
    added += 1;
    tell({ kind: 'added' });
  }
  if (message === 'cpu') {
    const { user, system } = process.cpuUsage();
    tell({ kind: 'cpu', cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() });
  }
  if (message === 'end') void discovery.close().then(() => process.disconnect());
});
if (view.resources(typeUrls.virtualHost).size !== count) throw new Error('the view is not as it should be');
tell({ kind: 'ready', port });
