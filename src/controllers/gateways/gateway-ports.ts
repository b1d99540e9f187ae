// On which ports a gateway's proxy listens for the ports of its Service. Ports that its user may not open are moved up, as
// Istio does for gateways without root (UNPRIVILEGED_POD).
import type { ServicePort } from '../../api/kinds/service.ts';

const moved = 10_000;
/** What Kubernetes takes as the name of a container's port. */
const longestPortName = 15;

export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** The Service's ports, each with the number it leads to. */
export function servicePorts(ports: readonly ServicePort[], lowestPort: number): readonly ServicePort[] {
  return ports.map((port) => ({ ...port, targetPort: listeningPort(port, ports, lowestPort) }));
}

/** Each number once, under the first name it has. */
export function containerPorts(ports: readonly ServicePort[], lowestPort: number): readonly ContainerPort[] {
  const found = new Map<string, ContainerPort>();
  for (const port of ports) {
    const { name, protocol = 'TCP' } = port;
    const containerPort = listeningPort(port, ports, lowestPort);
    const key = `${containerPort}/${protocol}`;
    if (found.has(key)) continue;
    const named = name === undefined || name.length > longestPortName ? {} : { name };
    found.set(key, { ...named, containerPort, protocol });
  }
  return [...found.values()];
}

function listeningPort(port: ServicePort, ports: readonly ServicePort[], lowestPort: number): number {
  const asked = targetPort(port, ports);
  return asked < lowestPort ? asked + moved : asked;
}

/** A name stands for the port of that name, which leads to a number of its own or to its own number. */
function targetPort(port: ServicePort, ports: readonly ServicePort[]): number {
  if (typeof port.targetPort === 'number') return port.targetPort;
  if (port.targetPort === undefined) return port.port;
  const named = ports.find(({ name }) => name === port.targetPort) ?? port;
  return typeof named.targetPort === 'number' ? named.targetPort : named.port;
}
