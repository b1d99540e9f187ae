// The upstream side of HTTP: which version a cluster speaks and which filters run there once the upstream address
// is known. Envoy: extensions.upstreams.http.v3.HttpProtocolOptions.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { type HttpFilter, withCodec } from './http-filters.ts';
import { seconds } from './values.ts';

export const httpProtocolOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export interface HttpProtocol {
  /** `downstream` speaks what the caller speaks. */
  readonly version: 'http1' | 'http2' | 'downstream';
  /** In place of those that the router has; empty: none at all. */
  readonly upstreamFilters?: readonly HttpFilter[];
  /** SNI and certificate name follow the request's Host. */
  readonly autoSni?: boolean;
}

export function buildHttpProtocolOptions(options: HttpProtocol): Any {
  return anyOf(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: protocolOptions(options.version),
    ...(options.version === 'downstream' ? { commonHttpProtocolOptions: { idleTimeout: seconds(300) } } : {}),
    ...(options.autoSni === true ? { upstreamHttpProtocolOptions: { autoSni: true, autoSanValidation: true } } : {}),
    httpFilters: options.upstreamFilters === undefined ? [] : withCodec(options.upstreamFilters),
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
