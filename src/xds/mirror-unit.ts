// The listener inside Envoy that copies of requests go through, and the cluster that leads to it (envoy/route-mirror.ts):
// there a copy is judged, counted and logged like what a program sends itself. Both are there while a route of the view has
// mirrors, and for all of them.
import { typeUrls } from '../discovery/view.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildHttpProtocolOptions } from '../envoy/http-protocol-options.ts';
import { buildInternalCluster, buildInternalListener } from '../envoy/internal-listener.ts';
import { buildFilterChain } from '../envoy/listener.ts';
import { buildMirrorHttpManager } from '../envoy/mirror-http-manager.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { exactHostGuard } from './address-policy.ts';
import type { Capture } from './capture.ts';
import { mirrors } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';
import type { ResourceBook } from './resource-book.ts';
import { buildCallerFilter } from './traffic-callers.ts';
import { outboundHttpLogs, type ProxyKind } from './traffic-logs.ts';
import { buildUpstreamFilters } from './upstream-filters.ts';

export interface MirrorUnit {
  /** After everything else was built. */
  update(mesh: Mesh): void;
}

export interface MirrorUnitOptions {
  readonly capture: Capture['kind'];
  readonly proxy: ProxyKind;
}

export function createMirrorUnit(book: ResourceBook, options: MirrorUnitOptions): MirrorUnit {
  return {
    update: (mesh) => book.replace('mirrors', book.hasMirrors() ? buildMirrorResources(mesh, options) : []),
  };
}

function buildMirrorResources({ config }: Mesh, { capture, proxy }: MirrorUnitOptions): readonly TypedResource[] {
  const manager = buildMirrorHttpManager({
    name: mirrors,
    accessLog: outboundHttpLogs(config, { destination: '', proxy }),
    upstreamFilters: buildUpstreamFilters(exactHostGuard(config.allowedRanges, capture)),
  });
  // A gateway's copies are its own: no other proxy tells of them.
  const callers = proxy === 'gateway' ? [buildCallerFilter(undefined)] : [];
  const listener = buildInternalListener({
    name: mirrors,
    direction: 'outbound',
    addresses: 'none',
    inspectors: [],
    chains: [],
    defaultChain: buildFilterChain(mirrors, [...callers, manager]),
  });
  const http = buildHttpProtocolOptions({ version: 'http2', upstreamFilters: [] });
  return [
    typedResource(typeUrls.cluster, ClusterSchema, mirrors, buildInternalCluster(mirrors, 'none', http), []),
    typedResource(typeUrls.listener, ListenerSchema, mirrors, listener, []),
  ];
}
