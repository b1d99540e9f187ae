// Envoy pushes its counters to the control plane over the connection that brings its configuration, as running totals:
// what one push brings is in the next one too, so that an outage of ours loses nothing.
// Envoy: extensions.stat_sinks.open_telemetry.v3.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import type { StatsSinkSchema } from './gen/envoy/config/metrics/v3/stats_pb.js';
import { StatFullNameMatchInputSchema } from './gen/envoy/extensions/matching/common_inputs/stats/v3/stats_pb.js';
import {
  SinkConfig_DropActionSchema,
  SinkConfigSchema,
} from './gen/envoy/extensions/stat_sinks/open_telemetry/v3/open_telemetry_pb.js';

/** Counters whose names begin so stay in Envoy, for its admin. */
export function buildStatsSink(
  cluster: string,
  keptInEnvoy: readonly string[],
): MessageInitShape<typeof StatsSinkSchema> {
  const input = { name: 'name', typedConfig: anyOf(StatFullNameMatchInputSchema, {}) };
  const matchers = keptInEnvoy.map((prefix) => ({
    predicate: {
      matchType: {
        case: 'singlePredicate' as const,
        value: {
          input,
          matcher: {
            case: 'valueMatch' as const,
            value: { matchPattern: { case: 'prefix' as const, value: prefix } },
          },
        },
      },
    },
    onMatch: {
      onMatch: {
        case: 'action' as const,
        value: { name: 'drop', typedConfig: anyOf(SinkConfig_DropActionSchema, {}) },
      },
    },
  }));
  return {
    name: 'envoy.stat_sinks.open_telemetry',
    configType: {
      case: 'typedConfig',
      value: anyOf(SinkConfigSchema, {
        protocolSpecifier: {
          case: 'grpcService',
          value: { targetSpecifier: { case: 'envoyGrpc', value: { clusterName: cluster } } },
        },
        customMetricConversions: { matcherType: { case: 'matcherList', value: { matchers } } },
      }),
    },
  };
}
