// The Mesh: an immutable snapshot of everything that decides about egress, without an Envoy type in it. It is
// made from the one before and the objects that changed, at a cost that follows the change: only hosts named by
// those objects are touched, and the delta names them so that nothing downstream looks at the rest.
import { isDeepStrictEqual } from 'node:util';
import { isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import type { AuthorizationPolicy } from './authorization-policy.ts';
import type { DestinationRule } from './destination-rule.ts';
import type { EgressPolicy } from './egress-policy/egress-policy.ts';
import type { Gateway } from './gateway.ts';
import { emptyHostIndex, type HostIndex } from './host-index.ts';
import { defaultMeshConfig, type MeshConfig } from './mesh-config.ts';
import { compareOrigin, type Origin } from './origin.ts';
import type { PeerAuthentication } from './peer-authentication.ts';
import {
  askingNamespaces,
  chosenAccountsOf,
  filePathsOf,
  placeLabelsOf,
  routedHosts,
  type ScopedSelector,
  type SelectingObject,
  selectorsOf,
} from './references.ts';
import { selectorText } from './selector.ts';
import { compareAge, isRoutedAlike, type Service } from './service.ts';
import type { Sidecar } from './sidecar.ts';
import type { Telemetry } from './telemetry.ts';
import { changedGrants, leadsElsewhere } from './tenancy.ts';
import type { TlsSecret } from './tls-secret.ts';
import { meshGateway, type VirtualService } from './virtual-service.ts';

export interface Mesh {
  readonly config: MeshConfig;
  /** By namespace, the hosts that its objects may claim for all. */
  readonly grants: ReadonlyMap<string, readonly string[]>;
  readonly services: HostIndex<Service>;
  /** By each of their hosts. */
  readonly virtualServices: HostIndex<VirtualService>;
  /** By each gateway they are bound to, `mesh` left out. */
  readonly boundTo: HostIndex<VirtualService>;
  /** By each host that they send traffic to. */
  readonly routedTo: HostIndex<VirtualService>;
  readonly destinationRules: HostIndex<DestinationRule>;
  /** Oldest first. */
  readonly gateways: readonly Gateway[];
  /** By their namespace, oldest first. */
  readonly sidecars: HostIndex<Sidecar>;
  readonly telemetries: HostIndex<Telemetry>;
  readonly authorizationPolicies: HostIndex<AuthorizationPolicy>;
  /** By each of their hosts. */
  readonly egressPolicies: HostIndex<EgressPolicy>;
  readonly peerAuthentications: HostIndex<PeerAuthentication>;
  /** By `namespace/name`; one each. */
  readonly secrets: HostIndex<TlsSecret>;
  /** Content of files on the host that objects name, by path; one each. */
  readonly files: HostIndex<Uint8Array>;
  /** By the path of each file that they name. */
  readonly fileUsers: HostIndex<DestinationRule | Gateway>;
  /** What proxies are told apart by; by namespace and text. */
  readonly selectors: HostIndex<ScopedSelector>;
  /** Rules for which endpoints are near or far, by each label of a proxy that decides about it. */
  readonly placedBy: HostIndex<DestinationRule>;
  /** By each service account that they choose workloads by. */
  readonly chosenAccounts: HostIndex<EgressPolicy>;
  /** Policies that judge what workloads send by who they are; by namespace. */
  readonly accountAskers: HostIndex<AuthorizationPolicy>;
}

/** What differs between a snapshot and the one before. */
export interface MeshDelta {
  readonly configChanged: boolean;
  /** Whose routing, clusters or listeners may differ. */
  readonly hosts: ReadonlySet<string>;
  /** Gateways came, went or changed. */
  readonly gatewaysChanged: boolean;
  /** Sidecars came, went or changed. */
  readonly sidecarsChanged: boolean;
  /** So did Telemetries. */
  readonly telemetriesChanged: boolean;
  /** And PeerAuthentications; what callers are to know of it is in `hosts`. */
  readonly peerAuthenticationsChanged: boolean;
  /** So did AuthorizationPolicies. */
  readonly authorizationChanged: boolean;
  /** Keys of secrets, and paths of files, that differ. */
  readonly secrets: ReadonlySet<string>;
  /** Proxies may have to be told apart otherwise than before. */
  readonly selectorsChanged: boolean;
}

/** One object's change, already translated: what it stood for and what it stands for now; identity recognises it. */
export interface Change<T> {
  readonly before: readonly T[];
  readonly after: readonly T[];
}

export interface MeshChange {
  readonly services?: readonly Change<Service>[];
  readonly virtualServices?: readonly Change<VirtualService>[];
  readonly destinationRules?: readonly Change<DestinationRule>[];
  readonly gateways?: readonly Change<Gateway>[];
  readonly sidecars?: readonly Change<Sidecar>[];
  readonly telemetries?: readonly Change<Telemetry>[];
  readonly authorizationPolicies?: readonly Change<AuthorizationPolicy>[];
  readonly egressPolicies?: readonly Change<EgressPolicy>[];
  readonly peerAuthentications?: readonly Change<PeerAuthentication>[];
  /** Undefined: gone. */
  readonly secrets?: ReadonlyMap<string, TlsSecret | undefined>;
  readonly files?: ReadonlyMap<string, Uint8Array | undefined>;
  /** By namespace; undefined: none. */
  readonly grants?: ReadonlyMap<string, readonly string[] | undefined>;
  /** Undefined: as it was. */
  readonly config?: MeshConfig | undefined;
}

export const emptyMesh: Mesh = {
  config: defaultMeshConfig,
  grants: new Map(),
  services: emptyHostIndex(),
  virtualServices: emptyHostIndex(),
  boundTo: emptyHostIndex(),
  routedTo: emptyHostIndex(),
  destinationRules: emptyHostIndex(),
  gateways: [],
  sidecars: emptyHostIndex(),
  telemetries: emptyHostIndex(),
  authorizationPolicies: emptyHostIndex(),
  egressPolicies: emptyHostIndex(),
  peerAuthentications: emptyHostIndex(),
  secrets: emptyHostIndex(),
  files: emptyHostIndex(),
  fileUsers: emptyHostIndex(),
  selectors: emptyHostIndex(),
  placedBy: emptyHostIndex(),
  chosenAccounts: emptyHostIndex(),
  accountAskers: emptyHostIndex(),
};

export function updateMesh(mesh: Mesh, change: MeshChange): { readonly mesh: Mesh; readonly delta: MeshDelta } {
  const { services = [], virtualServices = [], destinationRules = [], gateways = [] } = change;
  const {
    sidecars = [],
    telemetries = [],
    authorizationPolicies = [],
    egressPolicies = [],
    peerAuthentications = [],
  } = change;
  const { secrets = new Map<string, undefined>(), files = new Map<string, undefined>() } = change;
  const { grants = new Map<string, undefined>() } = change;
  const config = change.config ?? mesh.config;
  const configChanged = config !== mesh.config && !isDeepStrictEqual(config, mesh.config);
  const selectors = selectorChanges([
    ...virtualServices,
    ...destinationRules,
    ...sidecars,
    ...telemetries,
    ...authorizationPolicies,
    ...egressPolicies,
    ...peerAuthentications,
  ]);
  const next: Mesh = {
    config: configChanged ? config : mesh.config,
    grants: withGrants(mesh.grants, grants),
    services: reindexed(mesh.services, services, ({ host }) => [host], compareAge),
    virtualServices: reindexed(mesh.virtualServices, virtualServices, ({ hosts }) => hosts, compareOrigin),
    boundTo: reindexed(mesh.boundTo, virtualServices, boundGateways, compareOrigin),
    routedTo: reindexed(mesh.routedTo, virtualServices, routedHosts, compareOrigin),
    destinationRules: reindexed(mesh.destinationRules, destinationRules, ({ host }) => [host], compareOrigin),
    gateways: changedList(mesh.gateways, gateways),
    sidecars: reindexed(mesh.sidecars, sidecars, ({ namespace }) => [namespace], compareOrigin),
    telemetries: reindexed(mesh.telemetries, telemetries, ({ namespace }) => [namespace], compareOrigin),
    authorizationPolicies: reindexed(
      mesh.authorizationPolicies,
      authorizationPolicies,
      ({ namespace }) => [namespace],
      compareOrigin,
    ),
    egressPolicies: reindexed(mesh.egressPolicies, egressPolicies, ({ hosts }) => hosts, compareOrigin),
    peerAuthentications: reindexed(
      mesh.peerAuthentications,
      peerAuthentications,
      ({ namespace }) => [namespace],
      compareOrigin,
    ),
    secrets: replaced(mesh.secrets, secrets),
    files: replaced(mesh.files, files),
    fileUsers: reindexed<DestinationRule | Gateway>(
      mesh.fileUsers,
      [...destinationRules, ...gateways],
      filePathsOf,
      compareOrigin,
    ),
    selectors: reindexed(mesh.selectors, selectors, scopedKeys, () => 0),
    placedBy: reindexed(mesh.placedBy, destinationRules, placeLabelsOf, compareOrigin),
    chosenAccounts: reindexed(mesh.chosenAccounts, egressPolicies, chosenAccountsOf, compareOrigin),
    accountAskers: reindexed(mesh.accountAskers, authorizationPolicies, askingNamespaces, compareOrigin),
  };
  const regroups =
    haveKeysChanged(mesh.selectors, next.selectors, selectors, scopedKeys) ||
    haveKeysChanged(mesh.placedBy, next.placedBy, destinationRules, placeLabelsOf) ||
    haveKeysChanged(mesh.chosenAccounts, next.chosenAccounts, egressPolicies, chosenAccountsOf) ||
    haveKeysChanged(mesh.accountAskers, next.accountAskers, authorizationPolicies, askingNamespaces);
  const delta: MeshDelta = {
    configChanged,
    hosts: affectedHosts(
      next,
      { services, virtualServices, destinationRules, egressPolicies },
      entitlementsChanged(mesh, next, grants),
    ),
    gatewaysChanged: gateways.length > 0,
    sidecarsChanged: sidecars.length > 0,
    telemetriesChanged: telemetries.length > 0,
    peerAuthenticationsChanged: peerAuthentications.length > 0,
    authorizationChanged: authorizationPolicies.length > 0,
    secrets: new Set([...secrets.keys(), ...files.keys()]),
    selectorsChanged: regroups,
  };
  return { mesh: next, delta };
}

export function isEmptyDelta({ hosts, secrets, ...changed }: MeshDelta): boolean {
  return hosts.size + secrets.size === 0 && !Object.values(changed).includes(true);
}

function boundGateways({ gateways }: VirtualService): readonly string[] {
  return gateways.filter((gateway) => gateway !== meshGateway);
}

function reindexed<T>(
  index: HostIndex<T>,
  changes: readonly Change<T>[],
  keysOf: (item: T) => Iterable<string>,
  compare: (a: T, b: T) => number,
): HostIndex<T> {
  // Each key is written once, however many of the changes speak of it: thousands of objects may lead to one gateway.
  const claims = new Map<string, Set<T>>();
  const claimsOn = (key: string) => {
    const known = claims.get(key) ?? new Set(index.get(key));
    claims.set(key, known);
    return known;
  };
  for (const { before, after } of changes) {
    for (const item of before) for (const key of keysOf(item)) claimsOn(key).delete(item);
    for (const item of after) for (const key of keysOf(item)) claimsOn(key).add(item);
  }
  let next = index;
  for (const [key, items] of claims) next = next.with(key, [...items].sort(compare));
  return next;
}

function replaced<T>(index: HostIndex<T>, changes: ReadonlyMap<string, T | undefined>): HostIndex<T> {
  let next = index;
  for (const [key, value] of changes) next = next.with(key, value === undefined ? [] : [value]);
  return next;
}

function changedList<T extends Origin>(list: readonly T[], changes: readonly Change<T>[]): readonly T[] {
  if (changes.length === 0) return list;
  const items = new Set(list);
  for (const { before, after } of changes) {
    for (const item of before) items.delete(item);
    for (const item of after) items.add(item);
  }
  return [...items].sort(compareOrigin);
}

function selectorChanges(changes: readonly Change<SelectingObject>[]): readonly Change<ScopedSelector>[] {
  return changes.map(({ before, after }) => ({
    before: before.flatMap(selectorsOf),
    after: after.flatMap(selectorsOf),
  }));
}

/** Those with one key choose the same proxies. */
function scopedKeys({ selector, namespace = '' }: ScopedSelector): readonly string[] {
  return [`${namespace} ${selectorText(selector)}`];
}

/** Whether one of the keys of what changed came or went. */
function haveKeysChanged<T, Item>(
  before: HostIndex<T>,
  after: HostIndex<T>,
  changes: readonly Change<Item>[],
  keysOf: (item: Item) => readonly string[],
): boolean {
  const isIn = (index: HostIndex<T>, key: string) => index.get(key).length > 0;
  return itemsOf(changes)
    .flatMap(keysOf)
    .some((key) => isIn(before, key) !== isIn(after, key));
}

function withGrants(before: Mesh['grants'], changes: NonNullable<MeshChange['grants']>): Mesh['grants'] {
  if (changes.size === 0) return before;
  const after = new Map(before);
  for (const [namespace, hosts] of changes) {
    if (hosts === undefined) after.delete(namespace);
    else after.set(namespace, hosts);
  }
  return after;
}

/** Hosts and wildcards that other namespaces may speak for now than before. */
function* entitlementsChanged(
  before: Mesh,
  { config, grants }: Mesh,
  changes: NonNullable<MeshChange['grants']>,
): Iterable<string> {
  for (const namespace of changes.keys()) yield* changedGrants(before.grants.get(namespace), grants.get(namespace));
  const { crossNamespace, outboundTrafficPolicy } = before.config;
  const same = crossNamespace === config.crossNamespace && outboundTrafficPolicy === config.outboundTrafficPolicy;
  if (!same) yield '*';
}

type HostChanges = Required<Pick<MeshChange, 'services' | 'virtualServices' | 'destinationRules' | 'egressPolicies'>>;

function affectedHosts(next: Mesh, changes: HostChanges, entitled: Iterable<string>): ReadonlySet<string> {
  const hosts = new Set<string>();
  const touch = (host: string) => {
    hosts.add(host);
    if (!isWildcardHost(host) && host !== '*') return;
    const suffix = host.slice(1);
    for (const index of [next.services, next.virtualServices, next.egressPolicies]) {
      for (const known of index.hosts()) if (known.endsWith(suffix)) hosts.add(known);
    }
  };
  const isNamed = (host: string) => next.services.get(host).length + next.virtualServices.get(host).length > 0;
  const hasRules = (host: string) => next.virtualServices.get(host).length > 0;
  // Whether rules for a wildcard count for others depends on where those for names below it lead.
  const touchRulesAbove = (host: string) => {
    for (const name of wildcardsAbove(host)) if (hasRules(name)) hosts.add(name);
  };
  for (const { host, aliases } of changes.services.flatMap(routedOtherwise)) {
    // Who may speak for the names below a wildcard, and for `web.shop`, depends on who has those.
    for (const name of [host, ...aliases.filter(isNamed)]) touch(name);
    if (hasRules(host)) touchRulesAbove(host);
  }
  for (const host of entitled) touch(host);
  for (const rule of itemsOf(changes.destinationRules)) touch(rule.host);
  for (const policy of itemsOf(changes.egressPolicies)) policy.hosts.forEach(touch);
  // What is routed to a host asks for its ports, and for what its rule hashes.
  // So does what sends it to a wildcard under this name, for what its policies allow.
  const governed = itemsOf(changes.egressPolicies).flatMap((policy) => policy.hosts.flatMap(wildcardsAbove));
  for (const host of new Set([...hosts, ...governed])) {
    for (const routing of next.routedTo.get(host)) routing.hosts.forEach(touch);
  }
  for (const service of itemsOf(changes.services)) hosts.add(service.host);
  for (const routing of itemsOf(changes.virtualServices)) {
    [...routing.hosts, ...routedHosts(routing)].forEach(touch);
    routing.hosts.forEach(touchRulesAbove);
  }
  return hosts;
}

/**
 * Those of which more came, went or changed than who is behind them: thousands of hosts may lead to one gateway's pods. Whether
 * that is somebody else than the host itself decides about their rules too.
 */
function routedOtherwise({ before, after }: Change<Service>): readonly Service[] {
  const alike = (service: Service, others: readonly Service[]) =>
    others.some((other) => leadsElsewhere(service) === leadsElsewhere(other) && isRoutedAlike(service, other));
  return [...before.filter((service) => !alike(service, after)), ...after.filter((service) => !alike(service, before))];
}

function itemsOf<T>(changes: readonly Change<T>[]): readonly T[] {
  return changes.flatMap(({ before, after }) => [...before, ...after]);
}
