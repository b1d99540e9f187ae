// Tries every flow on record in both worlds. Pure; verdicts are as cheap as the worlds make them.
import type { Mesh } from '../mesh/mesh.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { otherHost } from '../telemetry/traffic.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { World } from '../verdict/world.ts';
import { attemptsOf, type Possible } from './attempts.ts';
import { type Caller, callersOf, nameOf, podsText } from './callers.ts';
import { consequenceOf, consequenceOfSome } from './consequence.ts';
import type { Consequence, NotJudged } from './dry-run.ts';

/** One flow that the change does something to. */
export interface Changed {
  readonly consequence: Consequence;
  readonly flow: SeenFlow;
  /** What would have to hold of the call, beside what the verdicts hang on: where not all that it may have been end alike. */
  readonly when: readonly string[];
  readonly present: Verdict;
  readonly changed: Verdict;
}

export interface Replayed {
  readonly judged: number;
  readonly notJudged: Readonly<Record<NotJudged, number>>;
  readonly changed: readonly Changed[];
}

export function replay(seen: Iterable<SeenFlow>, present: World, changed: World): Replayed {
  const callers = callersOf(present, changed);
  const hostFor = hostsAskedFor(present.mesh, changed.mesh);
  const notJudged: Record<NotJudged, number> = { gone: 0, other: 0, entering: 0 };
  const all: Changed[] = [];
  let judged = 0;
  for (const flow of seen) {
    const alike = callers(nameOf(flow.source));
    const reason = notJudgedBecause(flow, alike);
    if (reason !== undefined) {
      notJudged[reason] += 1;
      continue;
    }
    judged += 1;
    const possible = attemptsOf(flow, hostFor(flow.destination.host), present.capture);
    const found = changeOf(alike, possible, present, changed);
    if (found !== undefined) all.push({ flow, ...found });
  }
  return { judged, notJudged, changed: all };
}

function changeOf(
  callers: readonly Caller[],
  possible: readonly Possible[],
  present: World,
  changed: World,
): Omit<Changed, 'flow'> | undefined {
  const tried = callers.flatMap((caller) =>
    possible.map(({ attempt, when }) => {
      const before = present.verdictOf(caller.present, attempt);
      const after = changed.verdictOf(caller.changed, attempt);
      const made = callers.length === 1 ? [] : [`it is made by ${podsText(caller.pods)}`];
      return { consequence: consequenceOf(before, after), when: [...made, ...when], present: before, changed: after };
    }),
  );
  const consequence = consequenceOfSome(new Set(tried.map((one) => one.consequence)));
  if (consequence === undefined) return undefined;
  const same = tried.every((one) => one.consequence === consequence);
  // The gravest of them is told: those are in that order.
  const worst = gravity.flatMap((grave) => tried.find((one) => one.consequence === grave) ?? [])[0];
  return worst && { ...worst, consequence, when: same ? [] : worst.when };
}

const gravity: readonly Consequence[] = ['breaks', 'may-break', 'opens', 'may-open', 'moves'];

function notJudgedBecause({ by, destination }: SeenFlow, callers: readonly Caller[]): NotJudged | undefined {
  if (by !== undefined) return 'entering';
  if (destination.host === otherHost || destination.port === 0) return 'other';
  return callers.length === 0 ? 'gone' : undefined;
}

/** Of a wildcard it is not on record which of its names were asked for: one that nobody else speaks of stands for them. */
function hostsAskedFor(...meshes: readonly Mesh[]): (host: string) => string {
  const names = new Map<string, string>();
  const isFree = (name: string) =>
    meshes.every(
      ({ services, virtualServices }) => services.get(name).length === 0 && virtualServices.get(name).length === 0,
    );
  return (host) => {
    if (!host.startsWith('*.')) return host;
    const known = names.get(host);
    if (known !== undefined) return known;
    let label = 'any';
    while (!isFree(`${label}${host.slice(1)}`)) label += '-other';
    names.set(host, `${label}${host.slice(1)}`);
    return `${label}${host.slice(1)}`;
  };
}
