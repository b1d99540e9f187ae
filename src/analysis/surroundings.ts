// What an analyzer may look at beside its object. Every look is noted, so that a change is judged anew by those alone who
// looked at what changed. Invariant: whatever an answer here depends on, its topic was noted.
import { isUnder, isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import type { AuthorizationPolicy } from '../mesh/authorization-policy.ts';
import { clusterDomain } from '../mesh/complete-host.ts';
import type { DestinationRule } from '../mesh/destination-rule.ts';
import type { EgressPolicy } from '../mesh/egress-policy/egress-policy.ts';
import { type Gateway, gatewayKey } from '../mesh/gateway.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import type { PeerMtls } from '../mesh/peer-authentication.ts';
import { selectDestinationRule } from '../mesh/select-destination-rule.ts';
import { selectPeerMtls } from '../mesh/select-peer-mtls.ts';
import { selectService } from '../mesh/select-service.ts';
import { selectVirtualService } from '../mesh/select-virtual-service.ts';
import { type LabelSelector, matchesLabels } from '../mesh/selector.ts';
import type { Service } from '../mesh/service.ts';
import type { Sidecar } from '../mesh/sidecar.ts';
import type { Telemetry } from '../mesh/telemetry.ts';
import type { Client, Tenants } from '../mesh/tenancy.ts';
import { secretKey, type TlsSecret } from '../mesh/tls-secret.ts';
import type { VirtualService } from '../mesh/virtual-service.ts';
import { isVisible, type Visibility } from '../mesh/visibility.ts';
import type { Account, AccountIndex } from './account-index.ts';
import type { ServiceIndex } from './service-index.ts';
import { topics } from './topics.ts';
import type { UnfitAuthority } from './unfit-authority.ts';
import type { WantedClient, WorkloadIndex } from './workload-index.ts';

export interface Surroundings {
  /** Whether all that there is is known: a running mesh. Else files alone, which may be a part of one. */
  readonly complete: boolean;
  config(): MeshConfig;
  /** Oldest first, as all lists here. */
  services(host: string): readonly Service[];
  /** The one that proxies of the namespace get: sidecars, if nothing else is said. */
  service(host: string, namespace: string, proxy?: Client['proxy']): Service | undefined;
  /** What decides whose objects count for the host (mesh/tenancy.ts, mesh/ownership.ts). */
  tenants(host: string): Tenants;
  /** All that fall under a wildcard or are the host. */
  servicesUnder(host: string): readonly Service[];
  /** Registered in the namespace. */
  servicesOf(namespace: string): readonly Service[];
  sidecars(namespace: string): readonly Sidecar[];
  telemetries(namespace: string): readonly Telemetry[];
  authorizationPolicies(namespace: string): readonly AuthorizationPolicy[];
  /** That are applied to exactly this host. */
  egressPolicies(host: string): readonly EgressPolicy[];
  /** What callers may speak to workloads of the namespace that have these labels, as far as labels decide. */
  peerMtls(namespace: string, labels: LabelSelector): PeerMtls;
  servicesOnPort(port: number): readonly Service[];
  /** That take every connection of the port which names nobody. */
  catchers(port: number): readonly Service[];
  servicesAt(address: string, port: number): readonly Service[];
  /** Of exactly this host. */
  virtualServices(host: string): readonly VirtualService[];
  virtualService(host: string, namespace: string): VirtualService | undefined;
  routedTo(host: string): readonly VirtualService[];
  /** Bound to the Gateway. */
  boundTo(gateway: string): readonly VirtualService[];
  /** Of the host, and of wildcards above it. */
  destinationRules(host: string): readonly DestinationRule[];
  /** The one that a proxy of the namespace without labels finds. */
  destinationRule(host: string, serviceNamespace: string | undefined, namespace: string): DestinationRule | undefined;
  gateway(key: string): Gateway | undefined;
  gateways(): readonly Gateway[];
  gatewaysOnPort(port: number): readonly Gateway[];
  secret(namespace: string, name: string): TlsSecret | undefined;
  file(path: string): Uint8Array | undefined;
  /** Why the authority in a Secret is not used, if it was judged as it is now. */
  unfitAuthority(secret: KubeObject): UnfitAuthority | undefined;
  hasWorkload(namespace: string, selector: LabelSelector): boolean;
  hasWorkloads(namespace: string): boolean;
  /** Whether a program with a sidecar is so; `namespaces` undefined: anywhere. */
  hasClient(namespaces: readonly string[] | undefined, wanted: WantedClient): boolean;
  hasAccount(account: Account): boolean;
  accounts(): readonly Account[];
  /** Namespaces with a workload that has these labels; undefined: any. */
  namespacesOf(selector: LabelSelector | undefined): readonly string[];
  /** Namespaces with sidecars that see what is exported so, and its own. */
  clientsOf(visibility: Visibility, own: string): readonly string[];
}

export interface Known {
  readonly complete: boolean;
  readonly mesh: Mesh;
  readonly unfitAuthority: UnfitAuthority | undefined;
  readonly services: ServiceIndex;
  readonly workloads: WorkloadIndex;
  readonly accounts: AccountIndex;
}

export function lookAround(
  { complete, mesh, unfitAuthority, services, workloads, accounts }: Known,
  note: (topic: string) => void,
): Surroundings {
  const noted = <Result>(topic: string, result: Result): Result => {
    note(topic);
    return result;
  };
  const withWildcards = (host: string): readonly string[] => {
    const names = host === '*' ? [host] : [host, ...wildcardsAbove(host)];
    for (const name of names) note(topics.host(name));
    return names;
  };
  /** Who may speak for a host depends on all of this (mesh/tenancy.ts). */
  const noteTenants = (host: string): void => {
    withWildcards(host);
    note(topics.host('*'));
    if (isWildcardHost(host)) note(topics.below(host));
    note(topics.config);
    note(topics.grants);
    const [name, namespace, suffix = 'svc', ...more] = host.split('.');
    if (suffix === 'svc' && more.length === 0) note(topics.host(`${name}.${namespace}.svc.${clusterDomain}`));
  };
  return {
    complete,
    config: () => noted(topics.config, mesh.config),
    services: (host) => noted(topics.host(host), mesh.services.get(host)),
    service(host, namespace, proxy = 'sidecar') {
      noteTenants(host);
      return selectService(mesh, host, { namespace, proxy });
    },
    tenants(host) {
      noteTenants(host);
      return mesh;
    },
    servicesUnder(host) {
      if (!isWildcardHost(host)) return noted(topics.host(host), mesh.services.get(host));
      note(topics.host(host));
      note(topics.below(host));
      const hosts = [...mesh.services.hosts()].filter((known) => isUnder(known, host));
      return hosts.sort().flatMap((known) => mesh.services.get(known));
    },
    servicesOf: (namespace) => noted(topics.namespace(namespace), services.inNamespace(namespace)),
    telemetries: (namespace) => noted(topics.telemetries(namespace), mesh.telemetries.get(namespace)),
    authorizationPolicies: (namespace) =>
      noted(topics.authorizationPolicies(namespace), mesh.authorizationPolicies.get(namespace)),
    egressPolicies: (host) => noted(topics.host(host), mesh.egressPolicies.get(host)),
    peerMtls(namespace, labels) {
      for (const one of [rootNamespace, namespace]) note(topics.peerAuthentications(one));
      const matches = (selector: LabelSelector) => matchesLabels(selector, Object.fromEntries(labels));
      return selectPeerMtls(mesh.peerAuthentications, { namespace, matches });
    },
    sidecars: (namespace) => noted(topics.sidecars(namespace), mesh.sidecars.get(namespace)),
    servicesOnPort: (port) => noted(topics.port(port), services.onPort(port)),
    catchers: (port) => noted(topics.catchers(port), services.catchers(port)),
    servicesAt: (address, port) => noted(topics.address(address, port), services.withAddress(address, port)),
    virtualServices: (host) => noted(topics.host(host), mesh.virtualServices.get(host)),
    virtualService(host, namespace) {
      noteTenants(host);
      return selectVirtualService(mesh, host, { namespace, proxy: 'sidecar' });
    },
    routedTo: (host) => noted(topics.host(host), mesh.routedTo.get(host)),
    boundTo: (gateway) => noted(topics.gateway(gateway), mesh.boundTo.get(gateway)),
    destinationRules: (host) =>
      [...new Set([...withWildcards(host), '*'])].flatMap((name) =>
        noted(topics.host(name), mesh.destinationRules.get(name)),
      ),
    destinationRule(host, serviceNamespace, namespace) {
      withWildcards(host);
      note(topics.host('*'));
      return selectDestinationRule(mesh.destinationRules, host, serviceNamespace, { namespace, matches: () => false });
    },
    gateway: (key) => noted(topics.gateway(key), indexOf(mesh.gateways).byKey.get(key)),
    gateways: () => noted(topics.gateways, mesh.gateways),
    gatewaysOnPort: (port) => noted(topics.gatewayPort(port), indexOf(mesh.gateways).byPort.get(port) ?? []),
    secret(namespace, name) {
      const key = secretKey(namespace, name);
      return noted(topics.secret(key), mesh.secrets.get(key)[0]);
    },
    file: (path) => noted(topics.file(path), mesh.files.get(path)[0]),
    unfitAuthority(secret) {
      note(topics.authority(keyString(keyOf(secret))));
      const { uid, generation } = unfitAuthority?.secret?.metadata ?? {};
      const isSame = uid === secret.metadata.uid && generation === secret.metadata.generation;
      return uid !== undefined && isSame ? unfitAuthority : undefined;
    },
    hasWorkload: (namespace, selector) => noted(topics.workloads(namespace), workloads.has(namespace, selector)),
    hasWorkloads: (namespace) => noted(topics.workloads(namespace), !workloads.isEmpty(namespace)),
    hasClient(namespaces, wanted) {
      if (namespaces === undefined) note(topics.allWorkloads);
      for (const namespace of namespaces ?? []) note(topics.workloads(namespace));
      return (namespaces ?? workloads.clientNamespaces()).some((namespace) => workloads.hasClient(namespace, wanted));
    },
    hasAccount: ({ namespace, serviceAccount }) =>
      noted(topics.accounts(namespace), accounts.has(namespace, serviceAccount)),
    accounts: () => noted(topics.allAccounts, [...accounts.all()]),
    namespacesOf: (selector) => noted(topics.allWorkloads, workloads.namespacesOf(selector ?? new Map())),
    clientsOf(visibility, own) {
      const others = noted(topics.namespaces, workloads.clientNamespaces());
      return [...new Set([own, ...others.filter((namespace) => isVisible(visibility, namespace))])];
    },
  };
}

interface GatewayIndex {
  readonly byKey: ReadonlyMap<string, Gateway>;
  readonly byPort: ReadonlyMap<number, readonly Gateway[]>;
}

const indexes = new WeakMap<readonly Gateway[], GatewayIndex>();

/** Made once for each list of them. */
function indexOf(gateways: readonly Gateway[]): GatewayIndex {
  const known = indexes.get(gateways);
  if (known !== undefined) return known;
  const byPort = new Map<number, Gateway[]>();
  for (const gateway of gateways) {
    for (const number of new Set(gateway.servers.map(({ port }) => port.number))) {
      const list = byPort.get(number) ?? [];
      list.push(gateway);
      byPort.set(number, list);
    }
  }
  const index = { byKey: new Map(gateways.map((gateway) => [gatewayKey(gateway), gateway])), byPort };
  indexes.set(gateways, index);
  return index;
}
