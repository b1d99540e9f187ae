// Tries every flow on record in both worlds. Pure; verdicts are as cheap as the worlds make them.
import type { Mesh } from '../mesh/mesh.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { otherHost } from '../telemetry/traffic.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { World } from '../verdict/world.ts';
import { type Caller, callersOf, nameOf } from './callers.ts';
import { consequenceOf, consequenceOfSome } from './consequence.ts';
import type { Consequence, NotJudged } from './dry-run.ts';

/** One flow that the change does something to. */
export interface Changed {
  readonly consequence: Consequence;
  readonly flow: SeenFlow;
  /** Where its workload's pods are not alike: those that it happens to. */
  readonly pods: readonly string[];
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
    const { destination, protocol } = flow;
    const attempt: Attempt = { protocol, host: hostFor(destination.host), port: destination.port };
    const found = changeOf(alike, attempt, present, changed);
    if (found !== undefined) all.push({ flow, ...found });
  }
  return { judged, notJudged, changed: all };
}

function changeOf(
  callers: readonly Caller[],
  attempt: Attempt,
  present: World,
  changed: World,
): Omit<Changed, 'flow'> | undefined {
  const tried = callers.map(({ pods, ...caller }) => {
    const before = present.verdictOf(caller.present, attempt);
    const after = changed.verdictOf(caller.changed, attempt);
    return { consequence: consequenceOf(before, after), pods, present: before, changed: after };
  });
  const consequence = consequenceOfSome(new Set(tried.map((one) => one.consequence)));
  if (consequence === undefined) return undefined;
  const same = tried.every((one) => one.consequence === consequence);
  // The gravest of them is told: those are in that order.
  const worst = gravity.flatMap((grave) => tried.find((one) => one.consequence === grave) ?? [])[0];
  return worst && { ...worst, consequence, pods: same ? [] : worst.pods };
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
