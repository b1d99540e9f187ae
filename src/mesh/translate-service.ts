// Kubernetes Service and the pods behind it -> a service of the mesh. The protocol of a port follows Istio: its
// appProtocol, else the first word of its name (`http-web`, `grpc`), else it is detected.
import { isGatewayPod, workloadOf } from '../api/gateway-pod.ts';
import { isPodReady, type Pod } from '../api/kinds/pod.ts';
import type { Service as KubeService } from '../api/kinds/service.ts';
import { type Protocol, parseProtocol } from '../api/protocol.ts';
import { clusterDomain } from './complete-host.ts';
import { matchesLabels, selectorOf } from './selector.ts';
import type { Endpoint, Service, ServicePort } from './service.ts';
import { visibilityOf } from './visibility.ts';

const exportToAnnotation = 'networking.istio.io/exportTo';

type KubeServicePort = NonNullable<KubeService['spec']['ports']>[number];

/** `pods`: those of the Service's namespace. */
export function translateService(object: KubeService, pods: Iterable<Pod>): Service {
  const { metadata, spec } = object;
  const namespace = metadata.namespace ?? 'default';
  const { name } = metadata;
  const selected = [...pods].filter((pod) => isSelected(spec.selector, pod));
  const [gateway] = selected.every(isGatewayPod) ? selected : [];
  const ports = (spec.ports ?? []).filter((port) => port.protocol === undefined || port.protocol === 'TCP');
  const exportTo = metadata.annotations?.[exportToAnnotation]?.split(',').map((entry) => entry.trim());
  return {
    host: `${name}.${namespace}.svc.${clusterDomain}`,
    aliases: [`${name}.${namespace}`, `${name}.${namespace}.svc`],
    localAliases: [name],
    source: 'Service',
    namespace,
    name,
    createdAt: metadata.creationTimestamp ?? '',
    visibility: visibilityOf(exportTo, namespace),
    resolution: 'CLUSTER_IP',
    external: false,
    addresses: spec.clusterIP === undefined || spec.clusterIP === 'None' ? [] : [spec.clusterIP],
    ports: ports.map(translatePort),
    endpoints: selected.flatMap((pod) => endpointOf(pod, ports)),
    subjectAltNames: [],
    ...(spec.selector === undefined ? {} : { workloads: selectorOf(spec.selector) }),
    ...(gateway === undefined ? {} : { gateway: `${namespace}/${workloadOf(gateway)}` }),
    trustOriginalDestination: false,
    raceFirstConnect: false,
  };
}

/** An empty selector selects nothing: its endpoints are somebody else's to give. */
function isSelected(selector: Readonly<Record<string, string>> = {}, pod: Pod): boolean {
  return Object.keys(selector).length > 0 && matchesLabels(selectorOf(selector), pod.metadata.labels ?? {});
}

function endpointOf(pod: Pod, ports: readonly KubeServicePort[]): readonly Endpoint[] {
  if (!isPodReady(pod) || pod.status?.podIP === undefined) return [];
  const targets = new Map<string, number>();
  for (const port of ports) targets.set(portName(port), targetPort(port, pod));
  return [{ address: pod.status.podIP, ports: targets, labels: pod.metadata.labels ?? {} }];
}

function targetPort(port: KubeServicePort, pod: Pod): number {
  if (typeof port.targetPort === 'number') return port.targetPort;
  if (port.targetPort === undefined) return port.port;
  const declared = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return declared.find((candidate) => candidate.name === port.targetPort)?.containerPort ?? port.port;
}

function translatePort(port: KubeServicePort): ServicePort {
  const { targetPort: target } = port;
  return {
    number: port.port,
    name: portName(port),
    protocol: protocolOf(port),
    ...(typeof target === 'number' && target !== port.port ? { targetPort: target } : {}),
  };
}

function portName(port: KubeServicePort): string {
  return port.name ?? String(port.port);
}

function protocolOf(port: KubeServicePort): Protocol {
  const [word] = (port.name ?? '').split('-');
  if (port.name?.startsWith('grpc-web') === true) return 'GRPC-WEB';
  return parseProtocol(port.appProtocol ?? word) ?? 'auto';
}
