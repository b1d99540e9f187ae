// What of the mesh a Sidecar's `egress` lets the proxies of a namespace know (Istio: model/sidecar.go). A listener with a port
// speaks for that port alone, and there instead of the one without.
import { isUnder } from '../api/host-name.ts';
import type { Service } from './service.ts';
import type { EgressHost, EgressListener, Sidecar } from './sidecar.ts';
import type { VirtualService } from './virtual-service.ts';

export interface HostImports {
  /** The service with those of its ports that are known; undefined if there are none. */
  service(service: Service): Service | undefined;
  /** `port`: on this port, else on any. */
  virtualService(virtualService: VirtualService, port?: number): boolean;
}

/** Where no Sidecar says otherwise. */
export const everything: HostImports = { service: (service) => service, virtualService: () => true };

export function hostImportsOf(sidecar: Sidecar | undefined, namespace: string): HostImports {
  const listeners = sidecar?.egress ?? [];
  if (listeners.every(importsAll)) return everything;
  const byPort = new Map(listeners.map((listener) => [listener.port, listener]));

  function listenerOf(port: number): EgressListener | undefined {
    return byPort.get(port) ?? byPort.get(undefined);
  }

  return {
    service(service) {
      const ports = service.ports.filter(({ number }) => imports(listenerOf(number), service.namespace, service.host));
      return ports.length === 0 ? undefined : narrowed(service, ports);
    },
    virtualService({ hosts, namespace: from }, port) {
      const asked = port === undefined ? listeners : [listenerOf(port)];
      // Istio: one for `*.example.com` is known to who imports `a.example.com` as well.
      return asked.some((listener) => hosts.some((host) => imports(listener, from, host, { orBelow: true })));
    },
  };

  function imports(
    listener: EgressListener | undefined,
    from: string,
    host: string,
    { orBelow = false } = {},
  ): boolean {
    const meant = listener?.hosts.filter((entry) => isOf(entry, from)) ?? [];
    if (meant.some((entry) => entry.excluded && isUnder(host, entry.host))) return false;
    return meant.some(
      (entry) => !entry.excluded && (isUnder(host, entry.host) || (orBelow && isUnder(entry.host, host))),
    );
  }

  function isOf(entry: EgressHost, from: string): boolean {
    if (entry.namespace === '.') return from === namespace;
    return entry.namespace === '*' || entry.namespace === from;
  }
}

function importsAll({ port, hosts }: EgressListener): boolean {
  const all = hosts.some(({ namespace, host }) => namespace === '*' && host === '*');
  return port === undefined && all && !hosts.some(({ namespace, excluded }) => excluded && namespace !== '');
}

/** What was narrowed before is the same object again: what was built from it is still right. */
const known = new WeakMap<Service, Map<string, Service>>();

function narrowed(service: Service, ports: Service['ports']): Service {
  if (ports.length === service.ports.length) return service;
  const key = ports.map(({ number }) => number).join();
  const cache = known.get(service) ?? new Map<string, Service>();
  const found = cache.get(key) ?? { ...service, ports };
  known.set(service, cache.set(key, found));
  return found;
}
