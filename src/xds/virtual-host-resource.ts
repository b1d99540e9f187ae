// A virtual host as a resource of its own.
import { typeUrls } from '../discovery/view.ts';
import { type VirtualHost, VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { hasMirrors } from '../envoy/route-mirror.ts';
import { type TypedResource, typedResource } from './resource.ts';

export function virtualHostResource(message: VirtualHost, origins: readonly string[]): TypedResource {
  const resource = typedResource(typeUrls.virtualHost, VirtualHostSchema, message.name, message, origins);
  return message.routes.some(hasMirrors) ? { ...resource, mirrors: true } : resource;
}
