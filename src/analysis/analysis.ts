// Objects judged by what stands around them: what no look at one object alone can tell. Kept in step with the mesh at a
// cost that follows the change: an object is judged anew when it changed, or something that it was judged by.
// Invariant: any series of changes ends where taking the last state at once does.
import { type KubeObject, keyOf, keyString, resourceName } from '../api/object.ts';
import type { MeshStep } from '../mesh/follow-store.ts';
import { emptyMesh } from '../mesh/mesh.ts';
import type { WatchEvent } from '../store/store.ts';
import { accountOf, createAccountIndex } from './account-index.ts';
import { analyze } from './analyzers.ts';
import type { CrossFinding } from './finding.ts';
import { createServiceIndex } from './service-index.ts';
import { lookAround } from './surroundings.ts';
import { topics, topicsOfChange } from './topics.ts';
import type { UnfitAuthority } from './unfit-authority.ts';
import { createWorkloadIndex, workloadOf } from './workload-index.ts';

export interface Analysis {
  take(step: MeshStep): void;
  /** Undefined: there is none that is unfit. */
  setUnfitAuthority(unfit: UnfitAuthority | undefined): void;
  /** Judges what has to be, at most so many objects, and answers which. `first`: by `keyString`, before all others. */
  judge(most?: number, first?: Iterable<string>): readonly Judged[];
  /** How many objects are left to be judged. */
  left(): number;
  object(key: string): KubeObject | undefined;
  /** By `keyString`. */
  findingsOf(key: string): readonly CrossFinding[];
  /** Of all objects that something is said of, by `Kind/namespace/name`; of all, or of those that are not to be judged anew. */
  findings(of?: 'all' | 'judged'): Iterable<readonly [resource: string, findings: readonly CrossFinding[]]>;
}

export interface Judged {
  /** `keyString` */
  readonly key: string;
  /** Whether something else is said of it now. */
  readonly changed: boolean;
}

export interface AnalysisOptions {
  /** False where files alone are looked at: what they refer to may be elsewhere. */
  readonly complete: boolean;
}

/** Of one object; what follows is mostly its echo. */
const mostFindings = 50;
const none: readonly CrossFinding[] = [];

export function createAnalysis({ complete }: AnalysisOptions): Analysis {
  let mesh = emptyMesh;
  let unfitAuthority: UnfitAuthority | undefined;
  const services = createServiceIndex();
  const workloads = createWorkloadIndex();
  const accounts = createAccountIndex();
  const objects = new Map<string, KubeObject>();
  const found = new Map<string, readonly CrossFinding[]>();
  /** What each object was judged by, and who looked at a topic. */
  const looked = new Map<string, ReadonlySet<string>>();
  const onlookers = new Map<string, Set<string>>();
  const stale = new Set<string>();

  function spread(topic: string): void {
    for (const key of onlookers.get(topic) ?? []) stale.add(key);
  }

  function takeObject(event: WatchEvent): void {
    const { object } = event;
    const key = keyString(keyOf(object));
    const gone = event.type === 'DELETED';
    if (gone) objects.delete(key);
    else objects.set(key, object);
    stale.add(key);
    const workload = gone ? undefined : workloadOf(object);
    const { namespace = '' } = object.metadata;
    for (const topic of workloads.set(key, namespace, workload)) spread(topic);
    for (const topic of accounts.set(key, namespace, gone ? undefined : accountOf(object, workload))) spread(topic);
  }

  function* inTurn(first: Iterable<string>): Generator<string> {
    yield* first;
    yield* stale;
  }

  function noteLooks(key: string, now: ReadonlySet<string>): void {
    const before = looked.get(key) ?? new Set<string>();
    for (const topic of before.difference(now)) {
      const keys = onlookers.get(topic);
      keys?.delete(key);
      if (keys?.size === 0) onlookers.delete(topic);
    }
    for (const topic of now.difference(before)) onlookers.set(topic, (onlookers.get(topic) ?? new Set()).add(key));
    if (now.size === 0) looked.delete(key);
    else looked.set(key, now);
  }

  function judgeObject(key: string): readonly CrossFinding[] {
    const object = objects.get(key);
    const looks = new Set<string>();
    const known = { complete, mesh, unfitAuthority, services, workloads, accounts };
    const around = lookAround(known, (topic) => looks.add(topic));
    const findings = object === undefined ? none : analyze(object, around).take(mostFindings).toArray();
    noteLooks(key, looks);
    return findings;
  }

  return {
    take(step) {
      mesh = step.mesh;
      services.change(step.change.services ?? []);
      step.events.forEach(takeObject);
      for (const topic of topicsOfChange(step.change)) spread(topic);
    },
    setUnfitAuthority(unfit) {
      for (const one of [unfitAuthority, unfit]) {
        if (one?.secret !== undefined) spread(topics.authority(keyString(keyOf(one.secret))));
      }
      unfitAuthority = unfit;
    },
    judge(most = Number.POSITIVE_INFINITY, first = []) {
      const judged: Judged[] = [];
      for (const key of inTurn(first)) {
        if (judged.length >= most) break;
        if (!stale.delete(key)) continue;
        const before = found.get(key) ?? none;
        const after = judgeObject(key);
        if (after.length === 0) found.delete(key);
        else found.set(key, after);
        judged.push({ key, changed: before !== after && JSON.stringify(before) !== JSON.stringify(after) });
      }
      return judged;
    },
    left: () => stale.size,
    object: (key) => objects.get(key),
    findingsOf: (key) => found.get(key) ?? none,
    *findings(of = 'all') {
      for (const [key, findings] of found) {
        if (of === 'judged' && stale.has(key)) continue;
        const object = objects.get(key);
        if (object !== undefined) yield [resourceName(keyOf(object)), findings];
      }
    },
  };
}
