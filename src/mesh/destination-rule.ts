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
  /** `egress.sallyport.dev/original-destination: trust`: PASSTHROUGH follows the caller's address, as in Istio. */
  readonly trustOriginalDestination: boolean;
}

/**
 * The rule's policy, over which a subset's lies part by part. What either says of a port stands in place of all that: what
 * the port does not mention is Istio's default again.
 */
export function effectivePolicy(rule: DestinationRule | undefined, port: number, subset?: Subset): TrafficPolicy {
  if (rule === undefined) return emptyTrafficPolicy;
  const base = rule.ports.get(port) ?? rule.policy;
  if (subset === undefined) return base;
  return subset.ports.get(port) ?? overlaid(base, subset.policy);
}

function overlaid(base: TrafficPolicy, over: TrafficPolicy): TrafficPolicy {
  return {
    loadBalancer: over.loadBalancer ?? base.loadBalancer,
    connectionPool: over.connectionPool ?? base.connectionPool,
    outlierDetection: over.outlierDetection ?? base.outlierDetection,
    tls: over.tls ?? base.tls,
    tunnel: over.tunnel ?? base.tunnel,
    proxyProtocol: over.proxyProtocol ?? base.proxyProtocol,
    retryBudget: over.retryBudget ?? base.retryBudget,
  };
}

/** `DestinationRule/default/httpbin`. */
export function destinationRuleOrigin({ namespace, name, madeBy }: DestinationRule): string {
  return madeBy ?? `DestinationRule/${namespace}/${name}`;
}
