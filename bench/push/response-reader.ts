// What a load client needs of a response, read once per distinct response: all proxies of a view get the same bytes,
// and a client that decoded them for each would measure itself.
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { typeUrls } from '../../src/discovery/view.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { FilterChain } from '../../src/envoy/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { HttpConnectionManagerSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { DeltaDiscoveryResponseSchema } from '../../src/envoy/gen/envoy/service/discovery/v3/discovery_pb.js';

export interface LoadResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly names: ReadonlySet<string>;
  readonly removed: readonly string[];
  /** Names that Envoy would ask for next: endpoints of clusters, routes of listeners. */
  readonly references: readonly string[];
}

/** Only the latest are kept: what comes later is a new generation. */
const remembered = 32;

export function createResponseReader(): (bytes: Buffer) => LoadResponse {
  const known: { readonly bytes: Buffer; readonly response: LoadResponse }[] = [];
  return (bytes) => {
    const found = known.find((candidate) => candidate.bytes.equals(bytes));
    if (found !== undefined) return found.response;
    const response = readResponse(bytes);
    known.unshift({ bytes, response });
    known.length = Math.min(known.length, remembered);
    return response;
  };
}

function readResponse(bytes: Buffer): LoadResponse {
  const { typeUrl, nonce, resources, removedResources } = fromBinary(DeltaDiscoveryResponseSchema, bytes);
  const names = new Set(resources.map(({ name }) => name));
  const references = resources.flatMap(({ resource }) =>
    resource === undefined ? [] : readReferences(typeUrl, resource.value),
  );
  return { typeUrl, nonce, names, removed: removedResources, references };
}

function readReferences(typeUrl: string, value: Uint8Array): readonly string[] {
  if (typeUrl === typeUrls.cluster) {
    const { name, clusterDiscoveryType, edsClusterConfig } = fromBinary(ClusterSchema, value);
    const byEds = clusterDiscoveryType.case === 'type' && clusterDiscoveryType.value === Cluster_DiscoveryType.EDS;
    return byEds ? [edsClusterConfig?.serviceName || name] : [];
  }
  if (typeUrl !== typeUrls.listener) return [];
  const { filterChains, defaultFilterChain } = fromBinary(ListenerSchema, value);
  const chains = defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
  return chains.flatMap(routesOf);
}

function routesOf({ filters }: FilterChain): readonly string[] {
  return filters.flatMap(({ configType }) => {
    if (configType.case !== 'typedConfig') return [];
    const manager = anyUnpack(configType.value, HttpConnectionManagerSchema);
    return manager?.routeSpecifier.case === 'rds' ? [manager.routeSpecifier.value.routeConfigName] : [];
  });
}
