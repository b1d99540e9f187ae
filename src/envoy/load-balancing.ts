// How a cluster chooses among its endpoints. Envoy: Cluster.lb_policy and the settings that belong to it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Cluster_LbPolicy,
  type Cluster_SlowStartConfigSchema,
  type ClusterSchema,
} from './gen/envoy/config/cluster/v3/cluster_pb.js';
import { seconds } from './values.ts';

export type LoadBalancing =
  | { readonly kind: 'least-request' | 'round-robin'; readonly slowStart?: SlowStart | undefined }
  | { readonly kind: 'random' }
  /** By the hash policies of routes; what has no hash goes by chance. */
  | { readonly kind: 'ring-hash'; readonly minimumSize?: number | undefined }
  /** The size is a prime number. */
  | { readonly kind: 'maglev'; readonly tableSize?: number | undefined };

/** Endpoints that are new get more and more, up to their full share. */
export interface SlowStart {
  readonly windowMs: number;
  /** 1: evenly; more: at first less. */
  readonly aggression: number;
  /** Of its share that an endpoint has at once. */
  readonly minimumPercent: number;
}

type ClusterPart = Pick<MessageInitShape<typeof ClusterSchema>, 'lbPolicy' | 'lbConfig'>;

export function buildLoadBalancing(balancing: LoadBalancing): ClusterPart {
  switch (balancing.kind) {
    case 'least-request': {
      const lbPolicy = Cluster_LbPolicy.LEAST_REQUEST;
      if (balancing.slowStart === undefined) return { lbPolicy };
      const slowStartConfig = slowStartOf(balancing.slowStart);
      return { lbPolicy, lbConfig: { case: 'leastRequestLbConfig', value: { slowStartConfig } } };
    }
    case 'round-robin': {
      const lbPolicy = Cluster_LbPolicy.ROUND_ROBIN;
      if (balancing.slowStart === undefined) return { lbPolicy };
      const slowStartConfig = slowStartOf(balancing.slowStart);
      return { lbPolicy, lbConfig: { case: 'roundRobinLbConfig', value: { slowStartConfig } } };
    }
    case 'random':
      return { lbPolicy: Cluster_LbPolicy.RANDOM };
    case 'ring-hash': {
      const { minimumSize } = balancing;
      const value = minimumSize === undefined ? {} : { minimumRingSize: BigInt(minimumSize) };
      return { lbPolicy: Cluster_LbPolicy.RING_HASH, lbConfig: { case: 'ringHashLbConfig', value } };
    }
    case 'maglev': {
      const { tableSize } = balancing;
      const value = tableSize === undefined ? {} : { tableSize: BigInt(tableSize) };
      return { lbPolicy: Cluster_LbPolicy.MAGLEV, lbConfig: { case: 'maglevLbConfig', value } };
    }
  }
}

function slowStartOf({
  windowMs,
  aggression,
  minimumPercent,
}: SlowStart): MessageInitShape<typeof Cluster_SlowStartConfigSchema> {
  return {
    slowStartWindow: seconds(windowMs / 1000),
    // The key is asked for, and never set.
    aggression: { defaultValue: aggression, runtimeKey: 'sallyport.slow_start.aggression' },
    minWeightPercent: { value: minimumPercent },
  };
}
