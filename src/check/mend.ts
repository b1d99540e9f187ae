// The smallest change that would let an attempt out. Candidates are tried one after the other in the world that each would make,
// and what is told is what a verdict there has proved; where one alone does not do, further ones on top of it.
import { decodeObject } from '../api/decode.ts';
import { type KubeObject, keyOf, keyString, resourceName } from '../api/object.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { hasErrors } from '../platform/diagnostic.ts';
import type { WatchEvent } from '../store/store.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { ObjectWorlds } from '../verdict/object-world.ts';
import { isAllowed } from '../verdict/play.ts';
import type { Verdict, Way } from '../verdict/verdict.ts';
import type { Candidate, Stopped } from './candidates/candidate.ts';
import { entryCandidates } from './candidates/entries.ts';
import { importCandidates } from './candidates/imports.ts';
import { policyCandidates } from './candidates/policies.ts';
import { ruleCandidates } from './candidates/rules.ts';
import { serverCandidates } from './candidates/servers.ts';

export interface Change {
  readonly summary: string;
  /** What is to be applied, in this order. */
  readonly objects: readonly KubeObject[];
}

export interface MendAnswer {
  readonly verdict: Verdict;
  /** That would let it out; undefined where none was found, or none is needed. */
  readonly change?: Change;
}

export interface MendOptions {
  readonly worlds: ObjectWorlds;
  readonly objects: readonly KubeObject[];
  readonly caller: ProxyIdentity;
  readonly attempt: Attempt;
}

/** Changes on top of each other. */
const mostSteps = 3;
/** Worlds that are tried in all. */
const mostTries = 60;

/** What becomes of it, and what would let it out. */
export function mend(options: MendOptions): MendAnswer {
  const { worlds, caller, attempt } = options;
  const verdict = worlds.world().verdictOf(caller, attempt);
  const change = verdict.answer === 'allowed' ? undefined : findChange(options);
  return { verdict, ...(change === undefined ? {} : { change }) };
}

/** Undefined: none was found. */
function findChange({ worlds, objects, caller, attempt }: MendOptions): Change | undefined {
  const stored = new Map(objects.map((object) => [resourceName(keyOf(object)), object]));
  let tries = 0;

  function attemptNow(): Verdict {
    return worlds.world().verdictOf(caller, attempt);
  }

  function search(
    verdict: Verdict,
    taken: readonly Candidate[],
    seen: ReadonlySet<string>,
  ): readonly Candidate[] | undefined {
    const way = stoppedWay(verdict);
    if (way === undefined || taken.length >= mostSteps) return undefined;
    const deeper: { readonly candidate: Candidate; readonly verdict: Verdict }[] = [];
    for (const candidate of candidatesFor(way)) {
      tries += 1;
      if (tries > mostTries) return undefined;
      const next = tryOut(candidate, attemptNow);
      if (next?.answer === 'allowed') return [...taken, candidate];
      if (next !== undefined && !seen.has(endText(next))) deeper.push({ candidate, verdict: next });
    }
    for (const { candidate, verdict: next } of deeper) {
      const now = new Set([...seen, endText(next)]);
      const found = tryOut(candidate, () => search(next, [...taken, candidate], now));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function* candidatesFor({ hops, end }: Way): Iterable<Candidate> {
    if (end.kind !== 'refused' && end.kind !== 'unanswered') return;
    const world = worlds.world();
    const stopped: Stopped = { world, caller, attempt, hops, end, object: (resource) => stored.get(resource) };
    yield* importCandidates(stopped);
    yield* policyCandidates(stopped);
    yield* ruleCandidates(stopped);
    yield* serverCandidates(stopped);
    yield* entryCandidates(stopped);
  }

  /** With the object in place of the one of its name; afterwards all is as it was. */
  function tryOut<T>({ object: wanted }: Candidate, look: () => T): T | undefined {
    const { object, diagnostics } = decodeObject(wanted);
    if (object === undefined || hasErrors(diagnostics)) return undefined;
    const name = resourceName(keyOf(object));
    const before = stored.get(name);
    worlds.change([{ type: before === undefined ? 'ADDED' : 'MODIFIED', object: aged(object, before) }]);
    stored.set(name, object);
    try {
      return look();
    } finally {
      worlds.change([before === undefined ? { type: 'DELETED', object } : { type: 'MODIFIED', object: before }]);
      if (before === undefined) stored.delete(name);
      else stored.set(name, before);
    }
  }

  const first = attemptNow();
  const found = search(first, [], new Set([endText(first)]));
  return found && changeOf(found);
}

/** One object that is changed twice is told as it is in the end. */
function changeOf(candidates: readonly Candidate[]): Change {
  const objects = new Map(candidates.map(({ object }) => [keyString(keyOf(object)), object]));
  return { summary: candidates.map(({ summary }) => summary).join('; '), objects: [...objects.values()] };
}

function stoppedWay({ ways }: Verdict): Way | undefined {
  return ways.find(({ end }) => isAllowed(end) === false);
}

function endText({ ways }: Verdict): string {
  return JSON.stringify(ways.map(({ when, end }) => [when, end]));
}

/** A new object is younger than all others, one that is changed as old as it was. */
function aged(object: KubeObject, before: KubeObject | undefined): WatchEvent['object'] {
  const creationTimestamp = before?.metadata.creationTimestamp ?? new Date().toISOString();
  return { ...object, metadata: { ...object.metadata, creationTimestamp } };
}
