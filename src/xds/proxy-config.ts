// What a proxy is given, in a form people can read, and whether it took it: the ground of `proxy-config`.
import { X509Certificate } from 'node:crypto';
import { type DescMessage, fromBinary, type JsonObject } from '@bufbuild/protobuf';
import type { ResourceSyncs, SyncState } from '../discovery/proxy-state.ts';
import { type Resource, type TypeUrl, typeUrls, type View } from '../discovery/view.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { bytesToJson } from '../envoy/json.ts';

/** Secrets are shown by what can be said of their certificates. */
const messages = new Map<string, { readonly type: TypeUrl; readonly schema: DescMessage }>([
  ['clusters', { type: typeUrls.cluster, schema: ClusterSchema }],
  ['endpoints', { type: typeUrls.endpoint, schema: ClusterLoadAssignmentSchema }],
  ['listeners', { type: typeUrls.listener, schema: ListenerSchema }],
  ['routes', { type: typeUrls.route, schema: RouteConfigurationSchema }],
  ['virtualhosts', { type: typeUrls.virtualHost, schema: VirtualHostSchema }],
]);

/** Of a resource type by its name in `proxy-config`. */
export function configTypeUrl(type: string): TypeUrl | undefined {
  return type === 'secrets' ? typeUrls.secret : messages.get(type)?.type;
}

export interface ReadableResource {
  readonly name: string;
  readonly version: string;
  readonly origins: readonly string[];
  readonly state: SyncState;
  /** Why the proxy refused it. */
  readonly error?: string;
  readonly json: JsonObject;
}

/** Sorted by name. */
export function proxyConfigOf(view: View, type: string, syncOf: ResourceSyncs): readonly ReadableResource[] {
  const typeUrl = configTypeUrl(type);
  if (typeUrl === undefined) return [];
  return [...view.resources(typeUrl).values()].map((resource) => readable(resource, type, syncOf)).sort(byName);
}

function readable(resource: Resource, type: string, syncOf: ResourceSyncs): ReadableResource {
  const { name, version, origins, bytes } = resource;
  const schema = messages.get(type)?.schema;
  const json = schema === undefined ? readableSecret(resource) : bytesToJson(schema, bytes);
  return { name, version, origins, ...syncOf(resource), json };
}

/** No key, and no more of a certificate than anyone may see who connects to it. */
function readableSecret({ name, bytes }: Resource): JsonObject {
  const { type } = fromBinary(SecretSchema, bytes);
  const source = type.case === 'tlsCertificate' ? type.value.certificateChain : undefined;
  const roots = type.case === 'validationContext' ? type.value.trustedCa : undefined;
  const content = (source ?? roots)?.specifier;
  const certificates = content?.case === 'inlineBytes' ? certificatesIn(content.value) : [];
  const kind = type.case === 'tlsCertificate' ? 'CERTIFICATE' : 'CA';
  return { name, type: kind, certificates: [...certificates] };
}

const mostShown = 10;

function certificatesIn(pem: Uint8Array): readonly JsonObject[] {
  const blocks = Buffer.from(pem)
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return (blocks ?? []).slice(0, mostShown).map((block) => {
    const { subject, serialNumber, validFrom, validTo, subjectAltName } = new X509Certificate(block);
    return {
      subject,
      serialNumber,
      notBefore: new Date(validFrom).toISOString(),
      notAfter: new Date(validTo).toISOString(),
      ...(subjectAltName === undefined ? {} : { subjectAltName }),
    };
  });
}

function byName(a: ReadableResource, b: ReadableResource): number {
  return a.name < b.name ? -1 : 1;
}
