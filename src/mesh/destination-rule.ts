// A DestinationRule as the mesh knows it, and the policy it means for one port and subset (istio-semantics 4.2).
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';
import { emptyTrafficPolicy, type TrafficPolicy } from './traffic-policy.ts';
import type { Visibility } from './visibility.ts';

/** A policy, and those that take its place on single ports. */
export interface PortedPolicy {
  readonly policy: TrafficPolicy;
  readonly ports: ReadonlyMap<number, TrafficPolicy>;
}

export interface Subset extends PortedPolicy {
  readonly name: string;
  /** Which endpoints belong to it; empty: all. */
  readonly labels: LabelSelector;
}

export interface DestinationRule extends Origin, PortedPolicy {
  /** Normalised, completed; may be a wildcard. */
  readonly host: string;
  readonly visibility: Visibility;
  /** Only for these workloads, of its own namespace. */
  readonly workloadSelector: LabelSelector | undefined;
  readonly subsets: readonly Subset[];
}

/** The rule's policy, or what a port's settings put in its place whole; a subset's lies over it part by part. */
export function effectivePolicy(rule: DestinationRule | undefined, port: number, subset?: Subset): TrafficPolicy {
  if (rule === undefined) return emptyTrafficPolicy;
  const base = rule.ports.get(port) ?? rule.policy;
  if (subset === undefined) return base;
  const over = subset.ports.get(port) ?? subset.policy;
  return {
    loadBalancer: over.loadBalancer ?? base.loadBalancer,
    connectionPool: over.connectionPool ?? base.connectionPool,
    outlierDetection: over.outlierDetection ?? base.outlierDetection,
    tls: over.tls ?? base.tls,
  };
}

/** `DestinationRule/default/httpbin`. */
export function destinationRuleOrigin({ namespace, name }: DestinationRule): string {
  return `DestinationRule/${namespace}/${name}`;
}
