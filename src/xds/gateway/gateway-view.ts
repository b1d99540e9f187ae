// The resources of all proxies of one gateway: those with the same namespace and labels. What is sent are the ports that
// Gateways ask for, and the clusters that rules lead to from there.
// Istio: a gateway gets the clusters of every service it may see; here: of those that it uses, which is all it can reach.
// Invariant: as for sidecars, any series of changes ends where building from the last snapshot at once does.
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { DestinationRule } from '../../mesh/destination-rule.ts';
import type { Gateway } from '../../mesh/gateway.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { selectDestinationRule } from '../../mesh/select-destination-rule.ts';
import { matchesLabels } from '../../mesh/selector.ts';
import { compareAge, type Service } from '../../mesh/service.ts';
import { createMeshView, type MeshView } from '../mesh-view.ts';
import { createMirrorUnit } from '../mirror-unit.ts';
import { nextOutlook, outlookOf } from '../outlook.ts';
import { placeFor } from '../proxy-place.ts';
import { gatewayScope } from '../proxy-scope.ts';
import type { TypedResource } from '../resource.ts';
import { createResourceBook } from '../resource-book.ts';
import { createSecretUnits } from '../secret-units.ts';
import type { ServiceResources } from '../service-resources.ts';
import { createUseBook } from '../use-book.ts';
import { redirectParts, type ViewParts } from '../view-parts.ts';
import { buildGatewayPort } from './gateway-listeners.ts';
import {
  buildGatewayVirtualHost,
  buildRoutes,
  type GatewayRouteSet,
  type GatewayRouting,
  hostsFor,
  hostsOf,
  routeSetsOf,
} from './gateway-routes.ts';
import { type MergedPort, mergeServers } from './merge-servers.ts';

export interface GatewayViewOptions {
  readonly identity: ProxyIdentity;
  readonly serviceResources: ServiceResources;
  readonly parts?: Pick<ViewParts, 'capture' | 'proxies' | 'select'>;
}

