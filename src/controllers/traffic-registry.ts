// What the names in a proxy's counters and records stand for, read from the mesh that is in force and from the pods that
// run. Selecting a service is that of the views, so that traffic is told as it was routed.
import { isIP } from 'node:net';
import { wildcardsAbove } from '../api/host-name.ts';
import { isTls } from '../api/protocol.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { accessOf, policiesOf } from '../mesh/egress-policy/access.ts';
import { egressPolicyOrigin } from '../mesh/egress-policy/egress-policy.ts';
import { handlingOf } from '../mesh/handling.ts';
import { everything, type HostImports, hostImportsOf } from '../mesh/host-imports.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { meshConfigKey } from '../mesh/mesh-config.ts';
import { proxySettingsOf } from '../mesh/proxy-settings.ts';
import { selectService } from '../mesh/select-service.ts';
import { selectSidecar } from '../mesh/select-sidecar.ts';
import { type LabelSelector, matchesLabels } from '../mesh/selector.ts';
import { originOf, type Service, type ServicePort } from '../mesh/service.ts';
import { type Sidecar, sidecarOrigin } from '../mesh/sidecar.ts';
import type { Client } from '../mesh/tenancy.ts';
import { serviceHost } from '../mesh/translate-service.ts';
import type { PodStatus } from '../runtime/protocol.ts';
import type { Asker, Registered, Registry } from '../telemetry/intake/registry.ts';
import type { Protocol, Source } from '../telemetry/traffic.ts';

export interface TrafficRegistryOptions {
  /** The snapshot that is in force. */
  readonly mesh: () => Mesh;
  readonly pods: () => readonly Pick<PodStatus, 'namespace' | 'name' | 'workload' | 'podIP' | 'appIP' | 'proxyIP'>[];
  readonly proxies: () => readonly ProxyIdentity[];
}

/** With proxy capture all proxies call from here, and everybody else. */
const shared = '127.0.0.1';

/** What sidecars do not take may be what a gateway of the namespace is led to. */
const anyProxy: readonly Client['proxy'][] = ['sidecar', 'router'];

/** By whom, and with which imports. */
type Way = readonly [by: readonly Client['proxy'][], imports?: HostImports];

