// The resources of all sidecars that see the same things: those of one scope. Follows the mesh change by change; only the
// hosts and ports a change touches are built again, and only what came out different is told to discovery.
// Invariant: after any series of changes the resources are those that building from the last snapshot at once gives
// (a property test holds it).
import type { Mesh } from '../mesh/mesh.ts';
import type { Service } from '../mesh/service.ts';
import { createInboundPorts } from './inbound-ports.ts';
import { createMeshView, type MeshView } from './mesh-view.ts';
import { alwaysPorts } from './outbound-listeners.ts';
import { changePortBook, createPortBook } from './port-use.ts';
import type { ProxyScope } from './proxy-scope.ts';
import type { TypedResource } from './resource.ts';
import { createResourceBook } from './resource-book.ts';
import { createSecretUnits } from './secret-units.ts';
import { decidesByPath, meshRouting, portServiceOf, portsOf, type SelectedHost, selectHost } from './selected-host.ts';
import type { ServiceResources } from './service-resources.ts';
import { redirectParts, type ViewParts } from './view-parts.ts';
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
  const hosts = new Map<string, SelectedHost>();
  /** Services with ranges of addresses. */
  const ranged = new Map<string, Service>();
  const claims = parts.createClaims(namespace);
  const inbound = createInboundPorts(namespace);
  const books = new Map<number, ReturnType<typeof createPortBook>>();
  const resources = createResourceBook();
  const secrets = createSecretUnits(resources, { namespace, keys: parts.capture === 'redirect' });

  function routing(port: number): Routing {
    return meshRouting(scope, port, (host) => hosts.get(host));
  }

  function buildHost(host: string): void {
    const selected = hosts.get(host);
    resources.replace(`host ${host}`, selected === undefined ? [] : buildSelected(selected));
  }

  function buildSelected(selected: SelectedHost): readonly TypedResource[] {
    const { host, service, rule } = selected;
    const routed = mesh.routedTo.get(host).length > 0;
    const settings = { config: mesh.config, capture: parts.capture, proxy: 'sidecar', rule, routed } as const;
    const extraDomains = (port: number) => (service === undefined ? [] : claims.owned(service, port));
    return [
      ...(service === undefined ? [] : serviceResources.of(service, settings)),
      ...parts.buildVirtualHosts(selected, extraDomains, routing, mesh.config),
    ];
  }

  function buildPort(port: number): void {
    resources.replace(`port ${port}`, parts.buildPort(port, books.get(port) ?? createPortBook(), mesh.config));
  }

  /** Selects each host anew; answers the hosts and ports to build. */
  function reselect(changed: ReadonlySet<string>) {
    const dirtyHosts = new Set<string>();
    let inboundChanged = false;
    let rangesChanged = false;
    const befores = new Map([...changed].map((host) => [host, hosts.get(host)] as const));
    for (const [host, before] of befores) {
      const after = selectHost(mesh, host, parts.select(mesh, host, namespace), scope);
      if (after === undefined) hosts.delete(host);
      else hosts.set(host, after);
      dirtyHosts.add(host);
      const [old, service] = [before?.service, after?.service];
      const named = after !== undefined && service === undefined;
      if (old === service && named === (before !== undefined && old === undefined)) continue;
      rangesChanged ||= hasRange(old) || hasRange(service);
      if (service !== undefined && hasRange(service)) ranged.set(host, service);
      else ranged.delete(host);
      inboundChanged = inbound.change(old, service) || inboundChanged;
      for (const affected of claims.change(host, old, service, named)) dirtyHosts.add(affected);
    }
    return { dirtyHosts, dirtyPorts: changePorts(befores), inboundChanged, rangesChanged };
  }

  /** After all hosts were selected, since one may send its connections to another. */
  function changePorts(befores: ReadonlyMap<string, SelectedHost | undefined>): ReadonlySet<number> {
    const dirty = new Set<number>();
    for (const [host, before] of befores) {
      const after = hosts.get(host);
      for (const number of portNumbers(before, after)) {
        const book = books.get(number) ?? createPortBook();
        books.set(number, book);
        const byPath = after !== undefined && decidesByPath(after, number);
        const policy = mesh.config.outboundTrafficPolicy;
        if (changePortBook(book, host, portServiceOf(after, routing(number)), { byPath, policy })) dirty.add(number);
      }
    }
    return dirty;
  }

  function withDependents(changed: Iterable<string>): ReadonlySet<string> {
    const all = new Set(changed);
    for (const host of [...all]) for (const dependent of parts.dependents(host)) all.add(dependent);
    return all;
  }

  function build(changed: Iterable<string>, everything: boolean): void {
    const { dirtyHosts, dirtyPorts, inboundChanged, rangesChanged } = reselect(withDependents(changed));
    if (everything || rangesChanged) resources.replace('whole', parts.buildWhole(mesh.config, ranged.values()));
    if (everything || inboundChanged) resources.replace('inbound', parts.buildInbound(inbound.all(), mesh.config));
    // A host that is gone is in dirtyHosts alone.
    for (const host of everything ? new Set([...dirtyHosts, ...hosts.keys()]) : dirtyHosts) buildHost(host);
    for (const port of everything ? new Set([...alwaysPorts, ...books.keys()]) : dirtyPorts) buildPort(port);
  }

  build([...mesh.services.hosts(), ...mesh.virtualServices.hosts()], true);
  return createMeshView({
    key: scope.key,
    book: resources,
    secrets,
    first,
    build(next, delta) {
      mesh = next;
      build(delta.hosts, delta.configChanged);
    },
  });
}

function hasRange(service: Service | undefined): boolean {
  return service?.addresses.some((address) => address.includes('/')) === true;
}

function portNumbers(...selected: readonly (SelectedHost | undefined)[]): ReadonlySet<number> {
  return new Set(selected.flatMap((host) => (host === undefined ? [] : portsOf(host).map(({ number }) => number))));
}