export function createGatewayView(first: Mesh, options: GatewayViewOptions): MeshView {
  const { identity, serviceResources, parts = redirectParts } = options;
  const scope = gatewayScope(identity);
  const proxies = parts.proxies(addressOf(identity));
  const mutual = parts.capture === 'redirect';
  let mesh = first;
  let outlook = outlookOf({ mesh: first, scope, proxy: 'router' });
  const resources = createResourceBook();
  const secrets = createSecretUnits(resources, { namespace: scope.namespace, keys: parts.capture === 'redirect' });
  /** The hosts that each unit's rules lead to. */
  const uses = createUseBook();
  /** Services in front of this gateway's own pods, by host. */
  const own = new Map<string, Service>();
  let ports: readonly MergedPort[] = [];
  let sets: readonly GatewayRouteSet[] = [];

  function select(host: string): Service | undefined {
    return parts.select(mesh, host, scope);
  }

  function ruleOf(host: string): DestinationRule | undefined {
    return selectDestinationRule(mesh.destinationRules, host, select(host)?.namespace, scope);
  }

  /** Builds a unit, and notes which services its rules asked for. */
  function buildUnit(unit: string, build: (routing: GatewayRouting) => readonly TypedResource[]): void {
    const used = new Set<string>();
    const service = (host: string) => {
      used.add(host);
      return select(host);
    };
    resources.replace(unit, build({ mesh, scope, service, rule: ruleOf, mutual }));
    uses.set(unit, used);
  }

  function buildPort(port: MergedPort): void {
    const { capture } = parts;
    const { settings } = outlook;
    buildUnit(unitOf(port), (routing) =>
      buildGatewayPort(port, { ...routing, capture, proxies, settings, bindPort: port.bindPort }),
    );
  }

  function buildHost(set: GatewayRouteSet, host: string): void {
    buildUnit(`host ${set.name} ${host}`, (routing) => buildGatewayVirtualHost(set, host, routing));
  }

  function buildSet(set: GatewayRouteSet): void {
    buildUnit(`routes ${set.name}`, (routing) => [buildRoutes(set, routing)]);
  }

  function buildDestination(host: string): void {
    const service = select(host);
    resources.replace(`destination ${host}`, service === undefined ? [] : destinationOf(service));
  }

  function destinationOf(service: Service): readonly TypedResource[] {
    const settings = { config: mesh.config, capture: parts.capture, proxy: 'router', routed: true } as const;
    const rule = ruleOf(service.host);
    return serviceResources.of(service, { ...settings, rule, place: placeFor(rule, scope) });
  }

  /** From a port that a Gateway names to the one that pods behind the gateway's Service listen on. */
  function bindPortOf(number: number): number {
    for (const { ports: known } of [...own.values()].sort(compareAge)) {
      const port = known.find((candidate) => candidate.number === number);
      if (port !== undefined) return port.targetPort ?? port.number;
    }
    return number;
  }

  function noteOwn(host: string): boolean {
    const before = own.get(host);
    const after = mesh.services.get(host).find(({ source, namespace, workloads }) => {
      const isOwn = source === 'Service' && namespace === scope.namespace;
      return isOwn && workloads !== undefined && matchesLabels(workloads, scope.labels);
    });
    if (after === undefined) own.delete(host);
    else own.set(host, after);
    return JSON.stringify(before?.ports) !== JSON.stringify(after?.ports);
  }

  function chooses({ selector }: Gateway): boolean {
    return selector === undefined || matchesLabels(selector, scope.labels);
  }

  function buildEverything(): void {
    ports = mergeServers(mesh.gateways.filter(chooses), { bindPortOf, mutual });
    sets = ports.flatMap(routeSetsOf);
    const routing = { mesh, scope, service: select, rule: ruleOf, mutual };
    const wanted = new Set<string>();
    for (const set of sets) {
      wanted.add(`routes ${set.name}`);
      buildSet(set);
      for (const host of hostsOf(set, routing)) {
        wanted.add(`host ${set.name} ${host}`);
        buildHost(set, host);
      }
    }
    for (const port of ports) {
      wanted.add(unitOf(port));
      buildPort(port);
    }
    for (const unit of uses.units()) {
      if (wanted.has(unit)) continue;
      resources.replace(unit, []);
      uses.drop(unit);
    }
  }

  function buildChanged(hosts: ReadonlySet<string>): void {
    for (const set of sets) {
      const served = new Set([...hosts].flatMap((host) => [...hostsFor(set, host)]));
      for (const host of served) buildHost(set, host);
      if (served.has('*')) buildSet(set);
    }
    const passes = ports.filter(({ tls, tcp }) => tls.length > 0 || tcp !== undefined);
    if (hosts.size > 0) for (const port of passes) buildPort(port);
  }

  /** Clusters of what came into use and of what changed; what nothing leads to any more goes. */
  function buildDestinations(hosts: ReadonlySet<string>, everything: boolean): void {
    const { added, removed } = uses.takeChanges();
    for (const host of removed) resources.replace(`destination ${host}`, []);
    const changed = everything ? [...uses.hosts()] : [...hosts].filter((host) => uses.has(host));
    for (const host of new Set([...added, ...changed])) buildDestination(host);
  }

  for (const host of mesh.services.hosts()) noteOwn(host);
  buildEverything();
  buildDestinations(new Set(), true);
  return createMeshView({
    key: scope.key,
    book: resources,
    secrets,
    mirrors: createMirrorUnit(resources, { capture: parts.capture, proxy: 'gateway' }),
    first,
    build(next, delta) {
      mesh = next;
      const before = outlook;
      outlook = nextOutlook(before, delta, { mesh, scope, proxy: 'router' });
      const settingsChanged = delta.configChanged || outlook.settings !== before.settings;
      const ownChanged = [...delta.hosts].filter(noteOwn).length > 0;
      const everything = settingsChanged || delta.gatewaysChanged || ownChanged;
      if (everything) buildEverything();
      else buildChanged(delta.hosts);
      buildDestinations(delta.hosts, everything);
    },
  });
}

function unitOf({ bind, bindPort }: MergedPort): string {
  return `port ${bindPort} ${bind}`;
}

/** Of the pod, as its node id tells it; all pods of one mesh will do. */
function addressOf({ nodeId }: ProxyIdentity): string {
  return nodeId.split('~')[1] ?? '';
}
