// The services that a ServiceEntry stands for, each with the place of its host.
import { normalizeHost } from '../../api/host-name.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { isVisible } from '../../mesh/visibility.ts';
import type { Surroundings } from '../surroundings.ts';

export interface EntryService {
  readonly service: Service;
  /** In `spec.hosts`. */
  readonly index: number;
}

export function servicesOf({ metadata, spec }: ServiceEntry, around: Surroundings): readonly EntryService[] {
  const seen = new Set<Service>();
  return spec.hosts.flatMap((host, index) => {
    const service = around.services(normalizeHost(host) ?? host).find(isOwn);
    if (service === undefined || seen.has(service)) return [];
    seen.add(service);
    return [{ service, index }];
  });

  function isOwn({ source, namespace, name, madeBy }: Service): boolean {
    return (
      source === 'ServiceEntry' && madeBy === undefined && namespace === metadata.namespace && name === metadata.name
    );
  }
}

export function isOfSameObject(a: Service, b: Service): boolean {
  return originOf(a) === originOf(b);
}

/** Whether some namespace sees both. */
export function meet(a: Service, b: Service): boolean {
  if (a.visibility.public) return b.visibility.public || b.visibility.namespaces.size > 0;
  return [...a.visibility.namespaces].some((namespace) => isVisible(b.visibility, namespace));
}

/** A host with its object, as messages name it. */
export function named(service: Service): string {
  return `${service.host} of ${originOf(service)}`;
}
