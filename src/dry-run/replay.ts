// Tries every flow on record in both worlds. Pure; verdicts are as cheap as the worlds make them.
import type { ProxyIdentity } from '../discovery/view.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { otherHost } from '../telemetry/traffic.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { World } from '../verdict/world.ts';
import { consequenceOf } from './consequence.ts';
import type { Consequence, NotJudged } from './dry-run.ts';

/** One flow that the change does something to. */
export interface Changed {
  readonly consequence: Consequence;
  readonly flow: SeenFlow;
  readonly present: Verdict;
  readonly changed: Verdict;
}

export interface Replayed {
  readonly judged: number;
  readonly notJudged: Readonly<Record<NotJudged, number>>;
  readonly changed: readonly Changed[];
}

export function replay(seen: Iterable<SeenFlow>, present: World, changed: World): Replayed {
  const callers = callersOf(present);
  const changedCallers = callersOf(changed);
  const notJudged: Record<NotJudged, number> = { gone: 0, other: 0, entering: 0 };
  const all: Changed[] = [];
  let judged = 0;
  for (const flow of seen) {
    const name = nameOf(flow.source);
    const caller = callers.get(name);
    const reason = notJudgedBecause(flow, caller);
    if (reason !== undefined || caller === undefined) {
      notJudged[reason ?? 'gone'] += 1;
      continue;
    }
    judged += 1;
    const attempt = attemptOf(flow);
    const before = present.verdictOf(caller, attempt);
    const after = changed.verdictOf(changedCallers.get(name) ?? caller, attempt);
    const consequence = consequenceOf(before, after);
    if (consequence !== undefined) all.push({ consequence, flow, present: before, changed: after });
  }
  return { judged, notJudged, changed: all };
}

/** By `namespace/workload`; pods of one workload are taken to be alike. */
function callersOf({ proxies }: World): ReadonlyMap<string, ProxyIdentity> {
  return new Map(proxies.map((proxy) => [nameOf(proxy), proxy]));
}

function nameOf({ namespace, workload }: { readonly namespace: string; readonly workload: string }): string {
  return `${namespace}/${workload}`;
}

function notJudgedBecause({ by, destination }: SeenFlow, caller: ProxyIdentity | undefined): NotJudged | undefined {
  if (by !== undefined) return 'entering';
  if (destination.host === otherHost || destination.port === 0) return 'other';
  return caller === undefined ? 'gone' : undefined;
}

/** Of a wildcard it is not on record which of its names were asked for: one that nobody else speaks of stands for them. */
function attemptOf({ destination: { host, port }, protocol }: SeenFlow): Attempt {
  return { protocol, host: host.startsWith('*.') ? `any${host.slice(1)}` : host, port };
}
