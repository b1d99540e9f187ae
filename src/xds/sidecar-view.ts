// The resources of all sidecars that see the same things: those of one namespace. Follows the mesh change by change;
// only the hosts and ports a change touches are built again, and only what came out different is told to discovery.
// Invariant: after any series of changes the resources are those that building from the last snapshot at once gives
// (a property test holds it).
import { type Resource, type TypeDelta, type TypeUrl, typeUrls, type View, type ViewDelta } from '../discovery/view.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import { createInboundPorts } from './inbound-ports.ts';
import { alwaysPorts } from './outbound-listeners.ts';
import { changePortBook, createPortBook } from './port-use.ts';
import type { TypedResource } from './resource.ts';
import type { ServiceResources } from './service-resources.ts';
import { redirectParts, type ViewParts } from './view-parts.ts';

export interface SidecarView extends View {
  /** Takes over the next snapshot; listeners are called once, and only if something differs. */
  update(mesh: Mesh, delta: MeshDelta): void;
}

/** `serviceResources` is shared by all views: what a service alone decides is built once. */
export function createSidecarView(
  namespace: string,
  first: Mesh,
  serviceResources: ServiceResources,
  parts: ViewParts = redirectParts,
): SidecarView {
  let mesh = first;
  let generation = 1;
  const types = new Map<TypeUrl, Map<string, Resource>>(Object.values(typeUrls).map((type) => [type, new Map()]));
  const listeners = new Set<(delta: ViewDelta) => void>();
  const services = new Map<string, Service>();
  /** Those of them with ranges of addresses. */
  const ranged = new Map<string, Service>();
  const claims = parts.createClaims(namespace);
  const inbound = createInboundPorts(namespace);
  const books = new Map<number, ReturnType<typeof createPortBook>>();
  /** What each host, port, and the whole have in `types` now, so that it can be taken away. */
  const units = new Map<string, readonly TypedResource[]>();
  let changed = new Map<TypeUrl, { updated: Map<string, Resource>; removed: Set<string> }>();

  function replaceUnit(unit: string, next: readonly TypedResource[]): void {
    const before = units.get(unit) ?? [];
    const kept = new Set(next.map(({ type, resource }) => `${type} ${resource.name}`));
    for (const { type, resource } of before) {
      if (kept.has(`${type} ${resource.name}`)) continue;
      types.get(type)?.delete(resource.name);
      const change = changeOf(type);
      change.updated.delete(resource.name);
      change.removed.add(resource.name);
    }
    for (const { type, resource } of next) {
      const held = types.get(type);
      const same = held?.get(resource.name)?.version === resource.version;
      if (same) continue;
      held?.set(resource.name, resource);
      const change = changeOf(type);
      change.removed.delete(resource.name);
      change.updated.set(resource.name, resource);
    }
    if (next.length === 0) units.delete(unit);
    else units.set(unit, next);
  }

  function changeOf(type: TypeUrl) {
    const change = changed.get(type) ?? { updated: new Map<string, Resource>(), removed: new Set<string>() };
    changed.set(type, change);
    return change;
  }

  function buildHost(host: string): void {
    const service = services.get(host);
    replaceUnit(`host ${host}`, service === undefined ? [] : buildService(service));
  }

  function buildService(service: Service): readonly TypedResource[] {
    const extraDomains = (port: number) => claims.owned(service, port);
    return [
      ...serviceResources.of(service, mesh.config),
      ...parts.buildVirtualHosts(service, extraDomains, mesh.config),
    ];
  }

  function buildPort(port: number): void {
    replaceUnit(`port ${port}`, parts.buildPort(port, books.get(port) ?? createPortBook(), mesh.config));
  }

  /** Reselects the service of each host; answers the hosts and ports to build. */
  function reselect(hosts: Iterable<string>) {
    const dirtyHosts = new Set<string>();
    const dirtyPorts = new Set<number>();
    let inboundChanged = false;
    let rangesChanged = false;
    for (const host of withDependents(hosts)) {
      const before = services.get(host);
      const after = parts.select(mesh, host, namespace);
      if (before === after) continue;
      if (after === undefined) services.delete(host);
      else services.set(host, after);
      rangesChanged ||= hasRange(before) || hasRange(after);
      if (after !== undefined && hasRange(after)) ranged.set(host, after);
      else ranged.delete(host);
      inboundChanged = inbound.change(before, after) || inboundChanged;
      for (const affected of claims.change(host, before, after)) dirtyHosts.add(affected);
      for (const number of portNumbers(before, after)) {
        const book = books.get(number) ?? createPortBook();
        books.set(number, book);
        const policy = mesh.config.outboundTrafficPolicy;
        if (changePortBook(book, portService(before, number), portService(after, number), policy)) {
          dirtyPorts.add(number);
        }
      }
    }
    return { dirtyHosts, dirtyPorts, inboundChanged, rangesChanged };
  }

  function withDependents(hosts: Iterable<string>): ReadonlySet<string> {
    const all = new Set(hosts);
    for (const host of [...all]) for (const dependent of parts.dependents(host)) all.add(dependent);
    return all;
  }

  function build(hosts: Iterable<string>, everything: boolean): void {
    const { dirtyHosts, dirtyPorts, inboundChanged, rangesChanged } = reselect(hosts);
    if (everything || rangesChanged) replaceUnit('whole', parts.buildWhole(mesh.config, ranged.values()));
    if (everything || inboundChanged) replaceUnit('inbound', parts.buildInbound(inbound.all(), mesh.config));
    // A host that is gone is in dirtyHosts alone.
    for (const host of everything ? new Set([...dirtyHosts, ...services.keys()]) : dirtyHosts) buildHost(host);
    for (const port of everything ? new Set([...alwaysPorts, ...books.keys()]) : dirtyPorts) buildPort(port);
  }

  function publish(): void {
    if (changed.size === 0) return;
    const delta = new Map<TypeUrl, TypeDelta>();
    for (const [type, { updated, removed }] of changed) {
      if (updated.size > 0 || removed.size > 0)
        delta.set(type, { updated: [...updated.values()], removed: [...removed] });
    }
    changed = new Map();
    if (delta.size === 0) return;
    generation += 1;
    for (const listener of listeners) listener({ generation, types: delta });
  }

  build(mesh.services.hosts(), true);
  changed = new Map();

  return {
    key: `sidecar ${namespace}`,
    get generation() {
      return generation;
    },
    resources: (type) => types.get(type) ?? new Map(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    update(next, delta) {
      mesh = next;
      build(delta.hosts, delta.configChanged);
      publish();
    },
  };
}

function hasRange(service: Service | undefined): boolean {
  return service?.addresses.some((address) => address.includes('/')) === true;
}

function portNumbers(...services: readonly (Service | undefined)[]): ReadonlySet<number> {
  return new Set(services.flatMap((service) => service?.ports.map((port) => port.number) ?? []));
}

function portService(service: Service | undefined, number: number) {
  const port: ServicePort | undefined = service?.ports.find((candidate) => candidate.number === number);
  return service === undefined || port === undefined ? undefined : { service, port };
}
