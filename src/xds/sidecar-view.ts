// The resources of all sidecars that see the same things: those of one scope. Follows the mesh change by change; only the
// hosts and ports a change touches are built again, and only what came out different is told to discovery.
// Invariant: after any series of changes the resources are those that building from the last snapshot at once gives
// (a property test holds it).
import { isDeepStrictEqual } from 'node:util';
import { isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import type { Access } from '../mesh/egress-policy/access.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { hostsAskedBy } from '../mesh/references.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import type { Named } from './domain-claims.ts';
import { asksForPaths, hostAccessOf, isClosedTo, onOtherPorts, withheldOf } from './egress-policy/host-access.ts';
import { createInboundPorts } from './inbound-ports.ts';
import { createKnownHosts, type KnownHost } from './known-hosts.ts';
import { createMeshView, type MeshView } from './mesh-view.ts';
import { createMirrorUnit } from './mirror-unit.ts';
import { parseOutboundCluster } from './names.ts';
import { alwaysHttpPort, alwaysPorts } from './outbound-listeners.ts';
import { nextOutlook, type Outlook, outlookOf } from './outlook.ts';
import { changePortBook, createPortBook, isSentElsewhere, isUsed, type PortService } from './port-use.ts';
import { placeFor } from './proxy-place.ts';
import type { ProxyScope } from './proxy-scope.ts';
import type { TypedResource } from './resource.ts';
import { createResourceBook } from './resource-book.ts';
import { createSecretUnits } from './secret-units.ts';
import { decidesByPath, isClosed, meshRouting, portServiceOf, portsOf, type SelectedHost } from './selected-host.ts';
import type { ServiceResources } from './service-resources.ts';
import { type LookedAtPorts, redirectParts, type ViewParts } from './view-parts.ts';
import type { Routing } from './virtual-service/routing.ts';

export interface SidecarViewOptions {
  readonly scope: ProxyScope;
  /** Shared by all views: what a service alone decides is built once. */
  readonly serviceResources: ServiceResources;
  readonly parts?: ViewParts;
}

export function createSidecarView(first: Mesh, options: SidecarViewOptions): MeshView {
  const { scope, serviceResources, parts = redirectParts } = options;
  const { namespace } = scope;
  let mesh = first;
  let outlook = outlookOf({ mesh: first, scope, proxy: 'sidecar' });
  const known = createKnownHosts(scope, parts);
  /** Services with ranges of addresses. */
  const ranged = new Map<string, Service>();
  const claims = parts.createClaims(namespace);
  /** Of the namespace itself, whatever its sidecars import: what comes in is for them all the same. */
  const own = new Map<string, Service>();
  const inbound = createInboundPorts(namespace);
  const books = new Map<number, ReturnType<typeof createPortBook>>();
  /** Hosts that EgressPolicies name, of which some governs them here: no port of those is open by what serves others. */
  const governed = new Map<string, OpenPorts>();
  const resources = createResourceBook();
  const secrets = createSecretUnits(resources, { namespace, keys: parts.capture === 'redirect' });

  function routing(port: number): Routing {
    return meshRouting(scope, port, known.reached, access);
  }

  function access(host: string, port: number): Access | undefined {
    return hostAccessOf(mesh.egressPolicies, scope)(host, port);
  }

  function buildHost(host: string): void {
    const own = buildVirtualHosts(known.get(host)?.selected);
    const named = governed.has(host) ? withOtherPorts(host, own) : own;
    resources.replace(`host ${host}`, [...buildClusters(known.reached(host)), ...named]);
  }

  /** A governed host is judged by its own name also where a wildcard above it is served, or every host. */
  function withOtherPorts(host: string, own: readonly TypedResource[]): readonly TypedResource[] {
    const judged = onOtherPorts(access);
    const { settings } = outlook;
    const above = wildcardsAbove(host).flatMap((wildcard) => {
      const selected = known.get(wildcard)?.selected;
      return selected === undefined ? [] : parts.buildVirtualHosts(host, selected, () => [], routing, judged, settings);
    });
    const open = settings.outboundTrafficPolicy === 'ALLOW_ANY';
    const rest = open ? parts.buildUnregistered(host, lookedAt(), judged, settings) : [];
    const byName = new Map<string, TypedResource>();
    for (const one of [...own, ...above, ...rest]) {
      if (!byName.has(one.resource.name)) byName.set(one.resource.name, one);
    }
    return [...byName.values()];
  }

  function lookedAt(): LookedAtPorts {
    const used = [...books].filter(([, book]) => isUsed(book));
    const http = used.filter(([, book]) => book.http.size > 0);
    const numbers = (always: readonly number[], more: typeof used) =>
      [...new Set([...always, ...more.map(([number]) => number)])].sort((a, b) => a - b);
    return { used: numbers(alwaysPorts, used), http: numbers([alwaysHttpPort], http) };
  }

  function buildClusters(reached: SelectedHost | undefined): readonly TypedResource[] {
    if (reached?.service === undefined) return [];
    const { host, service, rule } = reached;
    const routed = mesh.routedTo.get(host).length > 0;
    const place = placeFor(rule, scope);
    // Of the mesh itself, since no Sidecar changes them: those of all namespaces are the same.
    const settings = { config: mesh.config, capture: parts.capture, proxy: 'sidecar', rule, place, routed } as const;
    const closed = service.ports.filter((port) => isClosedTo(access(host, port.number), port));
    return withoutPorts(serviceResources.of(service, settings), closed);
  }

  function buildVirtualHosts(selected: SelectedHost | undefined): readonly TypedResource[] {
    if (selected === undefined) return [];
    const { service } = selected;
    const extraDomains = (port: number) => (service === undefined ? [] : claims.owned(service, port));
    return parts.buildVirtualHosts(selected.host, selected, extraDomains, routing, access, outlook.settings);
  }

  function buildPort(port: number): void {
    const names = books.get(port)?.serverNames;
    const refused = [...governed].flatMap(([host, open]) => (open(port) || names?.has(host) === true ? [] : host));
    const book = books.get(port) ?? createPortBook();
    resources.replace(`port ${port}`, parts.buildPort(port, { ...book, refused }, outlook.settings));
  }

  /** Selects each host anew; answers the hosts and ports to build. */
  function reselect(changed: ReadonlySet<string>) {
    const dirtyHosts = new Set<string>();
    let inboundChanged = false;
    let rangesChanged = false;
    const befores = known.update(mesh, outlook, changed);
    const ruled = new Set<string>();
    for (const [host, before] of befores) {
      const wasGoverned = governed.delete(host);
      const open = openPortsOf(host);
      if (open !== undefined) governed.set(host, open);
      if (wasGoverned || governed.has(host)) ruled.add(host);
      const after = known.get(host);
      dirtyHosts.add(host);
      inboundChanged = changeInbound(host) || inboundChanged;
      const [old, service] = [before?.selected?.service, after?.selected?.service];
      rangesChanged ||= hasRange(old) || hasRange(service);
      if (service !== undefined && hasRange(service) && isReachable(service)) ranged.set(host, service);
      else ranged.delete(host);
      const named = namedWhere(after, governed.has(host));
      if (old === service && named === namedWhere(before, wasGoverned)) continue;
      for (const affected of claims.change(host, old, service, named)) dirtyHosts.add(affected);
    }
    const ports = lookedAt();
    const dirtyPorts = changePorts(befores);
    if (ruled.size > 0) for (const port of portsOfOthers()) dirtyPorts.add(port);
    if (governed.size > 0 && !isDeepStrictEqual(lookedAt(), ports))
      for (const host of governed.keys()) dirtyHosts.add(host);
    return { dirtyHosts, dirtyPorts, inboundChanged, rangesChanged };
  }

  /** Told once for each host: listeners ask of all of them. */
  function openPortsOf(host: string): OpenPorts | undefined {
    const policies = mesh.egressPolicies.get(host);
    const unnamed = policies.length === 0 ? undefined : access(host, 0);
    if (unnamed === undefined) return undefined;
    if (withheldOf(unnamed) !== 'denied') return () => true;
    const above = wildcardsAbove(host).flatMap((name) => mesh.egressPolicies.get(name));
    const named = new Set([...policies, ...above].flatMap(({ ports }) => [...ports.keys()]));
    const open = [...named].filter((port) => withheldOf(access(host, port)) !== 'denied');
    return open.length === 0 ? closed : (port) => open.includes(port);
  }

  /** Ports whose listeners may name a governed host. */
  function portsOfOthers(): readonly number[] {
    const open = outlook.settings.outboundTrafficPolicy === 'ALLOW_ANY';
    const mayServe = ([host, entry]: [string, PortService]) => isWildcardHost(host) || isSentElsewhere(entry);
    return [...new Set([...books.keys(), ...alwaysPorts])].filter(
      (port) => open || [...(books.get(port)?.serverNames ?? [])].some(mayServe),
    );
  }

  /** Where an address alone is asked for, nothing tells one port's access from another's. */
  function isReachable({ host, ports }: Service): boolean {
    return ports.every((port) => withheldOf(access(host, port.number)) !== 'denied');
  }

  function changeInbound(host: string): boolean {
    const before = own.get(host);
    const after = parts.select(mesh, host, scope);
    if (after?.source === 'Service' && after.namespace === namespace) own.set(host, after);
    else own.delete(host);
    return before !== own.get(host) && inbound.change(before, own.get(host));
  }

  /** After all hosts were selected, since one may send its connections to another. */
  function changePorts(befores: ReadonlyMap<string, KnownHost | undefined>): Set<number> {
    const dirty = new Set<number>();
    for (const [host, before] of befores) {
      const { selected, destination } = known.get(host) ?? {};
      for (const number of portNumbers(before?.selected, before?.destination, selected, destination)) {
        const book = books.get(number) ?? createPortBook();
        books.set(number, book);
        const settings = {
          byPath:
            selected !== undefined &&
            (decidesByPath(selected, number, access(host, number)) || leadsToJudgedPaths(selected, number)),
          closed: isClosed(selected, destination, number),
          belowGoverned: wildcardsAbove(host).some((wildcard) => governed.has(wildcard)),
          policy: outlook.settings.outboundTrafficPolicy,
        };
        const entry = portServiceOf(selected, routing(number), access);
        if (changePortBook(book, host, entry, settings)) dirty.add(number);
      }
    }
    return dirty;
  }

  /** Whether rules lead its requests to hosts whose paths EgressPolicies judge. */
  function leadsToJudgedPaths(selected: SelectedHost, port: number): boolean {
    const { virtualService } = selected;
    if (!portsOf(selected).some(({ number }) => number === port)) return false;
    const led = virtualService === undefined ? [] : [...hostsAskedBy(virtualService)];
    return led.some((name) => asksForPaths(mesh.egressPolicies, name));
  }

  function withDependents(changed: Iterable<string>): ReadonlySet<string> {
    const all = new Set(changed);
    for (const host of [...all]) for (const dependent of parts.dependents(host)) all.add(dependent);
    return all;
  }

  /** `again`: what is built although no host of it changed. */
  function build(changed: Iterable<string>, again: 'everything' | 'listeners' | 'nothing', peersChanged = false): void {
    const everything = again === 'everything';
    const listeners = again !== 'nothing';
    const { dirtyHosts, dirtyPorts, inboundChanged, rangesChanged } = reselect(withDependents(changed));
    const { settings } = outlook;
    if (listeners || rangesChanged) resources.replace('whole', parts.buildWhole(settings, ranged.values()));
    if (listeners || inboundChanged || peersChanged) {
      resources.replace('inbound', parts.buildInbound(inbound.all(), settings, outlook.peers));
    }
    // A host that is gone is in dirtyHosts alone.
    for (const host of everything ? new Set([...dirtyHosts, ...known.hosts(), ...governed.keys()]) : dirtyHosts)
      buildHost(host);
    for (const port of listeners ? new Set([...alwaysPorts, ...books.keys()]) : dirtyPorts) buildPort(port);
  }

  /** What hosts depend on: routes of CONNECT say where they are judged. */
  function hostPart({ settings, unjudged }: Outlook): ProxySettings {
    return parts.capture === 'proxy' ? settings : unjudged;
  }

  function allHosts(): readonly string[] {
    return [...mesh.services.hosts(), ...mesh.virtualServices.hosts(), ...mesh.egressPolicies.hosts()];
  }

  build(allHosts(), 'everything');
  return createMeshView({
    key: scope.key,
    book: resources,
    secrets,
    mirrors: createMirrorUnit(resources, { capture: parts.capture, proxy: 'sidecar' }),
    first,
    build(next, delta) {
      mesh = next;
      const before = outlook;
      outlook = nextOutlook(before, delta, { mesh, scope, proxy: 'sidecar' });
      const reselects = outlook.sidecar !== before.sidecar;
      build(
        reselects ? new Set([...delta.hosts, ...known.hosts(), ...allHosts()]) : delta.hosts,
        againAfter(delta.configChanged || hostPart(outlook) !== hostPart(before), outlook.settings !== before.settings),
        outlook.peers !== before.peers,
      );
    },
  });
}

/** Whether these proxies may connect to the host on a port that nobody reads. */
type OpenPorts = (port: number) => boolean;

const closed: OpenPorts = () => false;

function namedWhere(known: KnownHost | undefined, governed: boolean): Named {
  if (governed) return 'everywhere';
  return known?.selected !== undefined && known.selected.service === undefined ? 'unregistered' : 'nowhere';
}

function againAfter(hostsChanged: boolean, listenersChanged: boolean) {
  if (hostsChanged) return 'everything';
  return listenersChanged ? 'listeners' : 'nothing';
}

/** Clusters and endpoints of these ports left out. */
function withoutPorts(resources: readonly TypedResource[], ports: readonly ServicePort[]): readonly TypedResource[] {
  if (ports.length === 0) return resources;
  const numbers = new Set(ports.map(({ number }) => number));
  return resources.filter(({ resource }) => !numbers.has(parseOutboundCluster(resource.name)?.port ?? 0));
}

function hasRange(service: Service | undefined): boolean {
  return service?.addresses.some((address) => address.includes('/')) === true;
}

function portNumbers(...selected: readonly (SelectedHost | undefined)[]): ReadonlySet<number> {
  return new Set(selected.flatMap((host) => (host === undefined ? [] : portsOf(host).map(({ number }) => number))));
}
