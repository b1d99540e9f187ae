// Service -> clusters, one for each port and for each subset of it (istio-semantics 2.2, 4). Pure; the same service, rule
// and settings give the same bytes, whichever proxies see it.
import { type ProxyIdentity, typeUrls } from '../discovery/view.ts';
import {
  buildDnsCluster,
  buildDynamicForwardProxyCluster,
  buildEdsCluster,
  buildEmptyCluster,
  buildOriginalDstCluster,
  type ClusterOptions,
} from '../envoy/cluster.ts';
import { type Cluster, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { proxyProtocolSocket, type TransportSocket } from '../envoy/transport-socket.ts';
import { type DestinationRule, destinationRuleOrigin, effectivePolicy, type Subset } from '../mesh/destination-rule.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { isHeadless, originOf, type Service, type ServicePort } from '../mesh/service.ts';
import type { TrafficPolicy } from '../mesh/traffic-policy.ts';
import type { Capture } from './capture.ts';
import { buildClusterHttp } from './cluster-http.ts';
import { upstreamPolicyOf } from './cluster-policy.ts';
import { buildClusterTls } from './cluster-tls.ts';
import { dynamicDnsCache } from './dynamic-dns.ts';
import { groupByLocality, sharesOf } from './locality-groups.ts';
import { lacksMutualTls, mutualTlsOf } from './mutual-tls.ts';
import { chosenEndpointSubset, originalDestinationSubset, outboundCluster } from './names.ts';
import type { ProxyPlace } from './proxy-place.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { secretSource } from './secret-names.ts';
import { buildLocalities, serviceEndpoints } from './service-endpoints.ts';

/** What decides about a service's clusters beside itself. */
export interface ClusterSettings {
  readonly config: MeshConfig;
  readonly capture: Capture['kind'];
  readonly proxy: ProxyIdentity['type'];
  readonly rule: DestinationRule | undefined;
  /** Where the proxies are, if the rule asks for it. */
  readonly place: ProxyPlace | undefined;
  /** Routes send to it by rules of a VirtualService, for which Envoys add headers that are not to leave. */
  readonly routed: boolean;
}

/** The cluster that traffic to this port of the service is sent to. */
export function clusterOf(service: Service, port: ServicePort, subset = ''): string {
  const followsCaller = service.resolution === 'NONE';
  return outboundCluster(port.number, service.host, followsCaller ? originalDestinationSubset : subset);
}

/**
 * Whether connections to this port go to the endpoint that their caller chose: a database's first replica is not its second.
 * Only listeners on the endpoints' own addresses lead there.
 */
export function followsEndpoint(service: Service, port: ServicePort, capture: Capture['kind']): boolean {
  const handling = handlingOf(port.protocol);
  return capture === 'redirect' && isHeadless(service) && handling !== 'http' && handling !== 'none';
}

export function endpointCluster(service: Service, port: ServicePort): string {
  return outboundCluster(port.number, service.host, chosenEndpointSubset);
}

/** A DNS cluster without endpoints is left out, as Istio does; its route then finds no cluster. */
export function buildServiceClusters(service: Service, settings: ClusterSettings): readonly TypedResource[] {
  const resources: TypedResource[] = [];
  const { rule } = settings;
  const origins = [originOf(service), ...(rule === undefined ? [] : [destinationRuleOrigin(rule)])];
  for (const port of service.ports) {
    if (handlingOf(port.protocol) === 'none') continue;
    const follows = settings.proxy === 'sidecar' && followsEndpoint(service, port, settings.capture);
    const variants = [undefined, ...(follows ? (['endpoint'] as const) : []), ...subsetsOf(service, rule)];
    for (const variant of variants) {
      const built = buildServiceCluster(service, port, variant, settings);
      if (built === undefined) continue;
      const { cluster, secrets } = built;
      resources.push(typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, origins, secrets));
    }
  }
  return resources;
}

/** Where addresses are found connection by connection there is nothing to choose from. */
export function subsetsOf({ resolution }: Service, rule: DestinationRule | undefined): readonly Subset[] {
  return resolution === 'NONE' || resolution === 'DYNAMIC_DNS' ? [] : (rule?.subsets ?? []);
}

