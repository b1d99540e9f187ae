// What an object can be asked about, as texts: an analyzer's look at something is noted under such a topic, and an object
// that comes, goes or changes names the topics under which it is found. So a change is judged anew by those who looked.
import { wildcardsAbove } from '../api/host-name.ts';
import { gatewayKey } from '../mesh/gateway.ts';
import type { Change, MeshChange } from '../mesh/mesh.ts';
import { routedHosts } from '../mesh/references.ts';
import type { Service } from '../mesh/service.ts';
import type { VirtualService } from '../mesh/virtual-service.ts';
import { isCatcher } from './service-index.ts';

export const topics = {
  /** Services, VirtualServices, DestinationRules, EgressPolicies of the host, and routes to it. */
  host: (host: string) => `host ${host}`,
  /** Services and VirtualServices of hosts below a wildcard. */
  below: (wildcard: string) => `below ${wildcard}`,
  /** Services of the namespace. */
  namespace: (namespace: string) => `services ${namespace}`,
  authorizationPolicies: (namespace: string) => `authorization ${namespace}`,
  peerAuthentications: (namespace: string) => `peers ${namespace}`,
  telemetries: (namespace: string) => `telemetries ${namespace}`,
  sidecars: (namespace: string) => `sidecars ${namespace}`,
  gateway: (key: string) => `gateway ${key}`,
  /** Gateways that open the port. */
  gatewayPort: (number: number) => `gateways on ${number}`,
  port: (number: number) => `port ${number}`,
  catchers: (number: number) => `catchers ${number}`,
  address: (address: string, port: number) => `address ${address} ${port}`,
  secret: (key: string) => `secret ${key}`,
  file: (path: string) => `file ${path}`,
  /** Whether the certificate authority in a Secret can be used. */
  authority: (secret: string) => `authority ${secret}`,
  workloads: (namespace: string) => `workloads ${namespace}`,
  /** Workloads anywhere. */
  allWorkloads: 'workloads',
  /** Service accounts. */
  accounts: (namespace: string) => `accounts ${namespace}`,
  allAccounts: 'accounts',
  /** All Gateways. */
  gateways: 'gateways',
  /** Which namespaces have workloads. */
  namespaces: 'namespaces',
  config: 'config',
  /** Which namespaces may claim hosts for all. */
  grants: 'grants',
} as const;

/** Of everything that differs between two snapshots. */
export function topicsOfChange(change: MeshChange): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (names: Iterable<string>) => {
    for (const name of names) found.add(name);
  };
  for (const service of itemsOf(change.services)) add(topicsOfService(service));
  for (const virtualService of itemsOf(change.virtualServices)) add(topicsOfVirtualService(virtualService));
  for (const rule of itemsOf(change.destinationRules)) found.add(topics.host(rule.host));
  for (const gateway of itemsOf(change.gateways)) {
    add([topics.gateway(gatewayKey(gateway)), topics.gateways]);
    add(gateway.servers.map(({ port }) => topics.gatewayPort(port.number)));
  }
  for (const { hosts } of itemsOf(change.egressPolicies)) add(hosts.map(topics.host));
  for (const { namespace } of itemsOf(change.authorizationPolicies)) found.add(topics.authorizationPolicies(namespace));
  for (const { namespace } of itemsOf(change.peerAuthentications)) found.add(topics.peerAuthentications(namespace));
  for (const { namespace } of itemsOf(change.telemetries)) found.add(topics.telemetries(namespace));
  for (const { namespace } of itemsOf(change.sidecars)) found.add(topics.sidecars(namespace));
  for (const key of change.secrets?.keys() ?? []) found.add(topics.secret(key));
  for (const path of change.files?.keys() ?? []) found.add(topics.file(path));
  if (change.grants !== undefined && change.grants.size > 0) found.add(topics.grants);
  if (change.config !== undefined) found.add(topics.config);
  return found;
}

function* topicsOfService(service: Service): Iterable<string> {
  yield topics.host(service.host);
  yield topics.namespace(service.namespace);
  for (const wildcard of wildcardsAbove(service.host)) yield topics.below(wildcard);
  for (const port of service.ports) {
    yield topics.port(port.number);
    if (isCatcher(service, port)) yield topics.catchers(port.number);
    for (const address of service.addresses) yield topics.address(address, port.number);
  }
}

function* topicsOfVirtualService(virtualService: VirtualService): Iterable<string> {
  for (const host of [...virtualService.hosts, ...routedHosts(virtualService)]) yield topics.host(host);
  for (const wildcard of virtualService.hosts.flatMap(wildcardsAbove)) yield topics.below(wildcard);
  for (const gateway of virtualService.gateways) yield topics.gateway(gateway);
}

function itemsOf<T>(changes: readonly Change<T>[] = []): readonly T[] {
  return changes.flatMap(({ before, after }) => [...before, ...after]);
}
