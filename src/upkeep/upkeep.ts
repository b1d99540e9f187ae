// What wants tidying up: what is registered and serves nobody, and what goes out where no policy, or not the one that was meant,
// has a say. Each list answers one question; nothing in them is a mistake of an object by itself (analysis/ tells of those).

/** A registered host outside that nobody called since `since`. */
export interface UnusedHost {
  readonly host: string;
  readonly ports: readonly number[];
  /** What registers it: `ServiceEntry/shop/api`, or the EgressPolicy that stands for one. */
  readonly object: string;
  /** RFC 3339; undefined: not within what is on record. */
  readonly lastUsed?: string;
}

/** A host of an entry that no workload reaches by it, since another one comes first. */
export interface ShadowedEntry {
  readonly host: string;
  readonly object: string;
  /** What comes first, wherever it would count. */
  readonly by: readonly string[];
}

/** A workload whose traffic no proxy sees. */
export interface UncoveredWorkload {
  readonly namespace: string;
  readonly workload: string;
  readonly reason: string;
}

/** Traffic that went to its host at once, though an object leads that host through a gateway. */
export interface AroundGateway {
  readonly source: { readonly namespace: string; readonly workload: string };
  readonly host: string;
  readonly port: number;
  /** `namespace/workload` of the gateways. */
  readonly gateways: readonly string[];
  /** What leads through them. */
  readonly objects: readonly string[];
  readonly requests: number;
  readonly connections: number;
  /** RFC 3339 */
  readonly lastSeen: string;
}

export interface Upkeep {
  /** RFC 3339; hosts and flows are told from here on. */
  readonly since: string;
  readonly unused: readonly UnusedHost[];
  readonly shadowed: readonly ShadowedEntry[];
  readonly uncovered: readonly UncoveredWorkload[];
  readonly aroundGateways: readonly AroundGateway[];
}
