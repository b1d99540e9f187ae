// Tries every flow on record in both worlds. Pure; verdicts are as cheap as the worlds make them, and a workload has the same
// for the same destination, so flows that differ in nothing else are asked for once.
import type { ProxyIdentity } from '../discovery/view.ts';
import { otherHost } from '../telemetry/traffic.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { World } from '../verdict/world.ts';
import { consequenceOf } from './consequence.ts';
import type { DryRun, Effect, NotJudged, SeenFlow } from './dry-run.ts';

export function replay(seen: Iterable<SeenFlow>, present: World, changed: World): DryRun {
  const callers = callersOf(present);
  const changedCallers = callersOf(changed);
  const notJudged: Record<NotJudged, number> = { gone: 0, other: 0, entering: 0 };
  const effects: Effect[] = [];
  let judged = 0;
  for (const flow of seen) {
    const caller = callers.get(nameOf(flow.source));
    const reason = notJudgedBecause(flow, caller);
    if (reason !== undefined || caller === undefined) {
      notJudged[reason ?? 'gone'] += 1;
      continue;
    }
    judged += 1;
    const attempt = attemptOf(flow);
    const before = present.verdictOf(caller, attempt);
    const after = changed.verdictOf(changedCallers.get(nameOf(flow.source)) ?? caller, attempt);
    const consequence = consequenceOf(before, after);
    if (consequence !== undefined) effects.push({ consequence, flow, present: before.ways, changed: after.ways });
  }
  return { judged, notJudged, effects: effects.sort((a, b) => volumeOf(b.flow) - volumeOf(a.flow)) };
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

function volumeOf({ requests, connections }: SeenFlow): number {
  return requests + connections;
}
