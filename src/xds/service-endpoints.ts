// Service -> endpoints (istio-semantics 2.1): unix address, else the endpoint's own port, else targetPort, else the
// port's number. STATIC services and Kubernetes Services get theirs by EDS, DNS ones inside the cluster.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { isWildcardHost } from '../api/host-name.ts';
import { typeUrls } from '../discovery/view.ts';
import type { LocalityLbEndpointsSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { pipeAddress, socketAddress } from '../envoy/values.ts';
import type { DestinationRule, Subset } from '../mesh/destination-rule.ts';
import { handlingOf } from '../mesh/handling.ts';
import { matchesLabels } from '../mesh/selector.ts';
import { originOf, type Service, type ServicePort } from '../mesh/service.ts';
import { outboundCluster } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';

/** One address to connect to, with its locality (`region/zone/subzone`). */
export interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly weight: number | undefined;
  readonly locality: string;
}

const unixPrefix = 'unix://';

/** `subset`: only those with its labels. */
export function serviceEndpoints(service: Service, port: ServicePort, subset?: Subset): readonly ServiceEndpoint[] {
  const fallback = port.targetPort ?? port.number;
  const resolved = service.resolution === 'DNS' || service.resolution === 'DNS_ROUND_ROBIN';
  if (service.endpoints.length === 0) {
    if (!resolved || isWildcardHost(service.host)) return [];
    return [{ address: service.host, port: fallback, weight: undefined, locality: '' }];
  }
  const endpoints = service.endpoints.filter(
    ({ labels }) => subset === undefined || matchesLabels(subset.labels, labels),
  );
  return endpoints.map((endpoint) => ({
    address: endpoint.address,
    port: endpoint.ports.get(port.name) ?? fallback,
    weight: endpoint.weight,
    locality: endpoint.locality ?? '',
  }));
}

/** Grouped by locality, in the order in which localities first appear. */
export function buildLocalities(
  endpoints: readonly ServiceEndpoint[],
): readonly MessageInitShape<typeof LocalityLbEndpointsSchema>[] {
  const groups = Map.groupBy(endpoints, (endpoint) => endpoint.locality);
  return [...groups].map(([locality, members]) => {
    const [region = '', zone = '', subZone = ''] = locality.split('/');
    return {
      ...(locality === '' ? {} : { locality: { region, zone, subZone } }),
      lbEndpoints: members.map(({ address, port, weight }) => ({
        hostIdentifier: {
          case: 'endpoint' as const,
          value: {
            address: address.startsWith(unixPrefix)
              ? pipeAddress(address.slice(unixPrefix.length))
              : socketAddress(address, port),
          },
        },
        ...(weight === undefined || weight === 0 ? {} : { loadBalancingWeight: weight }),
      })),
      loadBalancingWeight: members.reduce((sum, { weight }) => sum + (weight ?? 1), 0),
    };
  });
}

/** One ClusterLoadAssignment for each cluster that fetches its endpoints; empty ones too, or it would never be ready. */
export function buildServiceAssignments(service: Service, rule: DestinationRule | undefined): readonly TypedResource[] {
  if (service.resolution !== 'STATIC' && service.resolution !== 'CLUSTER_IP') return [];
  return service.ports
    .filter((port) => handlingOf(port.protocol) !== 'none')
    .flatMap((port) =>
      [undefined, ...(rule?.subsets ?? [])].map((subset) => {
        const clusterName = outboundCluster(port.number, service.host, subset?.name);
        const endpoints = [...buildLocalities(serviceEndpoints(service, port, subset))];
        const assignment = create(ClusterLoadAssignmentSchema, { clusterName, endpoints });
        return typedResource(typeUrls.endpoint, ClusterLoadAssignmentSchema, clusterName, assignment, [
          originOf(service),
        ]);
      }),
    );
}
