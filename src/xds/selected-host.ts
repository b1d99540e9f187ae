// A host as the proxies of one view know it: the service behind it and the objects that speak of it.
import type { DestinationRule } from '../mesh/destination-rule.ts';
import type { Access } from '../mesh/egress-policy/access.ts';
import { underRule } from '../mesh/follow-caller.ts';
import { type Handling, handlingOf } from '../mesh/handling.ts';
import { everything, type HostImports } from '../mesh/host-imports.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { selectDestinationRule } from '../mesh/select-destination-rule.ts';
import { selectVirtualService } from '../mesh/select-virtual-service.ts';
import type { Service, ServicePort } from '../mesh/service.ts';
import { isForeign } from '../mesh/tenancy.ts';
import { meshGateway, type VirtualService } from '../mesh/virtual-service.ts';
import { type HostAccess, judgesPaths, withheldOf } from './egress-policy/host-access.ts';
import { judgementOf } from './egress-policy/judgement.ts';
import type { PortService } from './port-use.ts';
import type { ProxyScope } from './proxy-scope.ts';
import { unregisteredPort } from './unregistered-port.ts';
import {
  deniedRoute,
  isForAnyAddress,
  type PassedRoute,
  tcpRoutes,
  tlsRoutes,
} from './virtual-service/passed-routes.ts';
import type { Routing } from './virtual-service/routing.ts';

export interface SelectedHost {
  readonly host: string;
  /** Undefined where only a VirtualService speaks of it. */
  readonly service: Service | undefined;
  readonly virtualService: VirtualService | undefined;
  readonly rule: DestinationRule | undefined;
  /** The service is another namespace's, which takes no connections that name nobody. */
  readonly foreign?: boolean;
}

/** As sidecars of this scope know it; undefined if they do not. */
export function selectHost(
  mesh: Mesh,
  host: string,
  service: Service | undefined,
  scope: ProxyScope,
  imports: HostImports = everything,
): SelectedHost | undefined {
  const port = service === undefined ? unregisteredPort.number : undefined;
  const isKnown = (candidate: VirtualService) => imports.virtualService(candidate, port);
  const virtualService = selectVirtualService(mesh, host, scope, isKnown);
  if (service === undefined && (virtualService === undefined || !virtualService.hosts.includes(host))) return undefined;
  const rule = selectDestinationRule(mesh.destinationRules, host, service?.namespace, scope);
  const followed = service === undefined ? undefined : underRule(mesh, service, rule, scope);
  const foreign = service !== undefined && isForeign(mesh, service, scope);
  return { host, service: followed, virtualService, rule, ...(foreign ? { foreign } : {}) };
}

/** Those of the service; without one the port of unregistered hosts. */
export function portsOf({ service }: SelectedHost): readonly ServicePort[] {
  return service?.ports ?? [unregisteredPort];
}

/** Whether a rule or a policy asks for paths on this port, which must then be written in one way only. */
export function decidesByPath(selected: SelectedHost, port: number, access: Access | undefined): boolean {
  if (!portsOf(selected).some(({ number }) => number === port)) return false;
  const rules = selected.virtualService?.http ?? [];
  return judgesPaths(access) || rules.some(({ matches }) => matches.some(({ uri }) => uri !== undefined));
}

/** Whether this port of the host is for rules alone, and its SNI names nothing. */
export function isClosed(
  selected: SelectedHost | undefined,
  destination: SelectedHost | undefined,
  port: number,
): boolean {
  const isOn = ({ number, protocol }: ServicePort) => number === port && handlingOf(protocol) === 'tls';
  return destination?.service?.ports.some(isOn) === true && !selected?.service?.ports.some(isOn);
}

/** `routing`: for one port; undefined if the host has no service there. `asked`: the host, or one below it that is asked for. */
export function portServiceOf(
  selected: SelectedHost | undefined,
  routing: Routing,
  access: HostAccess,
  asked = selected?.host ?? '',
): PortService | undefined {
  const service = selected?.service;
  const port = service?.ports.find(({ number }) => number === routing.port);
  if (selected === undefined || service === undefined || port === undefined) return undefined;
  const withheld = withheldOf(access(asked, routing.port));
  const routed = (selected.virtualService?.http ?? []).length > 0;
  // No connection of it is sent anywhere, whatever rules say.
  if (withheld === 'denied') return { service, port, rule: selected.rule, routed, passed: [], ranged: [], withheld };
  const found = passedRoutes(selected, handlingOf(port.protocol), routing).flatMap((route) => byAccess(route, access));
  const routes = withheld === undefined ? found : found.map((route) => ({ ...route, reported: true }));
  const passed = routes.filter(isForAnyAddress);
  const ranged = routes.filter((route) => !isForAnyAddress(route));
  const foreign = selected.foreign === true ? { foreign: true } : {};
  const rest = withheld === undefined ? foreign : { ...foreign, withheld };
  return { service, port, rule: selected.rule, routed, passed, ranged, ...rest };
}

/** Rules for a wildcard name hosts below it, and not all of those may be asked for. */
function byAccess(route: PassedRoute, access: HostAccess): readonly PassedRoute[] {
  if (route.serverNames.length === 0 || route.denied === true) return [route];
  const ports = new Set([route.port, route.forwarded?.port.number ?? route.port]);
  const names = Map.groupBy(route.serverNames, (name) => {
    const each = [...ports].map((port) => withheldOf(access(name, port)));
    return each.find((one) => one === 'denied') ?? each.find((one) => one !== undefined);
  });
  const denied = names.get('denied') ?? [];
  const open = route.serverNames.filter((name) => !denied.includes(name));
  const reported = names.get('reported')?.length === open.length;
  return [
    ...(open.length === 0 ? [] : [{ ...route, serverNames: open, ...(reported ? { reported } : {}) }]),
    ...(denied.length === 0 ? [] : [deniedRoute(route, denied)]),
  ];
}

function passedRoutes({ host, virtualService }: SelectedHost, handling: Handling, routing: Routing) {
  if (virtualService === undefined) return [];
  if (handling === 'tls') return tlsRoutes(virtualService, host, routing);
  return handling === 'tcp' || handling === 'auto' ? tcpRoutes(virtualService, host, routing) : [];
}

/** `selected`: what the proxies know of a host. */
export function meshRouting(
  scope: ProxyScope,
  port: number,
  selected: (host: string) => SelectedHost | undefined,
  access: HostAccess,
): Routing {
  return {
    scope,
    gateway: meshGateway,
    port,
    service: (host) => selected(host)?.service,
    rule: (host) => selected(host)?.rule,
    judge: (host, number) => judgementOf(access(host, number)),
    withheld: (host, number) => withheldOf(access(host, number)),
  };
}
