// What a proxy is given, in a form people can read: the ground of `proxy-config`.
import type { DescMessage, JsonObject } from '@bufbuild/protobuf';
import { type TypeUrl, typeUrls, type View } from '../discovery/view.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { bytesToJson } from '../envoy/json.ts';

/** Secrets are never shown. */
const messages = new Map<string, { readonly type: TypeUrl; readonly schema: DescMessage }>([
  ['clusters', { type: typeUrls.cluster, schema: ClusterSchema }],
  ['endpoints', { type: typeUrls.endpoint, schema: ClusterLoadAssignmentSchema }],
  ['listeners', { type: typeUrls.listener, schema: ListenerSchema }],
  ['routes', { type: typeUrls.route, schema: RouteConfigurationSchema }],
  ['virtualhosts', { type: typeUrls.virtualHost, schema: VirtualHostSchema }],
]);

export interface ReadableResource {
  readonly name: string;
  readonly version: string;
  readonly origins: readonly string[];
  readonly json: JsonObject;
}

/** Sorted by name. */
export function proxyConfigOf(view: View, type: string): readonly ReadableResource[] {
  const message = messages.get(type);
  if (message === undefined) return [];
  return [...view.resources(message.type).values()]
    .map(({ name, version, origins, bytes }) => ({ name, version, origins, json: bytesToJson(message.schema, bytes) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
