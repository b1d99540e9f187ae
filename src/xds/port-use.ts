// What the services that a view sees do on one port, and with it what that port's listeners must be. Kept so that a
// further plain host on a port changes nothing here: its cluster and virtual host are all there is to send.
import { isIPv4 } from 'node:net';
import { isUnder, isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import { isTls } from '../api/protocol.ts';
import { type DestinationRule, effectivePolicy } from '../mesh/destination-rule.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { OutboundTrafficPolicy } from '../mesh/mesh-config.ts';
import { compareAge, isHeadless, type Service, type ServicePort } from '../mesh/service.ts';
import { type ConnectionSettings, connectionSettingsOf } from './connection-settings.ts';
import type { Withheld } from './egress-policy/host-access.ts';
import type { PassedRoute } from './virtual-service/passed-routes.ts';

/** A service together with the port of it that is meant, and what objects say of it. */
export interface PortService {
  readonly service: Service;
  readonly port: ServicePort;
  /** Says how its clusters are spoken to. */
  readonly rule: DestinationRule | undefined;
  /** As in SelectedHost. */
  readonly foreign?: boolean;
  /** A VirtualService says what becomes of its requests, where they can be told. */
  readonly routed: boolean;
  /** Where a VirtualService sends its connections instead of to its own cluster: by SNI, or all of them. */
  readonly passed: readonly PassedRoute[];
  /** The same of connections to some addresses alone. */
  readonly ranged: readonly PassedRoute[];
  /** EgressPolicies do not let these proxies connect to it, or tell of it. Of HTTP each request is judged. */
  readonly withheld?: Withheld;
}

export interface PortUse {
  /** Hosts found by Host header. */
  readonly http: ReadonlySet<string>;
  /** Hosts whose requests are told apart by their paths. */
  readonly byPath: ReadonlySet<string>;
  /** Found by SNI on any address. */
  readonly serverNames: ReadonlyMap<string, PortService>;
  /** TCP and TLS services with addresses, their own or their endpoints': only connections to those. */
  readonly addressed: ReadonlyMap<string, PortService>;
  /** TCP services without addresses: everything else on the port goes to the oldest of them. */
  readonly tcp: ReadonlyMap<string, PortService>;
  /** TLS hosts that have a cluster for rules to send to, and are not to be reached by their SNI. */
  readonly closed: ReadonlySet<string>;
  /** Hosts that EgressPolicies withhold and that have no TLS of their own here: not to be reached by what serves others. */
  readonly refused: readonly string[];
}

/** A view's own, changing book of one port; everyone else reads it as PortUse. */
interface PortBook {
  readonly http: Set<string>;
  readonly byPath: Set<string>;
  readonly serverNames: Map<string, PortService>;
  readonly addressed: Map<string, PortService>;
  readonly tcp: Map<string, PortService>;
  readonly closed: Set<string>;
}

export function createPortBook(): PortBook {
  const [serverNames, addressed, tcp] = [new Map(), new Map(), new Map()];
  return { http: new Set(), byPath: new Set(), serverNames, addressed, tcp, closed: new Set() };
}

export interface PortSettings {
  /** Rules tell the host's requests apart by their paths. */
  readonly byPath: boolean;
  /** As in PortUse. */
  readonly closed: boolean;
  /** EgressPolicies name a wildcard above it, which may be refused here. */
  readonly belowGoverned: boolean;
  readonly policy: OutboundTrafficPolicy;
}

/**
 * Replaces what the book has of the host; undefined stands for no such service. True if the port's listeners or routes may
 * differ now: not so for the usual change, one more plain host where there are others.
 */
export function changePortBook(
  book: PortBook,
  host: string,
  after: PortService | undefined,
  { byPath, closed, belowGoverned, policy }: PortSettings,
): boolean {
  const shape = shapeOf(book);
  const before = entryOf(book, host);
  const beside = belowGoverned && [before, after].some((entry) => entry !== undefined && isTls(entry.port.protocol));
  const special = beside || isSpecial(before, book, policy) || book.closed.has(host) !== closed;
  book.http.delete(host);
  book.byPath.delete(host);
  if (byPath) book.byPath.add(host);
  book.closed.delete(host);
  if (closed) book.closed.add(host);
  for (const map of [book.serverNames, book.addressed, book.tcp]) map.delete(host);
  if (after !== undefined) enter(book, after);
  return shapeOf(book) !== shape || special || isSpecial(after, book, policy);
}

function entryOf({ serverNames, addressed, tcp }: PortBook, host: string): PortService | undefined {
  return serverNames.get(host) ?? addressed.get(host) ?? tcp.get(host);
}

function enter(book: PortBook, entry: PortService): void {
  const { host, resolution } = entry.service;
  const handling = handlingOf(entry.port.protocol);
  // Istio: HTTP ignores addresses; Host alone decides.
  if (handling === 'http' || handling === 'auto') book.http.add(host);
  if (handling === 'tls') (isFoundByAddress(entry) ? book.addressed : book.serverNames).set(host, entry);
  if (handling !== 'tcp' && handling !== 'auto') return;
  if (addressesOf(entry.service).length > 0) book.addressed.set(host, entry);
  // A Service of which no address is known yet is nowhere, rather than everywhere.
  else if (resolution !== 'CLUSTER_IP' && entry.foreign !== true) book.tcp.set(host, entry);
}

export function isUsed({ http, serverNames, addressed, tcp }: PortUse | PortBook): boolean {
  return http.size + serverNames.size + addressed.size + tcp.size > 0;
}

/** Where callers connect to it: of a headless Service that is whichever endpoint they chose. */
export function addressesOf(service: Service): readonly string[] {
  return isHeadless(service) ? service.endpoints.map(({ address }) => address).filter(isIPv4) : service.addresses;
}

/**
 * A port without a protocol at addresses that say too little: HTTP there is told by Host as on other ports, all else is its own.
 * Istio: at all addresses; here those of its own are passed on unread unless rules ask for more, so that a server that speaks
 * first need not wait.
 */
export function isSniffed({ service, port, routed }: PortService): boolean {
  return handlingOf(port.protocol) === 'auto' && (routed || service.autoAllocated === true || isHeadless(service));
}

/** An address that was given for the sake of other ports leaves TLS to be told by its SNI. */
function isFoundByAddress({ service }: PortService): boolean {
  return addressesOf(service).length > 0 && service.autoAllocated !== true;
}

function shapeOf(book: PortBook): string {
  return `${book.http.size > 0} ${book.byPath.size > 0} ${book.serverNames.size > 0}`;
}

/** Whether this service stands in a listener by its name or address. */
function isSpecial(entry: PortService | undefined, book: PortBook, policy: OutboundTrafficPolicy): boolean {
  if (entry === undefined) return false;
  const handling = handlingOf(entry.port.protocol);
  if (handling === 'http' || handling === 'none') return false;
  if (handling !== 'tls' || isFoundByAddress(entry) || needsListing(entry, book, policy)) return true;
  return wildcardsAbove(entry.service.host).some(
    (wildcard) => book.serverNames.has(wildcard) || book.closed.has(wildcard),
  );
}

/** Istio's order where several would take the same connections. */
export function oldestFirst(services: Iterable<PortService>): readonly PortService[] {
  return [...services].sort((a, b) => compareAge(a.service, b.service));
}

/**
 * Whether this service's SNI must be listed by name in the listener. Not so for most: under REGISTRY_ONLY a cluster of
 * the SNI's name is enough, under ALLOW_ANY a host without settings of its own passes through like any other.
 */
export function needsListing(
  entry: PortService,
  { tcp }: Pick<PortUse, 'tcp'>,
  policy: OutboundTrafficPolicy,
): boolean {
  const { service, port, rule } = entry;
  if (service.resolution === 'NONE' || isSentElsewhere(entry) || hasSettings(entry)) return true;
  if (entry.withheld !== undefined) return true;
  if (policy === 'REGISTRY_ONLY') return isWildcardHost(service.host);
  // Passing through to an address that we gave leads nowhere; and what is not listed goes to a TCP service that takes
  // everything on the port.
  if (rule !== undefined || service.autoAllocated === true || tcp.size > 0) return true;
  const resolvesItself = service.resolution === 'STATIC' || service.resolution === 'CLUSTER_IP';
  return (
    resolvesItself || (port.from ?? service).endpoints.length > 0 || (port.targetPort ?? port.number) !== port.number
  );
}

/** By a VirtualService, some of its connections or all; as in Istio, its own SNI then names it no more. */
export function isSentElsewhere({ passed, ranged }: PortService): boolean {
  return passed.length > 0 || ranged.length > 0;
}

/** Of connections that no VirtualService sends elsewhere. */
export function ownSettings({ rule, port }: PortService): ConnectionSettings {
  return connectionSettingsOf(effectivePolicy(rule, port.number));
}

export function hasSettings(entry: PortService): boolean {
  return Object.values(ownSettings(entry)).some((setting) => setting !== undefined);
}

/** `a.example.com` below `*.example.com`. */
export function isBelow(host: string, wildcard: string): boolean {
  return isWildcardHost(wildcard) && host !== wildcard && isUnder(host, wildcard);
}
