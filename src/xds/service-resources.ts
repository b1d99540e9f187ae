// The resources that a service and the settings for it alone decide: clusters and endpoints. Shared by all views that see
// the service with the same rule, so that a change costs its building and encoding once, however many namespaces there are.
import type { Service } from '../mesh/service.ts';
import type { TypedResource } from './resource.ts';
import { buildServiceClusters, type ClusterSettings } from './service-clusters.ts';
import { buildServiceAssignments } from './service-endpoints.ts';

export interface ServiceResources {
  of(service: Service, settings: ClusterSettings): readonly TypedResource[];
}

interface Cached {
  readonly settings: ClusterSettings;
  readonly resources: readonly TypedResource[];
}

export function createServiceResources(): ServiceResources {
  const cache = new WeakMap<Service, readonly Cached[]>();
  return {
    of(service, settings) {
      const known = (cache.get(service) ?? []).filter((entry) => entry.settings.config === settings.config);
      const found = known.find((entry) => isSame(entry.settings, settings));
      if (found !== undefined) return found.resources;
      const resources = [...buildServiceClusters(service, settings), ...buildServiceAssignments(service, settings)];
      cache.set(service, [...known, { settings, resources }].slice(-mostKept));
      return resources;
    },
  };
}

/** Of one service; namespaces with rules of their own for it are few. */
const mostKept = 16;

function isSame(a: ClusterSettings, b: ClusterSettings): boolean {
  const [ones, others] = [identityOf(a), identityOf(b)];
  return ones.every((one, index) => one === others[index]);
}

/** What tells settings apart; its type holds that none is left out, since wrong bytes would be shared. */
function identityOf({ config, capture, proxy, rule, place, routed }: ClusterSettings): readonly unknown[] {
  const identity: Readonly<Record<keyof ClusterSettings, unknown>> = {
    config,
    capture,
    proxy,
    rule,
    place: place?.key,
    routed,
  };
  return Object.values(identity);
}
