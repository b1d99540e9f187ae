// Questions about the mesh that runs, as the worker is asked them: with the objects as they are at this moment, and what else of
// this machine decides.
import { egressTestKind } from '../api/kinds/egress-test.ts';
import type { KubeObject } from '../api/object.ts';
import type { MendAnswer } from '../check/mend.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Change } from '../dry-run/change.ts';
import type { DryRun } from '../dry-run/dry-run.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { TestRun } from '../policy-test/result.ts';
import type { ObjectStore } from '../store/store.ts';
import type { SeenQuery } from '../telemetry/seen-flow.ts';
import type { RunningPod } from '../upkeep/uncovered-workloads.ts';
import type { Upkeep } from '../upkeep/upkeep.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { PortRule } from '../xds/capture.ts';
import type { AskedWorld } from './asked-world.ts';
import type { Foresight } from './foresight.ts';
import { packObjects } from './packed-objects.ts';

export interface MeshQuestions {
  dryRun(change: Change, seen: SeenQuery, signal: AbortSignal): Promise<DryRun>;
  mend(caller: ProxyIdentity, attempt: Attempt, signal: AbortSignal): Promise<MendAnswer>;
  /** EgressTests on what the mesh has, with these objects in place of its own. */
  policyTests(
    asked: { readonly given: readonly KubeObject[]; readonly namespace?: string },
    signal: AbortSignal,
  ): Promise<TestRun>;
  /** `unusedSince`: milliseconds since 1970. */
  upkeep(asked: { readonly unusedSince: number; readonly namespace?: string }, signal: AbortSignal): Promise<Upkeep>;
}

export interface MeshQuestionsOptions {
  readonly foresight: Foresight;
  readonly store: ObjectStore;
  /** The snapshot that is in force. */
  readonly mesh: () => Mesh;
  readonly pods: () => readonly (RunningPod & { readonly name: string; readonly proxyIP: string })[];
  readonly capture: 'redirect' | 'proxy';
  /** `--resolve`. */
  readonly rules: readonly PortRule[];
}

export function createMeshQuestions(options: MeshQuestionsOptions): MeshQuestions {
  const { foresight, store, mesh, pods, capture, rules } = options;

  async function presentWorld(): Promise<AskedWorld> {
    const { files } = mesh();
    const contents = [...files.hosts()].flatMap((path) => files.get(path).map((bytes) => [path, bytes] as const));
    const callers = pods().map(({ namespace, name, proxyIP }) => [`${namespace}/${name}`, proxyIP] as const);
    return {
      objects: await packObjects(store),
      capture,
      rules,
      files: new Map(contents),
      proxyIPs: new Map(callers),
    };
  }

  return {
    async dryRun(change, seen, signal) {
      const world = await presentWorld();
      return foresight.run({ name: 'dry-run', ask: { world, change, seen } }, signal);
    },
    async mend(caller, attempt, signal) {
      const world = await presentWorld();
      return foresight.run({ name: 'mend', ask: { world, caller, attempt } }, signal);
    },
    async policyTests(asked, signal) {
      const world = await presentWorld();
      const { items: stored } = await store.list(egressTestKind);
      return foresight.run({ name: 'policy-tests', ask: { world, stored, ...asked } }, signal);
    },
    async upkeep(asked, signal) {
      const world = await presentWorld();
      const running = pods().map(({ namespace, workload, proxy: { phase } }) => ({
        namespace,
        workload,
        proxy: { phase },
      }));
      return foresight.run({ name: 'upkeep', ask: { world, pods: running, ...asked } }, signal);
    },
  };
}
