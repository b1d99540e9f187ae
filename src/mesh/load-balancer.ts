// How one of a destination's endpoints is chosen (istio-semantics 4.4): the loadBalancer part of a traffic policy.
// Undefined: Istio's default. Durations in milliseconds.

export interface LoadBalancer {
  /** PASSTHROUGH: the address that the caller connected to. */
  readonly simple: 'LEAST_REQUEST' | 'RANDOM' | 'ROUND_ROBIN' | 'PASSTHROUGH' | undefined;
  /** In place of `simple`. */
  readonly consistentHash: ConsistentHash | undefined;
  readonly warmup: Warmup | undefined;
  readonly locality: LocalitySetting | undefined;
}

/** The same endpoint for the same key, as long as it is there. */
export interface ConsistentHash {
  readonly key: HashKey;
  readonly algorithm: HashAlgorithm;
}

export type HashKey =
  | { readonly kind: 'header'; readonly name: string }
  | HashCookie
  | { readonly kind: 'source' }
  | { readonly kind: 'query'; readonly name: string };

export interface HashCookie {
  readonly kind: 'cookie';
  readonly name: string;
  readonly path: string | undefined;
  /** 0: as long as the session. Undefined: callers who have none get none. */
  readonly ttlMs: number | undefined;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

export type HashAlgorithm =
  | { readonly kind: 'ring'; readonly minimumSize: number | undefined }
  | { readonly kind: 'maglev'; readonly tableSize: number | undefined };

/** An endpoint that came up gets its full share only after a while. */
export interface Warmup {
  readonly durationMs: number;
  readonly minimumPercent: number;
  readonly aggression: number;
}

/** Which localities are preferred, seen from the proxy's own; one of the three lists at most has entries. */
export interface LocalitySetting {
  readonly enabled: boolean;
  readonly distribute: readonly { readonly from: string; readonly to: ReadonlyMap<string, number> }[];
  readonly failover: ReadonlyMap<string, string>;
  /** Labels, `key` or `key=value`, in order of weight. */
  readonly failoverPriority: readonly string[];
}