export function createTrafficRegistry({ mesh, pods, proxies }: TrafficRegistryOptions): Registry {
  /** Meanings are asked for every key that counted something, twice a second. */
  const known = new WeakMap<Service, Map<number, Registered>>();
  /** By the host of the Service before them. */
  const gateways = new Map<string, string>();

  function find(namespace: string, host: string, by = anyProxy, imports = everything): Service | undefined {
    for (const name of [host, ...wildcardsAbove(host)]) {
      const services = mesh().services.get(name);
      const known = imports === everything ? services : services.flatMap((service) => imports.service(service) ?? []);
      for (const proxy of by) {
        const service = selectService(mesh(), name, { namespace, proxy }, known);
        if (service !== undefined) return service;
      }
    }
    return undefined;
  }

  /** Pods of one workload may differ: where it is known which one asks, what it has is what counts. */
  function proxyOf({ namespace, workload, labels, serviceAccount }: Asker) {
    const proxy = proxies().find((one) => one.namespace === namespace && one.workload === workload);
    return {
      type: proxy?.type,
      labels: labels ?? proxy?.labels ?? {},
      serviceAccount: serviceAccount ?? proxy?.serviceAccount ?? '',
    };
  }

  /** Undefined for gateways, which have none. */
  function sidecarOf(asker: Asker): Sidecar | undefined {
    const { namespace } = asker;
    const { sidecars } = mesh();
    // Asked for every record; most meshes have none.
    if (sidecars.get(namespace).length + sidecars.get(rootNamespace).length === 0) return undefined;
    const { type, labels } = proxyOf(asker);
    if (type === 'router') return undefined;
    const matches = (selector: LabelSelector) => matchesLabels(selector, labels);
    return selectSidecar(sidecars, { namespace, matches });
  }

  /** The strictest policy that does not allow it wholly to the workload. */
  function withheld(asker: Asker, host: string, port: number): string | undefined {
    const { egressPolicies } = mesh();
    const speaking = policiesOf(egressPolicies, host);
    if (speaking.length === 0) return undefined;
    const { labels, serviceAccount } = proxyOf(asker);
    const matches = (selector: LabelSelector) => matchesLabels(selector, labels);
    const access = accessOf(speaking, { namespace: asker.namespace, serviceAccount, matches }, host, port);
    if (access === undefined || access.allowed === 'everything') return undefined;
    const [policy] = access.governing.filter(({ mode }) => mode === access.mode);
    return policy && egressPolicyOrigin(policy);
  }

  function meaningOf(service: Service | undefined, number: number): Registered | undefined {
    const port = service?.ports.find((candidate) => candidate.number === number);
    if (service === undefined || port === undefined) return undefined;
    const ofService = known.get(service) ?? new Map<number, Registered>();
    const meaning = ofService.get(number) ?? registered(service, port);
    // The workload of a Service's pods may not be known yet; everything else is the service's own.
    if (service.source !== 'Service' || meaning.destination.workload !== undefined) {
      known.set(service, ofService.set(number, meaning));
    }
    return meaning;
  }

  /** What a program names in full, or a Service in short, as HTTP is routed and nothing else. */
  function namedBy(namespace: string, host: string, number: number, ...way: Way): Registered | undefined {
    const meaning = meaningOf(find(namespace, host, ...way), number);
    const [name = '', ofNamespace = namespace, svc = 'svc', ...rest] = host.split('.');
    if (meaning !== undefined || svc !== 'svc' || rest.length > 0) return meaning;
    const inFull = meaningOf(find(namespace, serviceHost(ofNamespace, name), ...way), number);
    return inFull?.protocol === 'http' ? inFull : undefined;
  }

  /** What is nothing to sidecars, if it is a gateway that asks. */
  function ledTo(asker: Asker, host: string, number: number): Registered | undefined {
    const found = namedBy(asker.namespace, host, number, ['router']);
    return found !== undefined && proxyOf(asker).type === 'router' ? found : undefined;
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
    const { host } = service;
    // Whether it is outside, and who is behind it, is said by the object that gave the port.
    const { source, namespace, name, external } = port.from ?? service;
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
      object: originOf(port.from ?? service),
      ...onlyPeerOf(port.from ?? service),
      ...(gateway === undefined ? {} : { gateway }),
      protocol: protocolOf(port),
    };
  }

  return {
    host: (namespace, host, number) => meaningOf(find(namespace, host), number),
    asked(asker, host, number) {
      const { namespace } = asker;
      const sidecar = sidecarOf(asker);
      const found =
        namedBy(namespace, host, number, ['sidecar'], hostImportsOf(sidecar, namespace)) ?? ledTo(asker, host, number);
      // On ports that nobody registered for it, too.
      const withheldBy = withheld(asker, host, number);
      const kept = withheldBy === undefined ? {} : { withheldBy };
      if (found !== undefined) return { registered: found, ...kept };
      const isThere = sidecar !== undefined && namedBy(namespace, host, number, ['sidecar']) !== undefined;
      return isThere ? { hiddenBy: sidecarOrigin(sidecar), ...kept } : kept;
    },
    locality(namespace, host, address) {
      const service = find(namespace, host);
      if (service === undefined) return undefined;
      const all = [service, ...service.ports.flatMap(({ from }) => from ?? [])].flatMap(({ endpoints }) => endpoints);
      return all.find((endpoint) => endpoint.address === address)?.locality;
    },
    workloadAt,
    policy(asker) {
      const { config } = mesh();
      const sidecar = sidecarOf(asker);
      const { outboundTrafficPolicy: mode, policyDeclared } = proxySettingsOf(config, sidecar);
      if (sidecar?.outboundTrafficPolicy !== undefined) return { mode, object: sidecarOrigin(sidecar) };
      const { kind, namespace, name } = meshConfigKey;
      return { mode, object: policyDeclared ? `${kind}/${namespace}/${name}` : 'default' };
    },
    trustDomain: () => mesh().config.trustDomain,
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