interface BuiltCluster {
  readonly cluster: Cluster;
  readonly secrets: readonly string[];
}

function buildServiceCluster(
  service: Service,
  port: ServicePort,
  variant: Subset | 'endpoint' | undefined,
  settings: ClusterSettings,
): BuiltCluster | undefined {
  const { capture, proxy, rule } = settings;
  const subset = variant === 'endpoint' ? undefined : variant;
  const policy = effectivePolicy(rule, port.number, subset);
  if (lacksMutualTls(service, policy, settings)) {
    return { cluster: buildEmptyCluster(clusterOf(service, port, subset?.name)), secrets: [] };
  }
  const tls = buildClusterTls(service, port, policy.tls);
  const mutual = mutualTlsOf(service, port, { subset, policy, settings });
  const handling = handlingOf(port.protocol);
  const http = buildClusterHttp(service, port, { ...settings, policy, tls });
  const options = {
    name: variant === 'endpoint' ? endpointCluster(service, port) : clusterOf(service, port, subset?.name),
    // CONNECT passes a cluster as HTTP, whatever is inside.
    countsBodies: capture === 'proxy' || handling === 'http' || handling === 'auto' || tls !== undefined,
    ...(http === undefined ? {} : { http }),
    transportSocket: transportSocketOf(tls?.transportSocket ?? mutual?.always, policy),
    // Where addresses are the callers' own nothing says what is behind them.
    ...(variant === 'endpoint' ? {} : { mutualTls: mutual?.whereTaken }),
    policy: { ...upstreamPolicyOf(policy), weighsLocalities: sharesOf(policy, settings.place) !== undefined },
  };
  const cluster =
    variant === 'endpoint'
      ? buildOriginalDstCluster(options)
      : buildByResolution(service, port, subset, options, settings);
  if (cluster === undefined) return undefined;
  const keysAllowed = proxy === 'router' || rule?.workloadSelector !== undefined;
  const secrets = tls?.secrets ?? mutual?.secrets ?? [];
  return { cluster, secrets: keysAllowed ? secrets : withoutCredentials(secrets) };
}

function transportSocketOf(inner: TransportSocket | undefined, { proxyProtocol }: TrafficPolicy) {
  return proxyProtocol === undefined ? inner : proxyProtocolSocket(proxyProtocol, inner);
}

/**
 * A credential's key is not for all sidecars of a namespace.
 * Istio: at sidecars a credentialName without workloadSelector is ignored, and with it TLS: the request leaves in the
 * clear; here: TLS stays, and without the key there is no connection.
 */
function withoutCredentials(secrets: readonly string[]): readonly string[] {
  return secrets.filter((name) => secretSource(name)?.kind !== 'credential');
}

function buildByResolution(
  service: Service,
  port: ServicePort,
  subset: Subset | undefined,
  options: ClusterOptions,
  { capture, proxy, rule, place }: ClusterSettings,
): Cluster | undefined {
  switch (service.resolution) {
    case 'NONE':
      // The address that a gateway's caller connected to is the gateway's.
      if (proxy === 'router') return buildEmptyCluster(options.name);
      // A program that asks its proxy has connected nowhere: it names the address, or a name.
      if (capture === 'proxy') return buildDynamicForwardProxyCluster({ ...options, cache: dynamicDnsCache });
      return buildOriginalDstCluster({
        ...options,
        ...(port.targetPort === undefined ? {} : { port: port.targetPort }),
      });
    case 'STATIC':
    case 'CLUSTER_IP':
      return buildEdsCluster(options);
    case 'DYNAMIC_DNS':
      return buildDynamicForwardProxyCluster({ ...options, cache: dynamicDnsCache });
    case 'DNS':
    case 'DNS_ROUND_ROBIN': {
      const endpoints = serviceEndpoints(service, port, subset);
      if (endpoints.length === 0) return undefined;
      const strict = service.resolution === 'DNS' && !service.raceFirstConnect;
      return buildDnsCluster({
        ...options,
        dns: strict ? 'strict' : 'logical',
        endpoints: buildLocalities(groupByLocality(endpoints, effectivePolicy(rule, port.number, subset), place)),
        allFamilies: service.raceFirstConnect,
      });
    }
  }
}
