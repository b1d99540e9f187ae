// When a request that failed is sent again (istio-semantics 3.4).
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from '../envoy/any.ts';
import type { RetryPolicySchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { PreviousHostsPredicateSchema } from '../envoy/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { PreviousPrioritiesConfigSchema } from '../envoy/gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js';
import { seconds } from '../envoy/values.ts';
import type { Retries } from '../mesh/virtual-service.ts';

type RetryPolicy = MessageInitShape<typeof RetryPolicySchema>;

/** Another endpoint than before. */
const elsewhere = {
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      configType: { case: 'typedConfig', value: anyOf(PreviousHostsPredicateSchema, {}) },
    },
  ],
  hostSelectionRetryMaxAttempts: 5n,
} satisfies RetryPolicy;

/** Istio's default for outbound routes (core/route/retry/retry.go). */
const defaults = {
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  numRetries: 2,
} satisfies RetryPolicy;

/** Every second retry asks other localities than those that were tried. */
const otherLocalities = {
  retryPriority: {
    name: 'envoy.retry_priorities.previous_priorities',
    configType: { case: 'typedConfig', value: anyOf(PreviousPrioritiesConfigSchema, { updateFrequency: 2 }) },
  },
} satisfies RetryPolicy;

/**
 * Undefined retries are Istio's default; undefined comes out where there are to be none. `hashed`: where the hash of a
 * request chooses its endpoint, that one is asked again, unless the rule says otherwise.
 */
export function retryPolicyOf(retries: Retries | undefined, hashed: boolean): RetryPolicy | undefined {
  if (retries === undefined) return hashed ? defaults : { ...defaults, ...elsewhere };
  const { attempts, perTryTimeoutMs, retryOn, retriableStatusCodes, ignorePreviousHosts, backoffMs } = retries;
  if (attempts <= 0) return undefined;
  return {
    ...defaults,
    ...((ignorePreviousHosts ?? !hashed) ? elsewhere : {}),
    ...(retries.remoteLocalities ? otherLocalities : {}),
    numRetries: attempts,
    ...(retryOn === undefined ? {} : { retryOn }),
    retriableStatusCodes: [...retriableStatusCodes],
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeout: seconds(perTryTimeoutMs / 1000) }),
    ...(backoffMs === undefined ? {} : { retryBackOff: { baseInterval: seconds(backoffMs / 1000) } }),
  };
}
