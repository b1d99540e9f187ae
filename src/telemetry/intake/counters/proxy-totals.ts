// What the Envoy of one proxy has counted: its running totals, and what they gained since it was last told to the ledger.
// Invariant: what is told is the growth of the totals, each part once: over exports that never came, over new Envoys,
// which count from 0, and over restarts of ours, which go on from the totals that were committed.
// What a cluster counted before anybody was known to use it waits: a request is counted at its end, its bytes before.

import type { CounterKey } from '../../../xds/counter-key.ts';
import { countOf, readHistogram } from '../histogram.ts';
import { type ClusterShare, createClusterShares } from './cluster-shares.ts';
import { countedMetric, endedSlot, isHistogram } from './counted-metric.ts';
import { addGains, createEntry, type Entry, growSlot, restoreEntry } from './counter-entry.ts';
import { createOpenConnections, type OpenGroup } from './open-connections.ts';
import { keyOf, nameOf, type Point, readPoints } from './otlp-points.ts';
import { createSeriesTable } from './series-table.ts';
import { totalsText } from './totals-text.ts';

export interface ProxyTotals {
  /** The process that counts, in its own words; 0 if none was heard yet. */
  readonly start: number;
  /** False: these bytes are no export, or not to their end. */
  take(bytes: Uint8Array): boolean;
  /** What was gained and not settled, by counter key. */
  gains(): Iterable<Pick<Entry, 'family' | 'key' | 'gained'>>;
  /** Connections that died with their process, and were not settled. */
  died(): readonly OpenGroup[];
  /** Events of series above the bound, which are told by nothing else; not settled. */
  readonly beyond: number;
  /** Where to go on from, by id, of all that changed; undefined: no more. */
  positions(): ReadonlyMap<string, string | undefined>;
  /** All ids that may have a position. */
  ids(): Iterable<string>;
  /** What gains, died, beyond and positions told is on the disk. */
  settle(): void;
  /** All connections are closed with the process. */
  die(): void;
  /** Requests to a cluster, and those of them that were gRPC. */
  requestsTo(cluster: string): { readonly all: number; readonly grpc: number };
  /** Who used a cluster by which route, since the last time that anything did and was not settled. */
  sharesOf(cluster: string): readonly ClusterShare[];
  /** The key of most requests to a cluster that were not settled, else of the last ones. */
  mostTo(cluster: string): CounterKey | undefined;
  restore(start: number, positions: ReadonlyMap<string, string>): void;
}

interface Series {
  /** Undefined: not read. */
  readonly entry: Entry | undefined;
  readonly slot: number;
  value: number;
  /** The last export that had it. */
  seenIn: number;
}

/** Exports may overtake each other, by less than this; what is older comes from a clock that was set back. */
const overtakingMs = 60_000;
/** So many exports a cluster's numbers wait for its first user; a stream may last for hours. */
const patientExports = 5;

