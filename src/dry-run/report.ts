// What was found, for those who read it: the same call told once, most traffic first, with what decides on either side.
import { compareText } from '../mesh/origin.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { isAllowed } from '../verdict/play.ts';
import type { Verdict, Way } from '../verdict/verdict.ts';
import { type Consequence, consequences, type DryRun, type Effect, mostEffects, type Outcome } from './dry-run.ts';
import type { Changed, Replayed } from './replay.ts';

/** `since`: milliseconds since 1970. */
export function reportOf({ judged, notJudged, changed }: Replayed, since: number): DryRun {
  const effects = [...merged(changed)].sort(
    (a, b) =>
      volumeOf(b) - volumeOf(a) ||
      compareText(a.source.namespace, b.source.namespace) ||
      compareText(a.source.workload, b.source.workload) ||
      compareText(a.destination.host, b.destination.host) ||
      a.destination.port - b.destination.port,
  );
  const of = (consequence: Consequence) => effects.filter((effect) => effect.consequence === consequence);
  return {
    since: new Date(since).toISOString(),
    judged,
    notJudged,
    summary: {
      breaks: countOf(of('breaks')),
      'may-break': countOf(of('may-break')),
      opens: countOf(of('opens')),
      'may-open': countOf(of('may-open')),
      moves: countOf(of('moves')),
    },
    effects: consequences.flatMap((consequence) => of(consequence).slice(0, mostEffects)),
  };
}

function merged(changed: readonly Changed[]): Iterable<Effect> {
  const effects = new Map<string, Effect>();
  for (const one of changed) {
    const { source, destination, protocol } = one.flow;
    const key = JSON.stringify([source, destination.host, destination.port, protocol]);
    const before = effects.get(key);
    effects.set(key, before === undefined ? effectOf(one) : withFlow(before, one.flow));
  }
  return effects.values();
}

function effectOf({ consequence, flow, when, present, changed }: Changed): Effect {
  const { source, destination, protocol, requests, connections, lastSeen } = flow;
  // Of a verdict that hangs on something, the way that makes the difference.
  const way = decidingWay(changed, consequence === 'may-break');
  return {
    consequence,
    source,
    destination: toldDestination(destination),
    protocol,
    requests,
    connections,
    lastSeen,
    when: [...when, ...(way?.when ?? [])],
    present: outcomeOf(decidingWay(present, consequence === 'opens' || consequence === 'may-open')),
    changed: outcomeOf(way),
  };
}

function withFlow(effect: Effect, { destination, requests, connections, lastSeen }: SeenFlow): Effect {
  const isLater = lastSeen > effect.lastSeen;
  return {
    ...effect,
    ...(isLater ? { lastSeen } : {}),
    destination: isLater ? toldDestination(destination) : effect.destination,
    requests: effect.requests + requests,
    connections: effect.connections + connections,
  };
}

function toldDestination({ host, port, kind, serviceEntry }: SeenFlow['destination']): Effect['destination'] {
  return { host, port, kind, ...(serviceEntry === undefined ? {} : { serviceEntry }) };
}

function decidingWay({ ways }: Verdict, stopped: boolean): Way | undefined {
  return ways.find(({ end }) => (isAllowed(end) !== true) === stopped) ?? ways[0];
}

function outcomeOf(way: Way | undefined): Outcome {
  if (way === undefined) return { leaves: false, object: '', via: [], tls: 'as-sent' };
  const { end, hops } = way;
  return {
    leaves: isAllowed(end) === true,
    object: 'object' in end ? end.object : '',
    ...('reason' in end ? { reason: end.reason } : {}),
    ...('how' in end ? { sees: end.how } : {}),
    via: hops.flatMap(({ kind, namespace, workload }) => (kind === 'gateway' ? [`${namespace}/${workload}`] : [])),
    tls: hops.at(-1)?.tls ?? 'as-sent',
  };
}

function countOf(effects: readonly Effect[]) {
  return {
    calls: effects.length,
    workloads: new Set(effects.map(({ source }) => `${source.namespace}/${source.workload}`)).size,
    hosts: new Set(effects.map(({ destination }) => destination.host)).size,
  };
}

function volumeOf({ requests, connections }: Effect): number {
  return requests + connections;
}
