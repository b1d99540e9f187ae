// Registered hosts that nobody uses any more: the doors that nobody would miss.
import type { Mesh } from '../mesh/mesh.ts';
import { compareText } from '../mesh/origin.ts';
import { originOf, type Service } from '../mesh/service.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import type { UnusedHost } from './upkeep.ts';

/** `since`: milliseconds since 1970; what was registered later has had no time to be used. */
export function unusedHosts({ services }: Mesh, seen: Iterable<SeenFlow>, since: number): readonly UnusedHost[] {
  const lastUses = lastUsesOf(seen);
  const found: UnusedHost[] = [];
  for (const host of services.hosts()) {
    for (const service of services.get(host)) {
      if (service.source !== 'ServiceEntry' || !service.external || Date.parse(service.createdAt) > since) continue;
      const lastUsed = lastUses.get(useOf(`${service.namespace}/${service.name}`, host));
      if (lastUsed === undefined || Date.parse(lastUsed) < since) found.push(unused(service, lastUsed));
    }
  }
  return found.sort((a, b) => compareText(a.host, b.host) || compareText(a.object, b.object));
}

function unused(service: Service, lastUsed: string | undefined): UnusedHost {
  const ports = service.ports.map(({ number }) => number);
  return {
    host: service.host,
    ports,
    object: originOf(service),
    ...(lastUsed === undefined ? {} : { lastUsed }),
  };
}

/** By entry and host. */
function lastUsesOf(seen: Iterable<SeenFlow>): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const { destination, lastSeen } of seen) {
    if (destination.serviceEntry === undefined || destination.kind === 'blocked') continue;
    const use = useOf(destination.serviceEntry, destination.host);
    const before = last.get(use);
    if (before === undefined || before < lastSeen) last.set(use, lastSeen);
  }
  return last;
}

function useOf(serviceEntry: string, host: string): string {
  return `${serviceEntry} ${host}`;
}
