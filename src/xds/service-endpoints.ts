// Service -> endpoints (istio-semantics 2.1): unix address, else the endpoint's own port, else targetPort, else the
// port's number. STATIC services and Kubernetes Services get theirs by EDS, DNS ones inside the cluster.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { isWildcardHost } from '../api/host-name.ts';
import { typeUrls } from '../discovery/view.ts';
import type { LocalityLbEndpointsSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { mutualTlsMark, socketMatchKey } from '../envoy/transport-socket.ts';
import { pipeAddress, socketAddress } from '../envoy/values.ts';
import { effectivePolicy, type Subset } from '../mesh/destination-rule.ts';
import { handlingOf } from '../mesh/handling.ts';
import { localityOf } from '../mesh/locality.ts';
import { mtlsModeAt, type PeerMtls } from '../mesh/peer-authentication.ts';
import { matchesLabels } from '../mesh/selector.ts';
import { originOf, type Service, type ServicePort } from '../mesh/service.ts';
import { groupByLocality, type LocalityGroup } from './locality-groups.ts';
import { hasAutoMtls } from './mutual-tls.ts';
import { outboundCluster } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';
import type { ClusterSettings } from './service-clusters.ts';

/** One address to connect to, with its locality (`region/zone/subzone`). */
export interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly weight: number | undefined;
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What its sidecar takes, if it has one. */
  readonly mtls: PeerMtls | undefined;
}

/** Istio: a weight of 0 is none. */
export function weightOf({ weight }: ServiceEndpoint): number {
  return weight || 1;
}

const unixPrefix = 'unix://';

/** `subset`: only those with its labels. */
export function serviceEndpoints(service: Service, port: ServicePort, subset?: Subset): readonly ServiceEndpoint[] {
  const fallback = port.targetPort ?? port.number;
  const { host, resolution, endpoints, workloads, externalName } = port.from ?? service;
  if (endpoints.length === 0) {
    const resolved = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
    // Who selects its endpoints and finds none has none; a name of the mesh is nothing to be resolved outside.
    if (!resolved || isWildcardHost(host) || workloads !== undefined || externalName !== undefined) return [];
    return [{ address: host, port: fallback, weight: undefined, locality: '', labels: {}, mtls: undefined }];
  }
  const chosen = endpoints
    .filter(({ labels }) => subset === undefined || matchesLabels(subset.labels, labels))
    .filter(({ onlyNamedPorts, ports }) => onlyNamedPorts !== true || ports.has(port.name))
    .map((endpoint) => ({
      address: endpoint.address,
      port: endpoint.ports.get(port.name) ?? fallback,
      weight: endpoint.weight,
      locality:
        endpoint.locality ??
        localityOf((key) => (Object.hasOwn(endpoint.labels, key) ? endpoint.labels[key] : undefined)),
      labels: endpoint.labels,
      mtls: endpoint.mtls,
    }));
  // Envoy takes no more than one there.
  return withinBounds(resolution === 'DNS_ROUND_ROBIN' || service.raceFirstConnect ? chosen.slice(0, 1) : chosen);
}

/** `takesMtls`: whether callers are to speak mTLS to the endpoint. */
export function buildLocalities(
  groups: readonly LocalityGroup[],
  takesMtls: (endpoint: ServiceEndpoint) => boolean = () => false,
): readonly MessageInitShape<typeof LocalityLbEndpointsSchema>[] {
  return groups.map(({ locality, endpoints, weight: share, priority }) => {
    const [region = '', zone = '', subZone = ''] = locality.split('/');
    return {
      ...(locality === '' ? {} : { locality: { region, zone, subZone } }),
      lbEndpoints: endpoints.map((endpoint) => ({
        hostIdentifier: { case: 'endpoint' as const, value: { address: addressOf(endpoint) } },
        ...(endpoint.weight ? { loadBalancingWeight: endpoint.weight } : {}),
        ...(takesMtls(endpoint) ? { metadata: mutualTlsMetadata } : {}),
      })),
      loadBalancingWeight: share,
      priority,
    };
  });
}

function addressOf({ address, port }: ServiceEndpoint) {
  return address.startsWith(unixPrefix) ? pipeAddress(address.slice(unixPrefix.length)) : socketAddress(address, port);
}

const mutualTlsMetadata = { filterMetadata: { [socketMatchKey]: mutualTlsMark } };

const largestWeight = 2 ** 32 - 1;

/** Envoy adds up weights in 32 bits; those of several objects may be more together. */
function withinBounds(endpoints: readonly ServiceEndpoint[]): readonly ServiceEndpoint[] {
  const total = endpoints.reduce((sum, endpoint) => sum + weightOf(endpoint), 0);
  if (total <= largestWeight) return endpoints;
  const share = (largestWeight - endpoints.length) / total;
  return endpoints.map((endpoint) => ({
    ...endpoint,
    weight: Math.max(1, Math.floor(weightOf(endpoint) * share)),
  }));
}

/** One ClusterLoadAssignment for each cluster that fetches its endpoints; empty ones too, or it would never be ready. */
export function buildServiceAssignments(service: Service, settings: ClusterSettings): readonly TypedResource[] {
  if (service.resolution !== 'STATIC' && service.resolution !== 'CLUSTER_IP') return [];
  const { rule, place, config } = settings;
  return service.ports
    .filter((port) => handlingOf(port.protocol) !== 'none')
    .flatMap((port) => {
      const automatic = hasAutoMtls(port.from ?? service, settings);
      const takesMtls = ({ mtls, port: number }: ServiceEndpoint) =>
        automatic && mtls !== undefined && mtlsModeAt(number, mtls, config) !== 'DISABLE';
      return [undefined, ...(rule?.subsets ?? [])].map((subset) => {
        const clusterName = outboundCluster(port.number, service.host, subset?.name);
        const policy = effectivePolicy(rule, port.number, subset);
        const groups = groupByLocality(serviceEndpoints(service, port, subset), policy, place);
        const endpoints = [...buildLocalities(groups, takesMtls)];
        const assignment = create(ClusterLoadAssignmentSchema, { clusterName, endpoints });
        return typedResource(typeUrls.endpoint, ClusterLoadAssignmentSchema, clusterName, assignment, [
          originOf(service),
        ]);
      });
    });
}
