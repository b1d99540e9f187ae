// The upstream side of HTTP: which version a cluster speaks and which filters run there once the upstream address
// is known. Envoy: extensions.upstreams.http.v3.HttpProtocolOptions.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { type HttpFilter, withCodec } from './http-filters.ts';
import { buildCommonHttpOptions, buildHttp2Options, type UpstreamConnections } from './upstream-connections.ts';
import { seconds } from './values.ts';

export const httpProtocolOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export interface HttpProtocol {
  /** `downstream` speaks what the caller speaks. */
  readonly version: 'http1' | 'http2' | 'downstream';
  /** In place of those that the router has; empty: none at all. */
  readonly upstreamFilters?: readonly HttpFilter[];
  /** The SNI follows the request's Host, where the cluster's TLS names none. */
  readonly autoSni?: boolean;
  /** The certificate must be for that name. */
  readonly autoSanValidation?: boolean;
  readonly connections?: UpstreamConnections | undefined;
}

export function buildHttpProtocolOptions(options: HttpProtocol): Any {
  const { version, autoSni = false, autoSanValidation = false, connections = {} } = options;
  const common = {
    ...(version === 'downstream' ? { idleTimeout: seconds(300) } : {}),
    ...buildCommonHttpOptions(connections),
  };
  return anyOf(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: protocolOptions(version, buildHttp2Options(connections)),
    ...(Object.keys(common).length === 0 ? {} : { commonHttpProtocolOptions: common }),
    ...(autoSni || autoSanValidation ? { upstreamHttpProtocolOptions: { autoSni, autoSanValidation } } : {}),
    httpFilters: options.upstreamFilters === undefined ? [] : withCodec(options.upstreamFilters),
  });
}

function protocolOptions(version: HttpProtocol['version'], http2ProtocolOptions: ReturnType<typeof buildHttp2Options>) {
  switch (version) {
    case 'downstream':
      return {
        case: 'useDownstreamProtocolConfig',
        value: { httpProtocolOptions: {}, http2ProtocolOptions },
      } as const;
    case 'http2':
      return {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'http2ProtocolOptions', value: http2ProtocolOptions } },
      } as const;
    case 'http1':
      return {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
      } as const;
  }
}
