// Kubernetes Service and what is behind it -> a service of the mesh.
import { isIP } from 'node:net';
import { normalizeHost } from '../api/host-name.ts';
import { addressWish } from '../api/kinds/allocated-addresses.ts';
import type { Service as KubeService, ServicePort as KubeServicePort } from '../api/kinds/service.ts';
import { clusterDomain } from './complete-host.ts';
import { handlingOf } from './handling.ts';
import type { PeerMtls } from './peer-authentication.ts';
import { servicePortProtocol } from './port-protocol.ts';
import { unsaidPeerMtls } from './select-peer-mtls.ts';
import { type LabelSelector, selectorOf } from './selector.ts';
import type { Endpoint, Service, ServicePort } from './service.ts';
import { commonVisibility, visibilityOf } from './visibility.ts';
import { hasSidecar, identitiesOf, type Workload } from './workload.ts';

const exportToAnnotation = 'networking.istio.io/exportTo';

export interface ServiceContext {
  /** Those of its namespace with the labels that it asks for. */
  readonly workloads: readonly Workload[];
  readonly mtlsOf: (workload: Workload) => PeerMtls;
  /** What somebody wrote behind it, which counts where it asks for no labels. */
  readonly given: readonly Endpoint[];
  /** The address that the mesh gives to a host; undefined: none. */
  readonly addressFor: (host: string) => string | undefined;
}

/** `context`: what is not given is not there. */
export function translateService(object: KubeService, context: Partial<ServiceContext> = {}): Service {
  const { workloads = [], given = [], addressFor = () => undefined, mtlsOf = () => unsaidPeerMtls } = context;
  if (object.spec.type === 'ExternalName') return translateExternalName(object, addressFor);
  const { metadata, spec } = object;
  const selector = serviceSelector(object);
  const [first] = workloads;
  const gateway = workloads.every((one) => one.gateway !== undefined) ? first?.gateway : undefined;
  const ports = tcpPorts(object);
  return {
    ...namesOf(metadata),
    resolution: 'CLUSTER_IP',
    // Nobody says where somebody else's endpoints are.
    external: selector === undefined,
    addresses: spec.clusterIP === undefined || spec.clusterIP === 'None' ? [] : [spec.clusterIP],
    ports: ports.map(translatePort),
    endpoints:
      selector === undefined
        ? given.map((endpoint) => ({ ...endpoint, ports: givenPorts(endpoint, ports) }))
        : workloads.flatMap((workload) => endpointOf(workload, ports, mtlsOf)),
    ...(selector === undefined ? {} : { workloads: selector }),
    ...(gateway === undefined ? {} : { gateway }),
    ...identitiesOf(workloads),
  };
}

/**
 * A name outside, under a name of the mesh.
 * Istio: only another name for what is registered, and its ports count for nothing; here: that for Services of the mesh
 * (external-names.ts), else a service of its own, to which DestinationRules speak.
 */
function translateExternalName(object: KubeService, addressFor: ServiceContext['addressFor']): Service {
  const { metadata, spec } = object;
  const names = namesOf(metadata);
  const externalName = normalizeHost(spec.externalName ?? '') ?? '';
  const ports = tcpPorts(object).map(translatePort);
  const wish = addressWish(metadata);
  const unnamed = ports.some(({ protocol }) => ['tcp', 'auto'].includes(handlingOf(protocol)));
  const isGiven = wish === 'always' || (wish === 'needed' && unnamed);
  const address = isGiven ? addressFor(names.host) : undefined;
  return {
    ...names,
    resolution: 'DNS',
    external: true,
    addresses: address === undefined ? [] : [address],
    ...(address === undefined ? {} : { autoAllocated: true }),
    ports,
    endpoints: externalName === '' ? [] : [{ address: externalName, ports: new Map(), labels: {} }],
    externalName,
  };
}

/** What `service` is, under the name of an ExternalName that stands for it: no name leads to what is not exported. */
export function underAnotherName(object: KubeService, service: Service): Service {
  const { workloads: _workloads, ...rest } = service;
  const names = namesOf(object.metadata);
  return { ...rest, ...names, visibility: commonVisibility(service.visibility, names.visibility) };
}

function namesOf(metadata: KubeService['metadata']) {
  const { name, namespace = 'default', creationTimestamp = '', annotations } = metadata;
  const exportTo = annotations?.[exportToAnnotation]?.split(',').map((entry) => entry.trim());
  return {
    host: serviceHost(namespace, name),
    aliases: [`${name}.${namespace}`, `${name}.${namespace}.svc`],
    localAliases: [name],
    source: 'Service',
    namespace,
    name,
    createdAt: creationTimestamp,
    visibility: visibilityOf(exportTo, namespace),
    subjectAltNames: [],
    trustOriginalDestination: false,
    raceFirstConnect: false,
  } as const;
}

export function serviceHost(namespace: string, name: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/** Undefined: it selects nothing, its endpoints are somebody else's to give. */
export function serviceSelector({ spec: { type, selector = {} } }: KubeService): LabelSelector | undefined {
  return type === 'ExternalName' || Object.keys(selector).length === 0 ? undefined : selectorOf(selector);
}

function tcpPorts({ spec: { ports = [] } }: KubeService): readonly KubeServicePort[] {
  return ports.filter(({ protocol }) => protocol === undefined || protocol === 'TCP');
}

/** A selected workload; only one with an IP address can be behind a Service. */
function endpointOf(
  workload: Workload,
  ports: readonly KubeServicePort[],
  mtlsOf: ServiceContext['mtlsOf'],
): readonly Endpoint[] {
  const { address, labels, weight, locality } = workload;
  if (address === undefined || isIP(address) === 0) return [];
  return [
    {
      address,
      ports: new Map(ports.map((port) => [portName(port), targetPort(port, workload)])),
      labels,
      ...(weight === undefined ? {} : { weight }),
      ...(locality === undefined ? {} : { locality }),
      ...(hasSidecar(workload) ? { mtls: mtlsOf(workload) } : {}),
    },
  ];
}

/** A name is looked for among the pod's containers. A WorkloadEntry may speak of the Service's own port, and comes first. */
function targetPort(port: KubeServicePort, { kind, ports }: Workload): number {
  const own = kind === 'WorkloadEntry' ? ports.get(portName(port)) : undefined;
  if (own !== undefined) return own;
  if (typeof port.targetPort === 'number') return port.targetPort;
  return (port.targetPort === undefined ? undefined : ports.get(port.targetPort)) ?? port.port;
}

/** From the names of the ports there to those of the Service's; a port without a name is the only one. */
function givenPorts({ ports }: Endpoint, own: readonly KubeServicePort[]): ReadonlyMap<string, number> {
  return new Map(
    own.flatMap((port) => {
      const number = ports.get(port.name ?? '');
      return number === undefined ? [] : [[portName(port), number]];
    }),
  );
}

function translatePort(port: KubeServicePort): ServicePort {
  const { targetPort: target } = port;
  return {
    number: port.port,
    name: portName(port),
    protocol: servicePortProtocol(port),
    ...(typeof target === 'number' && target !== port.port ? { targetPort: target } : {}),
  };
}

function portName(port: KubeServicePort): string {
  return port.name ?? String(port.port);
}
