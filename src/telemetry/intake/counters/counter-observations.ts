// What a proxy's counters gained, as observations: of registered destinations, and of what came in to the workload. What
// was blocked or left unregistered is in none of them; the records tell it, with the hosts.

import type { CounterKey } from '../../../xds/counter-key.ts';
import { allowAnyRoute, passthroughCluster } from '../../../xds/names.ts';
import type { Observation } from '../../observation.ts';
import { otherHost } from '../../traffic.ts';
import type { LostEvents } from '../balance.ts';
import { countOf, deltaOf } from '../histogram.ts';
import { hasFlag, isServiceCluster } from '../teller.ts';
import { observeSizes, observeWire } from './cluster-observations.ts';
import { type Gain, isTunnel, type ObserveOptions, observationOf, outcomeOf } from './observation-parts.ts';
import { neverOpened, type OpenGroup } from './open-connections.ts';

/** Of a key that the counters tell. */
export function observeGain(options: ObserveOptions, gain: Gain): readonly Observation[] {
  const { family, key } = gain;
  if (family === 'wire') return observeWire(options, gain);
  if (family === 'sizes') return [observeSizes(options, gain)];
  if (family === 'tcp') return [observeConnections(options, gain)];
  return [isTunnel(key) ? observeTunnels(options, gain) : observeRequests(options, gain)];
}

/** Connections that ended with their process: nothing else told of their end. */
export function observeDied(options: ObserveOptions, { reporter, cluster, peer, route, died }: OpenGroup): Observation {
  const key: CounterKey = { reporter, cluster, route, code: 0, flags: '-', grpcStatus: '', peer };
  return { ...observationOf(options, key, 'tcp'), closed: died, metrics: {} };
}

/** Events whose records were lost. What was blocked or let out loses its host, what was registered nothing. */
export function observeLost(options: ObserveOptions, { family, key, count }: LostEvents): Observation {
  const seen = observationOf(options, key, family);
  const letOut = key.cluster === passthroughCluster || key.route === allowAnyRoute;
  const passed = letOut && !hasFlag(key.flags, 'DPE', 'NC', 'NR');
  const kind = passed ? 'passthrough' : 'blocked';
  const counts =
    family === 'http' ? { requests: count } : { closed: count, ...(passed ? { opened: count } : { unopened: count }) };
  const destination =
    isServiceCluster(key.cluster) && !letOut ? seen.destination : ({ kind, host: otherHost, port: 0 } as const);
  return { ...seen, destination, ...counts, metrics: {} };
}

function observeRequests(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [durations] = gained;
  return {
    ...observationOf(options, key, 'http'),
    requests: countOf(durations ?? []),
    metrics: durations === undefined ? {} : { durations: deltaOf(durations) },
  };
}

/** Each is told when it has ended. */
function observeTunnels(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [durations] = gained;
  const count = countOf(durations ?? []);
  const failed = key.code < 200 || key.code >= 300;
  return {
    ...observationOf(options, key, 'tcp'),
    outcome: { ...outcomeOf(key), code: 0 },
    opened: failed ? 0 : count,
    closed: count,
    ...(failed ? { unopened: count } : {}),
    metrics: {},
  };
}

function observeConnections(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [opened = 0, closed = 0, sent = 0, received = 0] = gained.map((slot) => slot?.[0] ?? 0);
  return {
    ...observationOf(options, key, 'tcp'),
    opened,
    closed,
    ...(neverOpened(key) ? { unopened: closed } : {}),
    metrics: { sentBytes: sent, receivedBytes: received },
  };
}
