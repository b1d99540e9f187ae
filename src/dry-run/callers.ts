// Who made a call that is on record: flows name workloads, and pods of one workload may differ in what decides about them, as
// while one of their Deployment's templates replaces another. Of pods that are alike one is asked.
import type { ProxyIdentity } from '../discovery/view.ts';
import type { World } from '../verdict/world.ts';

/** A pod in both worlds, for all that are alike. */
export interface Caller {
  readonly present: ProxyIdentity;
  readonly changed: ProxyIdentity;
  /** Names of all of them. */
  readonly pods: readonly string[];
}

/** Those of a workload; views are looked for where it has several pods. */
export function callersOf(present: World, changed: World): (workload: string) => readonly Caller[] {
  const later = new Map(changed.proxies.map((proxy) => [`${proxy.namespace}/${proxy.name}`, proxy]));
  const workloads = Map.groupBy(present.proxies, nameOf);
  const known = new Map<string, readonly Caller[]>();
  return (workload) => {
    const before = known.get(workload);
    if (before !== undefined) return before;
    const all = (workloads.get(workload) ?? []).map((pod) => {
      return { present: pod, changed: later.get(`${pod.namespace}/${pod.name}`) ?? pod, pods: [pod.name] };
    });
    const callers = all.length < 2 ? all : distinct(all, present, changed);
    known.set(workload, callers);
    return callers;
  };
}

export function nameOf({ namespace, workload }: { readonly namespace: string; readonly workload: string }): string {
  return `${namespace}/${workload}`;
}

function distinct(all: readonly Caller[], present: World, changed: World): readonly Caller[] {
  const groups = Map.groupBy(all, (caller) =>
    JSON.stringify([likeness(present, caller.present), likeness(changed, caller.changed)]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : { ...first, pods: group.flatMap(({ pods }) => pods).sort() };
  });
}

function likeness({ viewOf }: World, identity: ProxyIdentity): readonly string[] {
  return [viewOf(identity).key, identity.serviceAccount];
}

/** Named of those that are alike. */
const mostPods = 3;

export function podsText(pods: readonly string[]): string {
  const more = pods.length - mostPods;
  return more > 0 ? `${pods.slice(0, mostPods).join(', ')} or ${more} more` : pods.join(' or ');
}
