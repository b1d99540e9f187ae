// What is wrong with the mesh as it stands, kept up in the background: objects are judged a few at a time while nothing else is
// to do, and what is said of each is written into its status. Nothing waits for it but those who ask.
import { setImmediate as idle } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createAnalysis } from '../analysis/analysis.ts';
import { type CrossFinding, crossDiagnostic } from '../analysis/finding.ts';
import { type UnfitAuthority, unfitFolder } from '../analysis/unfit-authority.ts';
import { type KubeObject, keyOf, keyString, resourceName } from '../api/object.ts';
import { validationMessage } from '../api/validation-messages.ts';
import type { MeshStep } from '../mesh/follow-store.ts';
import { meshKinds } from '../mesh/mesh-objects.ts';
import { type Diagnostic, notYetSaid } from '../platform/diagnostic.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { ObjectStore, StatusPatch } from '../store/store.ts';
import type { FollowedFiles } from './followed-files.ts';

export interface MeshAnalysis {
  take(step: MeshStep): void;
  /** A certificate authority of the user's that cannot be used; undefined: there is none. */
  setUnfitAuthority(unfit: UnfitAuthority | undefined): void;
  /** Of the files that are followed, and of the mesh as it was taken last. */
  diagnostics(): Promise<readonly Diagnostic[]>;
  /**
   * What is said of these objects, once the mesh has them in these versions; and what others say that names them, of those
   * that are judged within a second.
   */
  diagnosticsOf(objects: readonly KubeObject[]): Promise<readonly Diagnostic[]>;
  /** Called when something else may be said. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
}

export interface MeshAnalysisOptions {
  readonly store: Pick<ObjectStore, 'get' | 'patchStatus'>;
  readonly files: Pick<FollowedFiles, 'diagnostics' | 'locate' | 'onChange'>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const followed: ReadonlySet<string> = new Set(meshKinds.map(({ kind }) => kind));
/** A few milliseconds' work: what is pushed to proxies does not wait longer. */
const objectsAtOnce = 25;
/** Most are as they were, which is told fast. */
const statusesAtOnce = 250;
/**
 * The mesh has what was stored within milliseconds, and has judged it; no answer is held up by a mesh that does not come, nor
 * by the thousands of objects that are left to be judged after a start.
 */
const patienceMs = 1000;

export function createMeshAnalysis({ store, files, signal, log }: MeshAnalysisOptions): MeshAnalysis {
  const analysis = createAnalysis({ complete: true });
  const listeners = new Set<() => void>();
  const steps = new Set<() => void>();
  /** Judged, and perhaps with another status than is written. */
  const unwritten = new Set<string>();
  let working = false;
  let unfitAuthority: UnfitAuthority | undefined;

  function judge(first?: Iterable<string>): number {
    const judged = analysis.judge(objectsAtOnce, first);
    for (const { key } of judged) unwritten.add(key);
    if (judged.some(({ changed }) => changed)) for (const listener of listeners) listener();
    return judged.length;
  }

  /** These before all others. */
  async function judgeFirst(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length && !signal.aborted; start += objectsAtOnce) {
      judge(keys.slice(start, start + objectsAtOnce));
      await idle();
    }
  }

  /** All that is left now: what changes meanwhile holds nobody up. */
  async function judgeAll(patience: AbortSignal): Promise<void> {
    let left = analysis.left();
    while (left > 0 && analysis.left() > 0 && !patience.aborted) {
      left -= judge();
      await idle();
    }
  }

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    try {
      while (!signal.aborted && (analysis.left() > 0 || unwritten.size > 0)) {
        await idle();
        judge();
        if (analysis.left() === 0) await writeStatuses();
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ error: messageOf(error) }, 'what is wrong with objects could not be written');
    } finally {
      working = false;
    }
  }

  async function writeStatuses(): Promise<void> {
    const keys = [...unwritten.values().take(statusesAtOnce)];
    for (const key of keys) unwritten.delete(key);
    try {
      await writeStatusesOf(keys);
    } catch (error) {
      // They go with the next ones.
      for (const key of keys) unwritten.add(key);
      throw error;
    }
  }

  async function writeStatusesOf(keys: readonly string[]): Promise<void> {
    const patches: StatusPatch[] = [];
    for (const name of keys) {
      const known = analysis.object(name);
      if (known === undefined) continue;
      const key = keyOf(known);
      const object = await store.get(key);
      const wanted = diagnosticsAbout(name).map(validationMessage);
      if (object === undefined || isDeepStrictEqual(wanted, messagesOf(object))) continue;
      patches.push({ key, patch: { validationMessages: wanted.length === 0 ? null : wanted } });
    }
    if (patches.length > 0) await store.patchStatus(patches);
  }

  function diagnosticsAbout(name: string): readonly Diagnostic[] {
    const object = analysis.object(name);
    if (object === undefined) return [];
    const resource = resourceName(keyOf(object));
    return analysis.findingsOf(name).map((finding) => crossDiagnostic(finding, resource));
  }

  async function takenIn(objects: readonly KubeObject[], patience: AbortSignal): Promise<void> {
    const awaited = objects.filter(({ kind }) => followed.has(kind));
    while (!patience.aborted && !awaited.every(isTaken)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          steps.delete(done);
          patience.removeEventListener('abort', done);
          resolve();
        };
        steps.add(done);
        patience.addEventListener('abort', done);
      });
    }
  }

  /** Its status does not count: what we wrote there ourselves is not taken. */
  function isTaken(object: KubeObject): boolean {
    const taken = analysis.object(keyString(keyOf(object)));
    const { spec, metadata } = object;
    return isDeepStrictEqual([taken?.spec, taken?.metadata.annotations], [spec, metadata.annotations]);
  }

  return {
    take(step) {
      analysis.take(step);
      for (const done of [...steps]) done();
      void work();
    },
    setUnfitAuthority(unfit) {
      if (isDeepStrictEqual(unfit, unfitAuthority)) return;
      unfitAuthority = unfit;
      analysis.setUnfitAuthority(unfit);
      for (const listener of listeners) listener();
      void work();
    },
    async diagnostics() {
      await judgeAll(signal);
      // The file knows the place.
      const ofFiles = files.diagnostics();
      const found = [...analysis.findings()].flatMap(([resource, findings]) =>
        findings.map((finding) => crossDiagnostic(finding, resource, files.locate)),
      );
      return [...ofFiles, ...unfitFolder(unfitAuthority), ...notYetSaid(found, ofFiles)];
    },
    async diagnosticsOf(objects) {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      await takenIn(objects, patience);
      await judgeFirst(objects.map((object) => keyString(keyOf(object))));
      await judgeAll(patience);
      const names = new Set(objects.map((object) => resourceName(keyOf(object))));
      const concerns = (resource: string, { related = [] }: CrossFinding) =>
        names.has(resource) || related.some((other) => names.has(other.resource));
      return [...analysis.findings('judged')].flatMap(([resource, findings]) =>
        findings.filter((one) => concerns(resource, one)).map((one) => crossDiagnostic(one, resource, files.locate)),
      );
    },
    onChange(listener) {
      listeners.add(listener);
      const stop = files.onChange(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
  };
}

function messagesOf({ status }: KubeObject): unknown {
  const written = typeof status === 'object' && status !== null && 'validationMessages' in status;
  return written ? status.validationMessages : [];
}
