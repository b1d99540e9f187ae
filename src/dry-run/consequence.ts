// What becomes of traffic of which both verdicts are known.
import { isAllowed } from '../verdict/play.ts';
import type { Answer, Verdict, Way } from '../verdict/verdict.ts';
import type { Consequence } from './dry-run.ts';

/** Undefined: nothing. */
export function consequenceOf(now: Verdict, then: Verdict): Consequence | undefined {
  if (now.answer === 'allowed' && then.answer === 'allowed') return isSameWay(now, then) ? undefined : 'moves';
  if (now.answer === 'depends' && then.answer === 'depends') return maybeOf(now, then);
  return changes[now.answer][then.answer];
}

/** Of callers that are not alike: what each sees, and nobody knows which of them it was. */
export function consequenceOfSome(all: ReadonlySet<Consequence | undefined>): Consequence | undefined {
  if (all.size === 1) return [...all][0];
  if (all.has('breaks') || all.has('may-break')) return 'may-break';
  if (all.has('opens') || all.has('may-open')) return 'may-open';
  return all.has('moves') ? 'moves' : undefined;
}

const changes: Readonly<Record<Answer, Readonly<Record<Answer, Consequence | undefined>>>> = {
  allowed: { allowed: undefined, depends: 'may-break', refused: 'breaks' },
  depends: { allowed: 'may-open', depends: undefined, refused: 'may-break' },
  refused: { allowed: 'opens', depends: 'may-open', refused: undefined },
};

/** Conditions are texts: where they are not the same ones nobody can say which of them is the wider, and the worse is told. */
function maybeOf(now: Verdict, then: Verdict): Consequence | undefined {
  const before = new Map(now.ways.map((way) => [JSON.stringify(way.when), isAllowed(way.end)]));
  const pairs = then.ways.map((way) => [before.get(JSON.stringify(way.when)), isAllowed(way.end)] as const);
  const alike = before.size === pairs.length && then.ways.every(({ when }) => before.has(JSON.stringify(when)));
  if (!alike || pairs.some(([was, is]) => was === true && is !== true)) return 'may-break';
  return pairs.some(([was, is]) => was !== true && is === true) ? 'may-open' : undefined;
}

function isSameWay(now: Verdict, then: Verdict): boolean {
  const [before, after] = [passings(now), passings(then)];
  if (before.size !== after.size || [...before].some((one) => !after.has(one))) return false;
  return before.size === 1 || conditional(now) === conditional(then);
}

function passings({ ways }: Verdict): ReadonlySet<string> {
  return new Set(ways.map((way) => JSON.stringify(passes(way))));
}

function conditional({ ways }: Verdict): string {
  return JSON.stringify(ways.map((way) => [way.when, passes(way)]));
}

/** What of a way is seen from outside of the mesh, and on its gateways. */
function passes({ hops }: Way): unknown {
  return hops.map(({ kind, namespace, workload, tls }) => [kind, kind === 'gateway' ? [namespace, workload] : [], tls]);
}
