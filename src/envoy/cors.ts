// Cross-origin requests of browsers: preflights are answered here, and answers tell the browser who may read them. The
// filter stands disabled in the chain (`whereRoutesAsk`) and runs on routes that bring a policy.
// Envoy: filters.http.cors.v3.
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { CorsPolicySchema, CorsSchema } from './gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { type HttpFilter, httpFilter } from './http-filters.ts';
import { stringMatcher, type ValueMatch } from './route-match.ts';
import { fractionalPercent } from './values.ts';

const filterName = 'envoy.filters.http.cors';

export interface Cors {
  /** An exact `*` is every origin. */
  readonly origins: readonly ValueMatch[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly credentials: boolean | undefined;
  /** Preflights of other origins go to the server; else they are answered without a word of leave. */
  readonly forwardsUnmatched: boolean;
}

export function buildCorsFilter(): HttpFilter {
  return httpFilter(filterName, anyOf(CorsSchema, {}));
}

/** For a route's `typed_per_filter_config`. */
export function corsOnRoute(cors: Cors): Record<string, Any> {
  const { origins, methods, headers, exposedHeaders, maxAgeSeconds, credentials, forwardsUnmatched } = cors;
  const policy = anyOf(CorsPolicySchema, {
    allowOriginStringMatch: origins.map(stringMatcher),
    allowMethods: methods.join(','),
    allowHeaders: headers.join(','),
    exposeHeaders: exposedHeaders.join(','),
    maxAge: maxAgeSeconds === undefined ? '' : String(maxAgeSeconds),
    ...(credentials === undefined ? {} : { allowCredentials: credentials }),
    filterEnabled: { defaultValue: fractionalPercent(100) },
    forwardNotMatchingPreflights: forwardsUnmatched,
  });
  return { [filterName]: policy };
}
