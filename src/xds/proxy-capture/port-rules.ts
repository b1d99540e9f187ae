// `--resolve HOST:PORT=ADDRESS:TARGETPORT` where the network cannot map ports: services dial the target port. DNS gives
// the address already. A rule for a host below a registered wildcard makes that host a service of its own, for a
// wildcard's cluster dials the port that was asked for.
import { isWildcardHost } from '../../api/host-name.ts';
import type { Endpoint, Service, ServicePort } from '../../mesh/service.ts';
import type { PortRule } from '../capture.ts';

/** The port to dial instead; undefined if no rule says so. */
type TargetPort = (host: string, port: number) => number | undefined;

export interface PortRules {
  /** The service with its ports mapped; the very same if no rule concerns it. */
  apply(service: Service): Service;
  /** Hosts with rules below this wildcard. */
  hostsBelow(wildcard: string): readonly string[];
  /** The wildcard's service for one host below it, on the ports that a rule maps; undefined if none. */
  narrow(wildcard: Service, host: string): Service | undefined;
}

export function createPortRules(all: readonly PortRule[]): PortRules {
  const applied = new WeakMap<Service, Service>();
  const narrowed = new WeakMap<Service, Map<string, Service | undefined>>();

  function targetPort(host: string, port: number): number | undefined {
    const mine = all.filter((rule) => rule.host === host);
    const rule = mine.find((candidate) => candidate.port === port) ?? mine.find(({ port: any }) => any === undefined);
    return rule?.targetPort;
  }

  return {
    apply(service) {
      if (all.length === 0 || service.source === 'Service') return service;
      const known = applied.get(service) ?? withTargetPorts(service, targetPort);
      applied.set(service, known);
      return known;
    },
    hostsBelow(wildcard) {
      if (!isWildcardHost(wildcard)) return [];
      return [...new Set(all.map(({ host }) => host).filter((host) => host.endsWith(wildcard.slice(1))))];
    },
    narrow(wildcard, host) {
      const known = narrowed.get(wildcard) ?? new Map<string, Service | undefined>();
      narrowed.set(wildcard, known);
      if (!known.has(host)) known.set(host, narrowTo(wildcard, host, targetPort));
      return known.get(host);
    },
  };
}

function withTargetPorts(service: Service, targetPort: TargetPort): Service {
  if (service.endpoints.length === 0) {
    const ports = service.ports.map((port) => mapPort(service.host, port, targetPort));
    return ports.every((port, index) => port === service.ports[index]) ? service : { ...service, ports };
  }
  const endpoints = service.endpoints.map((endpoint) => mapEndpoint(endpoint, service.ports, targetPort));
  return endpoints.every((endpoint, index) => endpoint === service.endpoints[index])
    ? service
    : { ...service, endpoints };
}

function mapPort(host: string, port: ServicePort, targetPort: TargetPort): ServicePort {
  const mapped = targetPort(host, port.targetPort ?? port.number);
  return mapped === undefined ? port : { ...port, targetPort: mapped };
}

function mapEndpoint(endpoint: Endpoint, ports: readonly ServicePort[], targetPort: TargetPort): Endpoint {
  const mapped = new Map(endpoint.ports);
  let changed = false;
  for (const port of ports) {
    const target = targetPort(endpoint.address, endpoint.ports.get(port.name) ?? port.targetPort ?? port.number);
    if (target === undefined) continue;
    mapped.set(port.name, target);
    changed = true;
  }
  return changed ? { ...endpoint, ports: mapped } : endpoint;
}

function narrowTo(wildcard: Service, host: string, targetPort: TargetPort): Service | undefined {
  if (wildcard.resolution !== 'DYNAMIC_DNS') return undefined;
  const ports = wildcard.ports
    .map((port) => mapPort(host, port, targetPort))
    .filter((port, index) => port !== wildcard.ports[index]);
  if (ports.length === 0) return undefined;
  const { workloads: _none, ...rest } = wildcard;
  return { ...rest, host, ports, resolution: 'DNS', addresses: [], aliases: [], localAliases: [] };
}