/** `mostSeries`: what is kept of one process; Envoy has a bound of its own for each logger. */
export function createProxyTotals(mostSeries = 30_000): ProxyTotals {
  let entries = new Map<string, Entry>();
  let table = createSeriesTable(seriesOf, mostSeries);
  const changed = new Set<Entry>();
  /** Of processes that are no more: what they counted and was not told, and the positions in it. */
  const former = new Map<string, Entry>();
  const gone = new Set<string>();
  const open = createOpenConnections();
  const clusters = new Map<string, { all: number; grpc: number }>();
  const most = new Map<string, { key: CounterKey; count: number }>();
  const shares = createClusterShares();
  /** Of clusters, which come and go with the configuration, and their numbers with them. */
  let ofClusters: Series[] = [];
  /** The export in which a cluster's numbers first grew. */
  const firstGrown = new WeakMap<Entry, number>();
  let exports = 0;
  /** Whether the export was not older than one before it. */
  let fresh = false;
  let start = 0;
  let lastTime = 0;
  let beyondNow = 0;
  let beyondBefore: number | undefined;
  let beyond = 0;

  function seriesOf(name: string, keyText: string, histogram: boolean): Series {
    const counted = countedMetric(name, keyText, histogram);
    if (counted === undefined) return { entry: undefined, slot: 0, value: 0, seenIn: 0 };
    const entry = entries.get(counted.id) ?? createEntry(counted);
    entries.set(counted.id, entry);
    const series = { entry, slot: counted.slot, value: -1, seenIn: 0 };
    if (counted.family === 'wire' || counted.family === 'sizes') ofClusters.push(series);
    return series;
  }

  /** Every export has all there is: what a cluster counted is gone with it, and a new one of its name begins at 0. */
  function forgetClusters(): void {
    for (const series of ofClusters) {
      if (series.entry === undefined || series.seenIn === exports || series.value === -1) continue;
      series.value = -1;
      series.entry.totals[series.slot] = undefined;
      changed.add(series.entry);
    }
  }

  /** Nothing says yet whose these numbers are: they are neither told nor settled. */
  function waits(entry: Entry): boolean {
    const since = firstGrown.get(entry);
    return since !== undefined && exports < since + patientExports && shares.of(entry.key.cluster).length === 0;
  }

  const ready = () => [...changed].filter((entry) => !waits(entry));

  /** A new process: what the old one counted stays gained, and is counted no further. */
  function begin(point: Point): void {
    open.die();
    start = point.start;
    for (const id of entries.keys()) gone.add(id);
    for (const entry of changed) {
      const earlier = former.get(entry.id);
      if (earlier === undefined) former.set(entry.id, entry);
      else addGains(earlier, entry);
    }
    changed.clear();
    entries = new Map();
    table = createSeriesTable(seriesOf, mostSeries);
    ofClusters = [];
    beyondBefore = 0;
  }

  function visit(point: Point): void {
    if (point.start === 0 || (point.time < lastTime && lastTime - point.time < overtakingMs)) return;
    lastTime = point.time;
    fresh = true;
    if (point.start !== start) begin(point);
    const series = table.find(point);
    if (series === undefined) {
      beyondNow += endedIn(point);
      return;
    }
    series.seenIn = exports;
    if (series.entry !== undefined && series.value !== point.value) grow(series, series.entry, point);
  }

  function grow(series: Series, entry: Entry, point: Point): void {
    const { slot } = series;
    if (isHistogram(entry.family) !== point.histogram || !isTotal(point.value)) return;
    const values = point.histogram ? readHistogram(point) : [point.value];
    if (values === undefined) return;
    series.value = point.value;
    const gain = growSlot(entry, slot, values);
    if (gain === undefined) return;
    changed.add(entry);
    const ofCluster = entry.family === 'wire' || entry.family === 'sizes';
    if (ofCluster && !firstGrown.has(entry)) firstGrown.set(entry, exports);
    if (entry.family === 'http') addRequests(entry.key, countOf(gain));
    if (!entry.tellsConnections) return;
    if (slot <= endedSlot.tcp) shares.add(entry.key, gain[0] ?? 0);
    if (slot === 0) open.opened(entry.key, gain[0] ?? 0);
    if (slot === 1) open.closed(entry.key, gain[0] ?? 0);
  }

  function addRequests(key: CounterKey, count: number): void {
    const { cluster, grpcStatus } = key;
    shares.add(key, count);
    if (count >= (most.get(cluster)?.count ?? 0)) most.set(cluster, { key, count });
    const known = clusters.get(cluster) ?? { all: 0, grpc: 0 };
    clusters.set(cluster, known);
    known.all += count;
    if (grpcStatus !== '') known.grpc += count;
  }

  return {
    get start() {
      return start;
    },
    take(bytes) {
      table.rewind();
      beyondNow = 0;
      exports += 1;
      fresh = false;
      const whole = readPoints(bytes, visit);
      if (whole && fresh) forgetClusters();
      // After a restart of ours the first export says only from where on to count.
      beyond += Math.max(0, beyondNow - (beyondBefore ?? beyondNow));
      beyondBefore = beyondNow;
      return whole;
    },
    *gains() {
      // Of a cluster that went only the position is another.
      for (const entry of [...former.values(), ...ready()]) {
        if (entry.gained.some((slot) => slot !== undefined)) yield entry;
      }
    },
    died: () => [...open.groups.values()].filter(({ died }) => died > 0),
    get beyond() {
      return beyond;
    },
    positions() {
      const positions = new Map<string, string | undefined>([...gone].map((id) => [id, undefined]));
      for (const { id, totals } of ready()) positions.set(id, totalsText(totals));
      for (const [id, group] of open.groups) {
        if (group.changed) positions.set(id, group.open === 0 ? undefined : String(group.open));
      }
      return positions;
    },
    *ids() {
      yield* gone;
      yield* entries.keys();
      yield* open.groups.keys();
    },
    settle() {
      for (const entry of ready()) {
        entry.gained.fill(undefined);
        changed.delete(entry);
      }
      former.clear();
      gone.clear();
      beyond = 0;
      open.settle();
      for (const one of most.values()) one.count = 0;
      shares.settle();
    },
    die() {
      open.die();
      exports += patientExports;
    },
    requestsTo: (cluster) => clusters.get(cluster) ?? { all: 0, grpc: 0 },
    sharesOf: shares.of,
    mostTo: (cluster) => most.get(cluster)?.key,
    restore(since, positions) {
      start = since;
      for (const [id, text] of positions) {
        const entry = restoreEntry(id, text);
        if (entry === undefined) {
          open.restore(id, text);
          continue;
        }
        entries.set(id, entry);
        const requests = entry.family === 'http' ? entry.totals[0] : undefined;
        if (requests !== undefined) addRequests(entry.key, countOf(requests));
        if (entry.tellsConnections) shares.add(entry.key, entry.totals[0]?.[0] ?? 0);
      }
      shares.settle();
    },
  };
}

/** Of a series that is not kept. */
function endedIn(point: Point): number {
  const counted = countedMetric(nameOf(point), keyOf(point), point.histogram);
  if (counted === undefined || counted.family === 'wire' || counted.family === 'sizes') return 0;
  if (!isTotal(point.value)) return 0;
  return counted.slot === endedSlot[counted.family] ? point.value : 0;
}

function isTotal(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
