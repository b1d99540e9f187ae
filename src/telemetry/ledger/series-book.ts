// Metric series: totals since the ledger was made, in memory for who scrapes and on the disk for the next start, so
// that Prometheus sees no reset. A series goes when nothing was added to it for as long as anything is kept.
// Invariants: of all that was fed, each event is in one series or counted as dropped; one workload cannot use up the
// series of the others, nor hosts that nobody registered those of registered ones.
import { seriesLabels } from '../metrics/series-labels.ts';
import type { Observation } from '../observation.ts';
import type { MetricSeries, SeriesLabels } from '../series.ts';
import type { LedgerContext } from './context.ts';
import { createDictionary } from './dictionary.ts';
import { type HostCap, isChosen, other } from './host-cap.ts';
import { numberIn, textIn } from './row.ts';
import { addedTo, emptySeries } from './series-sum.ts';
import { nameText, readName, readTotals, type SeriesName, totalsText } from './series-text.ts';
import { hour, startOf } from './spans.ts';

export interface SeriesBook {
  /** Adds what metrics tell of these; the number of events for which there was no series left. */
  add(observations: Iterable<Observation>): number;
  all(): Iterable<MetricSeries>;
  /** Takes away at most `limit` series that were last added to before this hour. */
  expire(before: number, limit: number): void;
}

/** Of all series those that one workload may have. */
const workloadShare = 0.25;
/** Of the series of a workload and of all those that may name a host that nobody registered. */
const chosenShare = 0.5;

export function createSeriesBook(context: LedgerContext, cap: HostCap): SeriesBook {
  const { database, staging, bounds } = context;
  const write = database.prepare('REPLACE INTO series_totals VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM series_totals WHERE id = ?');
  const names = createDictionary(context, 'series', (text) => text);
  const totals = staging.map(new Map<number, MetricSeries>());
  /** How many series each workload has. */
  const held = staging.map(new Map<string, number>());

  for (const row of database.prepare('SELECT id, totals FROM series_totals').all()) {
    const id = numberIn(row, 'id');
    const series = readTotals(readName(names.values.get(id) ?? ''), textIn(row, 'totals'));
    totals.set(id, series);
    hold(series, 1);
  }
  staging.settle();

  function hold({ labels }: SeriesName, difference: number): void {
    const workload = holder(labels);
    const count = (held.get(workload) ?? 0) + difference;
    if (count > 0) held.set(workload, count);
    else held.delete(workload);
  }

  /** The number of the observation's series; undefined if it has none and finds no place. */
  function seriesOf(observation: Observation): number | undefined {
    const name = seriesLabels(observation);
    const text = nameText(name);
    const inHour = startOf(observation.at, hour);
    const known = names.find(text, inHour);
    if (known !== undefined) return known;
    const room = bounds.series * (isChosen(observation.destination) ? chosenShare : 1);
    if (names.size >= room || (held.get(holder(name.labels)) ?? 0) >= room * workloadShare) return undefined;
    const id = names.add(text, inHour);
    totals.set(id, emptySeries(name));
    hold(name, 1);
    return id;
  }

  function placed(observation: Observation): number | undefined {
    const { destination } = observation;
    const id = seriesOf(observation);
    if (id !== undefined || !isChosen(destination)) return id;
    return seriesOf({ ...observation, destination: other(destination) });
  }

  return {
    add(observations) {
      const touched = new Map<number, MetricSeries>();
      let dropped = 0;
      for (const observation of observations) {
        if (observation.metrics === undefined) continue;
        const id = placed(cap.seriesObservation(observation));
        const series = id === undefined ? undefined : (touched.get(id) ?? totals.get(id));
        if (id === undefined || series === undefined) {
          dropped += observation.requests + observation.opened + observation.closed;
        } else {
          touched.set(id, addedTo(series, observation));
        }
      }
      for (const [id, series] of touched) {
        write.run(id, totalsText(series));
        totals.set(id, series);
      }
      return dropped;
    },
    all: () => totals.committed.values(),
    expire(before, limit) {
      for (const id of names.expire(before, limit).keys()) {
        const series = totals.get(id);
        if (series !== undefined) hold(series, -1);
        remove.run(id);
        totals.delete(id);
      }
    },
  };
}

/** The workload whose proxy tells of it. */
function holder(labels: SeriesLabels): string {
  const end = labels['reporter'] === 'destination' ? 'destination' : 'source';
  return `${labels[`${end}_workload_namespace`]}/${labels[`${end}_workload`]}`;
}
