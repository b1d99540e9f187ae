// Traffic that went out at once, to hosts that some rule leads through a gateway: the rule does not hold for that workload, or
// was not meant to leave it out.
import type { Mesh } from '../mesh/mesh.ts';
import { compareText } from '../mesh/origin.ts';
import { routedHosts } from '../mesh/references.ts';
import type { VirtualService } from '../mesh/virtual-service.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import type { AroundGateway } from './upkeep.ts';

/** What leads a host through gateways. */
interface Detour {
  readonly gateways: Set<string>;
  readonly objects: Set<string>;
  /** Since when all of it stands, milliseconds since 1970. */
  since: number;
}

/** Flows are told by the minute: what ended in the one in which a rule came may have been before it. */
const minute = 60_000;

export function aroundGateways(mesh: Mesh, seen: Iterable<SeenFlow>): readonly AroundGateway[] {
  const detours = detoursOf(mesh);
  const found: AroundGateway[] = [];
  for (const { by, source, destination, via, requests, connections, lastSeen } of detours.size === 0 ? [] : seen) {
    const detour = destination.kind === 'external' ? detours.get(destination.host) : undefined;
    if (detour === undefined || by !== undefined || via.length > 0) continue;
    if (Date.parse(lastSeen) < detour.since + minute) continue;
    // Of the gateway itself: what a gateway sends on is where it was to go.
    if (detour.gateways.has(`${source.namespace}/${source.workload}`)) continue;
    const { host, port } = destination;
    const told = { gateways: [...detour.gateways].sort(), objects: [...detour.objects].sort() };
    found.push({ source, host, port, ...told, requests, connections, lastSeen });
  }
  return found.sort((a, b) => compareText(a.host, b.host) || compareText(a.source.workload, b.source.workload));
}

function detoursOf(mesh: Mesh): ReadonlyMap<string, Detour> {
  const detours = new Map<string, Detour>();
  for (const host of mesh.virtualServices.hosts()) {
    for (const rule of mesh.virtualServices.get(host)) {
      const gateways = gatewaysBehind(mesh, rule);
      if (gateways.length === 0) continue;
      const detour = detours.get(host) ?? { gateways: new Set(), objects: new Set(), since: 0 };
      for (const gateway of gateways) detour.gateways.add(gateway);
      detour.objects.add(rule.madeBy ?? `VirtualService/${rule.namespace}/${rule.name}`);
      detour.since = Math.max(detour.since, Date.parse(rule.createdAt) || 0);
      detours.set(host, detour);
    }
  }
  return detours;
}

function gatewaysBehind(mesh: Mesh, rule: VirtualService): readonly string[] {
  return [...routedHosts(rule)].flatMap((host) => mesh.services.get(host).flatMap(({ gateway }) => gateway ?? []));
}
