// The upstream side of HTTP: which version a cluster speaks and which filters run there once the upstream address
// is known. Envoy: extensions.upstreams.http.v3.HttpProtocolOptions.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { UpstreamCodecSchema } from './gen/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.js';
import type { HttpFilterSchema } from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { seconds } from './values.ts';

export const httpProtocolOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export interface HttpProtocol {
  /** `downstream` speaks what the caller speaks. */
  readonly version: 'http1' | 'http2' | 'downstream';
  /** Run for each request after the upstream host was chosen and before a connection is made. */
  readonly upstreamFilters?: readonly MessageInitShape<typeof HttpFilterSchema>[];
  /** SNI and certificate name follow the request's Host. */
  readonly autoSni?: boolean;
}

export function buildHttpProtocolOptions(options: HttpProtocol): Any {
  const filters = options.upstreamFilters ?? [];
  const codec = {
    name: 'envoy.filters.http.upstream_codec',
    configType: { case: 'typedConfig', value: anyOf(UpstreamCodecSchema, {}) },
  } as const;
  return anyOf(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: protocolOptions(options.version),
    ...(options.version === 'downstream' ? { commonHttpProtocolOptions: { idleTimeout: seconds(300) } } : {}),
    ...(options.autoSni === true ? { upstreamHttpProtocolOptions: { autoSni: true, autoSanValidation: true } } : {}),
    httpFilters: filters.length === 0 ? [] : [...filters, codec],
  });
}

function protocolOptions(version: HttpProtocol['version']) {
  switch (version) {
    case 'downstream':
      return {
        case: 'useDownstreamProtocolConfig',
        value: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
      } as const;
    case 'http2':
      return {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'http2ProtocolOptions', value: {} } },
      } as const;
    case 'http1':
      return {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
      } as const;
  }
}
