// Traffic that goes out at once, to hosts that some rule leads through a gateway: the rule does not hold for that workload, or
// was not meant to leave it out. What went so before is not told where the same call would go by a gateway now.
import type { Mesh } from '../mesh/mesh.ts';
import { compareText } from '../mesh/origin.ts';
import { routedHosts } from '../mesh/references.ts';
import { type VirtualService, virtualServiceOrigin } from '../mesh/virtual-service.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { isAllowed } from '../verdict/play.ts';
import type { World } from '../verdict/world.ts';
import type { AroundGateway } from './upkeep.ts';

/** What leads a host through gateways. */
interface Detour {
  readonly gateways: Set<string>;
  readonly objects: Set<string>;
}

export function aroundGateways(world: World, seen: Iterable<SeenFlow>): readonly AroundGateway[] {
  const detours = detoursOf(world.mesh);
  const found: AroundGateway[] = [];
  for (const flow of detours.size === 0 ? [] : seen) {
    const { by, source, destination, via, requests, connections, lastSeen } = flow;
    const detour = destination.kind === 'external' ? detours.get(destination.host) : undefined;
    if (detour === undefined || by !== undefined || via.length > 0) continue;
    // Of the gateway itself: what a gateway sends on is where it was to go.
    if (detour.gateways.has(`${source.namespace}/${source.workload}`)) continue;
    if (!goesAtOnce(world, flow)) continue;
    const { host, port } = destination;
    const told = { gateways: [...detour.gateways].sort(), objects: [...detour.objects].sort() };
    found.push({ source, host, port, ...told, requests, connections, lastSeen });
  }
  return found.sort((a, b) => compareText(a.host, b.host) || compareText(a.source.workload, b.source.workload));
}

/** Of some pod of the workload, on some way. */
function goesAtOnce(world: World, { source, destination: { host, port }, protocol }: SeenFlow): boolean {
  const callers = world.proxies.filter(
    ({ namespace, workload }) => namespace === source.namespace && workload === source.workload,
  );
  return callers.some((caller) =>
    world
      .verdictOf(caller, { protocol, host, port })
      .ways.some(({ hops, end }) => isAllowed(end) === true && hops.every(({ kind }) => kind !== 'gateway')),
  );
}

function detoursOf(mesh: Mesh): ReadonlyMap<string, Detour> {
  const detours = new Map<string, Detour>();
  for (const host of mesh.virtualServices.hosts()) {
    for (const rule of mesh.virtualServices.get(host)) {
      const gateways = gatewaysBehind(mesh, rule);
      if (gateways.length === 0) continue;
      const detour = detours.get(host) ?? { gateways: new Set(), objects: new Set() };
      for (const gateway of gateways) detour.gateways.add(gateway);
      detour.objects.add(virtualServiceOrigin(rule));
      detours.set(host, detour);
    }
  }
  return detours;
}

function gatewaysBehind(mesh: Mesh, rule: VirtualService): readonly string[] {
  return [...routedHosts(rule)].flatMap((host) => mesh.services.get(host).flatMap(({ gateway }) => gateway ?? []));
}
