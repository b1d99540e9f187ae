// ServiceEntry -> services, one for each host (istio-semantics 2.1). Takes an object with its defaults filled and
// valid; what is not acted on here was named by validation.
import { isIP } from 'node:net';
import { isWildcardHost, normalizeHost } from '../api/host-name.ts';
import { isSingleAddress, parseIpRange } from '../api/ip-range.ts';
import { addressWish } from '../api/kinds/allocated-addresses.ts';
import { trustsOriginalDestination } from '../api/kinds/original-destination.ts';
import type { ServiceEntry, ServiceEntryEndpoint } from '../api/kinds/service-entry.ts';
import { parseProtocol } from '../api/protocol.ts';
import { handlingOf } from './handling.ts';
import type { PeerMtls } from './peer-authentication.ts';
import { unsaidPeerMtls } from './select-peer-mtls.ts';
import { selectorOf } from './selector.ts';
import type { Endpoint, Resolution, Service, ServicePort } from './service.ts';
import { visibilityOf } from './visibility.ts';
import { hasSidecar, identitiesOf, type Workload } from './workload.ts';

const connectStrategyAnnotation = 'istio.io/connect-strategy';

export interface EntryContext {
  /** Those of its namespace with the labels that it asks for. */
  readonly workloads: readonly Workload[];
  readonly mtlsOf: (workload: Workload) => PeerMtls;
  /** The address that the mesh gives to a host; undefined: none. */
  readonly addressFor: (host: string) => string | undefined;
}

/** `context`: what is not given is not there. */
export function translateServiceEntry(entry: ServiceEntry, context: Partial<EntryContext> = {}): readonly Service[] {
  const { workloads = [], addressFor = () => undefined, mtlsOf = () => unsaidPeerMtls } = context;
  const { metadata, spec } = entry;
  const namespace = metadata.namespace ?? 'default';
  const trust = trustsOriginalDestination(metadata);
  const addresses = (spec.addresses ?? []).map(withoutHostMask);
  const shared = {
    aliases: [],
    localAliases: [],
    source: 'ServiceEntry',
    namespace,
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    visibility: visibilityOf(spec.exportTo, namespace),
    external: spec.location !== 'MESH_INTERNAL',
    addresses,
    ports: (spec.ports ?? []).map(translatePort),
    ...(spec.workloadSelector === undefined ? {} : { workloads: selectorOf(spec.workloadSelector.labels ?? {}) }),
    ...identitiesOf(workloads),
    subjectAltNames: spec.subjectAltNames ?? [],
    trustOriginalDestination: trust,
    raceFirstConnect: metadata.annotations?.[connectStrategyAnnotation] === 'RACE_FIRST_TCP_CONNECT',
  } as const;
  const services: Service[] = [];
  for (const given of spec.hosts) {
    const host = normalizeHost(given);
    if (host === undefined || services.some((service) => service.host === host)) continue;
    const resolution = effectiveResolution(spec.resolution ?? 'NONE', host, addresses, trust);
    const endpoints =
      spec.workloadSelector === undefined
        ? (spec.endpoints ?? []).map(translateEndpoint)
        : workloads.flatMap((workload) => endpointOf(workload, resolution, mtlsOf));
    const service = { ...shared, host, resolution, endpoints };
    const address = isGivenAddress(service, metadata) ? addressFor(host) : undefined;
    services.push(address === undefined ? service : { ...service, addresses: [address], autoAllocated: true });
  }
  return services;
}

/**
 * Istio: every host gets an address; here: not those that Host and SNI tell, since each address may be a listener, unless
 * the entry asks for it. A wildcard has no place of its own for anything else to go to.
 */
function isGivenAddress({ host, addresses, resolution, ports }: Service, metadata: ServiceEntry['metadata']): boolean {
  const wish = addressWish(metadata);
  if (addresses.length > 0 || resolution === 'NONE' || wish === 'never') return false;
  if (isWildcardHost(host)) return wish === 'always' && resolution === 'DYNAMIC_DNS';
  return wish === 'always' || ports.some(({ protocol }) => ['tcp', 'auto'].includes(handlingOf(protocol)));
}

/** A selected workload; none where such an address is nothing that Envoy could take there. */
function endpointOf(workload: Workload, resolution: Resolution, mtlsOf: EntryContext['mtlsOf']): readonly Endpoint[] {
  const { kind, address, ports, labels, weight, locality } = workload;
  if (address === undefined || !fits(address, resolution)) return [];
  return [
    {
      address,
      // Istio: the ports of a pod's containers do not count.
      ports: kind === 'Pod' ? new Map() : ports,
      labels,
      ...(weight === undefined ? {} : { weight }),
      ...(locality === undefined ? {} : { locality }),
      ...(hasSidecar(workload) ? { mtls: mtlsOf(workload) } : {}),
    },
  ];
}

function fits(address: string, resolution: Resolution): boolean {
  if (resolution === 'STATIC') return isIP(address) !== 0 || address.startsWith('unix:///');
  return (resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN') && !address.startsWith('unix:');
}

/**
 * Istio: NONE without addresses follows whatever address the caller connected to, so a caller who names an allowed
 * host reaches any server; here: the name decides and is resolved, unless the annotation trusts the caller.
 */
function effectiveResolution(
  resolution: Resolution,
  host: string,
  addresses: readonly string[],
  trust: boolean,
): Resolution {
  if (resolution !== 'NONE' || addresses.length > 0 || trust) return resolution;
  return isWildcardHost(host) ? 'DYNAMIC_DNS' : 'DNS';
}

function translatePort(port: NonNullable<ServiceEntry['spec']['ports']>[number]): ServicePort {
  return {
    number: port.number,
    name: port.name,
    protocol: parseProtocol(port.protocol) ?? 'auto',
    ...(port.targetPort === undefined ? {} : { targetPort: port.targetPort }),
  };
}

function translateEndpoint(endpoint: ServiceEntryEndpoint): Endpoint {
  return {
    address: endpoint.address ?? '',
    ports: new Map(Object.entries(endpoint.ports ?? {})),
    labels: endpoint.labels ?? {},
    ...(endpoint.weight === undefined ? {} : { weight: endpoint.weight }),
    ...(endpoint.locality === undefined ? {} : { locality: endpoint.locality }),
  };
}

/** `10.0.0.1/32` is the address itself. */
function withoutHostMask(text: string): string {
  const range = parseIpRange(text);
  return range !== undefined && isSingleAddress(range) ? range.address : text;
}
