// What becomes of traffic of which both verdicts are known.
import type { Answer, Verdict, Way } from '../verdict/verdict.ts';
import type { Consequence } from './dry-run.ts';

/** Undefined: nothing. */
export function consequenceOf(now: Verdict, then: Verdict): Consequence | undefined {
  if (now.answer === 'allowed' && then.answer === 'allowed') return isSameWay(now, then) ? undefined : 'moves';
  if (now.answer === 'depends' && then.answer === 'depends') return isSameAnswers(now, then) ? undefined : 'may-break';
  return changes[now.answer][then.answer];
}

const changes: Readonly<Record<Answer, Readonly<Record<Answer, Consequence | undefined>>>> = {
  allowed: { allowed: undefined, depends: 'may-break', refused: 'breaks' },
  depends: { allowed: 'may-open', depends: undefined, refused: 'may-break' },
  refused: { allowed: 'opens', depends: 'may-open', refused: undefined },
};

function isSameWay(one: Verdict, other: Verdict): boolean {
  return textOf(one, passes) === textOf(other, passes);
}

function isSameAnswers(one: Verdict, other: Verdict): boolean {
  return textOf(one, ({ end }) => end.kind) === textOf(other, ({ end }) => end.kind);
}

function textOf({ ways }: Verdict, of: (way: Way) => unknown): string {
  return JSON.stringify(ways.map((way) => [way.when, of(way)]));
}

/** What of a way is seen from outside of the mesh, and on its gateways. */
function passes({ hops }: Way): unknown {
  return hops.map(({ kind, namespace, workload, tls }) => [kind, kind === 'gateway' ? [namespace, workload] : [], tls]);
}
