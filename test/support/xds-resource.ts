// xDS resources from JSON to bytes, with the extensions that the tests use inside them.
import { createRegistry, type DescMessage, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '../../src/envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { VirtualHostSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.js';
import { FileAccessLogSchema } from '../../src/envoy/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { RouterSchema } from '../../src/envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { TlsInspectorSchema } from '../../src/envoy/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { HttpConnectionManagerSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { ConfigSchema as SetFilterStateSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { TcpProxySchema } from '../../src/envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { ServerNameInputSchema } from '../../src/envoy/gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js';
import { SecretSchema } from '../../src/envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../../src/envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { HttpProtocolOptionsSchema } from '../../src/envoy/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { ServerNameMatcherSchema } from '../../src/envoy/gen/xds/type/matcher/v3/domain_pb.js';

export type ResourceType = 'CDS' | 'EDS' | 'LDS' | 'RDS' | 'VHDS' | 'SDS';

const schemas: Readonly<Record<ResourceType, DescMessage>> = {
  CDS: ClusterSchema,
  EDS: ClusterLoadAssignmentSchema,
  LDS: ListenerSchema,
  RDS: RouteConfigurationSchema,
  VHDS: VirtualHostSchema,
  SDS: SecretSchema,
};

function typeUrl(type: ResourceType): string {
  return `type.googleapis.com/${schemas[type].typeName}`;
}

export const typeUrls: Readonly<Record<ResourceType, string>> = {
  CDS: typeUrl('CDS'),
  EDS: typeUrl('EDS'),
  LDS: typeUrl('LDS'),
  RDS: typeUrl('RDS'),
  VHDS: typeUrl('VHDS'),
  SDS: typeUrl('SDS'),
};

const registry = createRegistry(
  DownstreamTlsContextSchema,
  FileAccessLogSchema,
  HttpConnectionManagerSchema,
  HttpProtocolOptionsSchema,
  RouterSchema,
  ServerNameInputSchema,
  ServerNameMatcherSchema,
  SetFilterStateSchema,
  StringValueSchema,
  TcpProxySchema,
  TlsInspectorSchema,
  UpstreamTlsContextSchema,
);

/** Throws on a field or an extension that does not exist. */
export function encodeResource(type: ResourceType, value: Readonly<Record<string, unknown>>): Uint8Array {
  const json: JsonValue = JSON.parse(JSON.stringify(value));
  return toBinary(schemas[type], fromJson(schemas[type], json, { registry }));
}
