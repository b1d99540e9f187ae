// What the names in a proxy's counters and records stand for, read from the mesh that is in force and from the pods that
// run. Selecting a service is that of the views, so that traffic is told as it was routed.
import { isIP } from 'node:net';
import { wildcardsAbove } from '../api/host-name.ts';
import { isTls } from '../api/protocol.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { meshConfigKey } from '../mesh/mesh-config.ts';
import { selectService } from '../mesh/select-service.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import type { PodStatus } from '../runtime/protocol.ts';
import type { Registered, Registry } from '../telemetry/intake/registry.ts';
import type { Protocol, Source } from '../telemetry/traffic.ts';

export interface TrafficRegistryOptions {
  /** The snapshot that is in force. */
  readonly mesh: () => Mesh;
  readonly pods: () => readonly PodStatus[];
  readonly proxies: () => readonly ProxyIdentity[];
}

/** With proxy capture all proxies call from here, and everybody else. */
const shared = '127.0.0.1';

export function createTrafficRegistry({ mesh, pods, proxies }: TrafficRegistryOptions): Registry {
  /** Meanings are asked for every key that counted something, twice a second. */
  const known = new WeakMap<Service, Map<number, Registered>>();
  /** By the host of the Service before them. */
  const gateways = new Map<string, string>();

  function find(namespace: string, host: string): Service | undefined {
    for (const name of [host, ...wildcardsAbove(host)]) {
      const service = selectService(mesh().services.get(name), namespace);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  function workloadAt(address: string): Source | undefined {
    const pod = pods().find(
      ({ podIP, appIP, proxyIP }) =>
        podIP === address || appIP === address || (proxyIP === address && address !== shared),
    );
    if (pod === undefined) return undefined;
    const proxy = proxies().find(({ namespace, name }) => namespace === pod.namespace && name === pod.name);
    const { namespace, workload } = pod;
    return { namespace, workload, serviceAccount: proxy?.serviceAccount ?? 'default', labels: proxy?.labels ?? {} };
  }

  /** Where all its pods are of one workload. */
  function workloadOf(service: Service): Source | undefined {
    if (service.source !== 'Service') return undefined;
    const workloads = service.endpoints.map(({ address }) => workloadAt(address));
    const [first] = workloads;
    return workloads.every((one) => one?.workload === first?.workload) ? first : undefined;
  }

  /** What has lost all of its pods is still what it was. */
  function gatewayOf({ host, gateway, endpoints }: Service): string | undefined {
    if (gateway !== undefined) gateways.set(host, gateway);
    else if (endpoints.length > 0) gateways.delete(host);
    return gateways.get(host);
  }

  function registered(service: Service, port: ServicePort): Registered {
    const { source, namespace, name, host, external } = service;
    const gateway = gatewayOf(service);
    const workload = workloadOf(service);
    return {
      destination: {
        kind: external ? 'external' : 'service',
        host,
        port: port.number,
        namespace,
        name: source === 'Service' ? name : host,
        ...(source === 'ServiceEntry' ? { serviceEntry: `${namespace}/${name}` } : {}),
        ...(workload === undefined ? {} : { workload }),
      },
      ...onlyPeerOf(service),
      ...(gateway === undefined ? {} : { gateway }),
      protocol: protocolOf(port),
    };
  }

  return {
    host(namespace, host, number) {
      const service = find(namespace, host);
      const port = service?.ports.find((candidate) => candidate.number === number);
      if (service === undefined || port === undefined) return undefined;
      const ofService = known.get(service) ?? new Map<number, Registered>();
      const meaning = ofService.get(number) ?? registered(service, port);
      // The workload of a Service's pods may not be known yet; everything else is the service's own.
      if (service.source !== 'Service' || meaning.destination.workload !== undefined) {
        known.set(service, ofService.set(number, meaning));
      }
      return meaning;
    },
    locality: (namespace, host, address) =>
      find(namespace, host)?.endpoints.find((endpoint) => endpoint.address === address)?.locality,
    workloadAt,
    policy() {
      const { outboundTrafficPolicy: mode, policyDeclared } = mesh().config;
      const { kind, namespace, name } = meshConfigKey;
      return { mode, object: policyDeclared ? `${kind}/${namespace}/${name}` : 'default' };
    },
  };
}

function onlyPeerOf({ endpoints: [endpoint, ...others] }: Service): Pick<Registered, 'onlyPeer'> {
  if (endpoint === undefined || others.length > 0 || isIP(endpoint.address) === 0) return {};
  const { address, locality } = endpoint;
  return { onlyPeer: { address, ...(locality === undefined ? {} : { locality }) } };
}

function protocolOf({ protocol }: ServicePort): Protocol {
  if (isTls(protocol)) return 'tls';
  return handlingOf(protocol) === 'tcp' ? 'tcp' : 'http';
}
