// All lists at once, of one namespace or of all.
import { recordedSince, type SeenFlow } from '../telemetry/seen-flow.ts';
import type { World } from '../verdict/world.ts';
import { aroundGateways } from './around-gateways.ts';
import { shadowedEntries } from './shadowed-entries.ts';
import { type RunningPod, uncoveredWorkloads } from './uncovered-workloads.ts';
import { unusedHosts } from './unused-hosts.ts';
import type { Upkeep } from './upkeep.ts';

export interface LookThrough {
  readonly world: World;
  /** Namespaces with workloads. */
  readonly namespaces: ReadonlySet<string>;
  readonly pods: readonly RunningPod[];
  /** All that is on record. */
  readonly seen: readonly SeenFlow[];
  /** Milliseconds since 1970. */
  readonly unusedSince: number;
  readonly now: number;
  /** All if absent. */
  readonly namespace?: string;
}

export function lookThrough({ world, namespaces, pods, seen, unusedSince, now, namespace }: LookThrough): Upkeep {
  const { mesh } = world;
  // What is not on record may have been used.
  const recorded = recordedSince(seen);
  const since = Math.max(unusedSince, recorded ?? now);
  const isAsked = (one: string) => namespace === undefined || one === namespace;
  const isObjectAsked = ({ object }: { readonly object: string }) => isAsked(object.split('/')[1] ?? '');
  return {
    since: new Date(since).toISOString(),
    unused: recorded === undefined ? [] : unusedHosts(mesh, seen, since).filter(isObjectAsked),
    shadowed: shadowedEntries(mesh, namespaces).filter(isObjectAsked),
    uncovered: uncoveredWorkloads(pods).filter((one) => isAsked(one.namespace)),
    aroundGateways: aroundGateways(world, seen).filter(({ source }) => isAsked(source.namespace)),
  };
}
