// ServiceEntry -> services, one for each host (istio-semantics 2.1). Takes an object with its defaults filled and
// valid; what is not acted on here was named by validation.
import { isWildcardHost, normalizeHost } from '../api/host-name.ts';
import { isSingleAddress, parseIpRange } from '../api/ip-range.ts';
import { trustsOriginalDestination } from '../api/kinds/original-destination.ts';
import type { ServiceEntry } from '../api/kinds/service-entry.ts';
import { parseProtocol } from '../api/protocol.ts';
import type { Endpoint, Resolution, Service, ServicePort } from './service.ts';
import { visibilityOf } from './visibility.ts';

const connectStrategyAnnotation = 'istio.io/connect-strategy';

type WorkloadEntry = NonNullable<ServiceEntry['spec']['endpoints']>[number];

export function translateServiceEntry(entry: ServiceEntry): readonly Service[] {
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
    endpoints: (spec.endpoints ?? []).map(translateEndpoint),
    subjectAltNames: spec.subjectAltNames ?? [],
    trustOriginalDestination: trust,
    raceFirstConnect: metadata.annotations?.[connectStrategyAnnotation] === 'RACE_FIRST_TCP_CONNECT',
  } as const;
  const services: Service[] = [];
  for (const given of spec.hosts) {
    const host = normalizeHost(given);
    if (host === undefined || services.some((service) => service.host === host)) continue;
    const resolution = effectiveResolution(spec.resolution ?? 'NONE', host, addresses, trust);
    services.push({ ...shared, host, resolution });
  }
  return services;
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

function translateEndpoint(endpoint: WorkloadEntry): Endpoint {
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
