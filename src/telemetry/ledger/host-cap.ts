// The cap on hosts (contract 15), the same for flows, series and decisions: of what a caller chose to call, so many
// hosts are told apart, the rest is one destination. Registered destinations are the operator's own and have no cap.
import type { NewDecision } from '../decision.ts';
import type { Observation } from '../observation.ts';
import { type Destination, otherHost, type Source } from '../traffic.ts';
import type { LedgerContext } from './context.ts';
import { createHostPlaces } from './host-places.ts';
import { hour, startOf } from './spans.ts';

export interface HostCap {
  /** As flows tell it. */
  observation(observation: Observation): Observation;
  /** As metric series tell it, made of what flows tell. */
  seriesObservation(observation: Observation): Observation;
  decision(decision: NewDecision): NewDecision;
  expire(before: { readonly hosts: number; readonly seriesHosts: number }, limit: number): void;
}

const reasonAbove = 'This workload called more hosts than are told apart; this is the rest of them.';

export function createHostCap(context: LedgerContext): HostCap {
  const { bounds } = context;
  const places = createHostPlaces(context, 'hosts', { perWorkload: bounds.hostsPerWorkload, all: bounds.hosts });
  const seriesPlaces = createHostPlaces(context, 'series_hosts', {
    perWorkload: bounds.seriesHostsPerWorkload,
    all: bounds.seriesHosts,
  });

  function isTold({ host, port }: Destination, source: Caller, at: number): boolean {
    return places.take(workloadName(source), `${host}:${port}`, startOf(at, hour));
  }

  return {
    observation(observation) {
      const { destination, source, at } = observation;
      if (!isChosen(destination) || isTold(destination, source, at)) return observation;
      return { ...observation, destination: other(destination) };
    },
    seriesObservation(observation) {
      const { destination, source, at } = observation;
      if (!isChosen(destination)) return observation;
      if (seriesPlaces.take(workloadName(source), destination.host, startOf(at, hour))) return observation;
      return { ...observation, destination: other(destination) };
    },
    decision(decision) {
      const { destination, source, lastAt } = decision;
      if (!isChosen(destination) || isTold(destination, source, lastAt)) return decision;
      // Nothing is left of what the caller chose, so that the rest of them becomes one.
      const { method: _method, path: _path, ...rest } = decision;
      return { ...rest, destination: other(destination), address: '', reason: reasonAbove };
    },
    expire(before, limit) {
      places.expire(before.hosts, limit);
      seriesPlaces.expire(before.seriesHosts, limit);
    },
  };
}

type Caller = Pick<Source, 'namespace' | 'workload'> | undefined;

/** One text for each workload; empty where the caller is not known. */
export function workloadName(source: Caller): string {
  return source === undefined ? '' : `${source.namespace}/${source.workload}`;
}

/** Whether it is the operator's own. */
export function isRegistered({ kind }: Destination): boolean {
  return kind === 'service' || kind === 'external';
}

/** Whether a caller may have made this host up. */
export function isChosen(destination: Destination): boolean {
  return !isRegistered(destination) && destination.host !== otherHost;
}

export function other({ kind }: Destination): Destination {
  return { kind, host: otherHost, port: 0 };
}
