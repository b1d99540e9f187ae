// Services by what a connection shows of them when it names no host, their port and their addresses on it; and by namespace.
import { handlingOf } from '../mesh/handling.ts';
import type { Change } from '../mesh/mesh.ts';
import { compareAge, isHeadless, type Service, type ServicePort } from '../mesh/service.ts';

/** Whether nothing tells its connections from any other on the port. */
export function isCatcher(service: Service, { protocol }: ServicePort): boolean {
  const handling = handlingOf(protocol);
  return service.addresses.length === 0 && !isHeadless(service) && (handling === 'tcp' || handling === 'auto');
}

export interface ServiceIndex {
  change(services: readonly Change<Service>[]): void;
  /** Oldest first, as all of these. */
  onPort(port: number): readonly Service[];
  catchers(port: number): readonly Service[];
  withAddress(address: string, port: number): readonly Service[];
  inNamespace(namespace: string): readonly Service[];
}

export function createServiceIndex(): ServiceIndex {
  const ports = createBuckets<number>();
  const catchers = createBuckets<number>();
  const addresses = createBuckets<string>();
  const namespaces = createBuckets<string>();

  function each(service: Service, note: 'add' | 'remove'): void {
    namespaces[note](service.namespace, service);
    for (const port of service.ports) {
      ports[note](port.number, service);
      if (isCatcher(service, port)) catchers[note](port.number, service);
      for (const address of service.addresses) addresses[note](`${address} ${port.number}`, service);
    }
  }

  return {
    change(services) {
      for (const { before, after } of services) {
        for (const service of before) each(service, 'remove');
        for (const service of after) each(service, 'add');
      }
    },
    onPort: (port) => ports.of(port),
    catchers: (port) => catchers.of(port),
    withAddress: (address, port) => addresses.of(`${address} ${port}`),
    inNamespace: (namespace) => namespaces.of(namespace),
  };
}

function createBuckets<Key>() {
  const buckets = new Map<Key, Set<Service>>();
  return {
    add(key: Key, service: Service): void {
      const bucket = buckets.get(key) ?? new Set<Service>();
      buckets.set(key, bucket.add(service));
    },
    remove(key: Key, service: Service): void {
      const bucket = buckets.get(key);
      bucket?.delete(service);
      if (bucket?.size === 0) buckets.delete(key);
    },
    of: (key: Key): readonly Service[] => [...(buckets.get(key) ?? [])].sort(compareAge),
  };
}
