// What decides, beside a VirtualService itself, which of its rules hold and where they lead: for whom, on which port, and
// the services that its destinations name.
import { isUnder, isWildcardHost, normalizeHost } from '../../api/host-name.ts';
import { type DestinationRule, effectivePolicy } from '../../mesh/destination-rule.ts';
import type { Service } from '../../mesh/service.ts';
import type { TrafficPolicy } from '../../mesh/traffic-policy.ts';
import type { Destination, SourceMatch } from '../../mesh/virtual-service.ts';
import type { Withheld } from '../egress-policy/host-access.ts';
import type { Judge } from '../egress-policy/judgement.ts';
import { blackHoleCluster, outboundCluster } from '../names.ts';
import type { ProxyScope } from '../proxy-scope.ts';
import { clusterOf } from '../service-clusters.ts';

export interface Routing {
  readonly scope: ProxyScope;
  /** `mesh`, or the gateway's name. */
  readonly gateway: string;
  /** That rules speak of: the listener's, or the gateway server's. */
  readonly port: number;
  /** As these proxies know it. */
  service(host: string): Service | undefined;
  /** The DestinationRule that holds for the host at these proxies. */
  rule(host: string): DestinationRule | undefined;
  /** What EgressPolicies leave of requests to a host. */
  readonly judge: Judge;
  /** And of connections. */
  readonly withheld: (host: string, port: number) => Withheld | undefined;
  /** Of a gateway: the service is another's than whose rules these are meant, so that nothing goes there. */
  withholds?(host: string): boolean;
}

/**
 * Whether a match is for these proxies: all it says of them must hold.
 * Istio: where an HTTP match names gateways, labels and namespace are not asked (sourceMatchHTTP), so that a rule for some
 * workloads is one for all; here: they are, unless an annotation of the VirtualService says otherwise.
 */
export function isFor(match: SourceMatch, { scope, gateway, port }: Routing): boolean {
  if (match.port !== undefined && match.port !== port) return false;
  if (match.gateways !== undefined && !match.gateways.includes(gateway)) return false;
  if (match.sourceNamespace !== undefined && match.sourceNamespace !== scope.namespace) return false;
  return match.sourceLabels === undefined || scope.matches(match.sourceLabels);
}

/** Undefined where a service is unknown. */
export interface FoundDestination {
  readonly cluster: string;
  readonly service: Service | undefined;
  readonly port: number;
  /** For the port and subset. */
  readonly policy: TrafficPolicy;
  /** For the port alone. */
  readonly hostPolicy: TrafficPolicy;
}

/** The port: the one named, else the service's only one, else the one that was asked for. A missing service is a missing cluster. */
export function findDestination({ host, port, subset }: Destination, routing: Routing): FoundDestination {
  const known = routing.service(host);
  const withheld = routing.withholds?.(host) === true;
  const service = withheld ? undefined : known;
  const [only, ...others] = service?.ports ?? [];
  const number = port ?? (only !== undefined && others.length === 0 ? only.number : routing.port);
  const servicePort = service?.ports.find((candidate) => candidate.number === number);
  const rule = routing.rule(host);
  const named = rule?.subsets.find(({ name }) => name === subset);
  const hostPolicy = effectivePolicy(rule, number);
  const found = { service, port: number, hostPolicy, policy: effectivePolicy(rule, number, named) };
  if (service === undefined || servicePort === undefined) {
    return { ...found, cluster: withheld ? blackHoleCluster : outboundCluster(number, host, subset) };
  }
  return { ...found, cluster: clusterOf(service, servicePort, subset) };
}

/**
 * The cluster that requests with this Host are sent to. That of a wildcard host resolves whatever Host comes, so only what
 * lies below it goes there.
 * Istio: any Host, registered or not; here: nowhere.
 */
export function clusterFor({ cluster, service }: FoundDestination, host: string): string {
  const fits = service === undefined || !resolvesAny(service) || isUnder(normalizeHost(host) ?? host, service.host);
  return fits ? cluster : blackHoleCluster;
}

export function resolvesAny(service: Service | undefined): boolean {
  return service?.resolution === 'DYNAMIC_DNS' && isWildcardHost(service.host);
}

/** One of several is left out where it has no weight; a single one needs none. */
export function weighted<T extends { readonly weight: number }>(destinations: readonly T[]): readonly T[] {
  return destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
}
