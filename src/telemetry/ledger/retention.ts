// What a sweep does: minutes that are told no longer go into their hours, what is older than it is kept goes, and where
// the file has outgrown its bound, the oldest hours of flows go before their time. Decisions do not give way to flows:
// who floods the one shall not wipe out the other. Each call is a bounded piece of work beside the pushes to proxies.
import { createBucketAgeing } from './bucket-ageing.ts';
import type { LedgerContext } from './context.ts';
import type { DecisionTable } from './decision-table.ts';
import type { FlowParts } from './flow-buckets.ts';
import type { HostCap } from './host-cap.ts';
import { numberIn } from './row.ts';
import type { SeriesBook } from './series-book.ts';
import { hour, minute, startOf } from './spans.ts';

export interface Retention {
  /** Part of a commit of so many observations: as much is joined as is written, however seldom there is a sweep. */
  keepUp(observations: number): void;
  /** Within a transaction. */
  sweep(now: number): void;
  /** Gives pages that are free back to the file system; outside of a transaction. */
  shrink(): void;
}

interface Kept extends FlowParts {
  readonly cap: HostCap;
  readonly series: SeriesBook;
  readonly decisions: DecisionTable;
}

/** Of each kind, in one call: together about thirty milliseconds at the most. */
const removedPerSweep = 5000;
const joinedPerSweep = 2000;
const decisionsPerSweep = 1000;
const textsPerSweep = 500;
/** Before their time. */
const hoursPerSweep = 8;
/** Free pages that are left to be used again, and how many more are given back in one call. */
const sparePages = 1000;
const pagesPerSweep = 250;

export function createRetention(context: LedgerContext, kept: Kept): Retention {
  const { database, bounds } = context;
  const { identities, outcomes, open, horizons, cap, series, decisions } = kept;
  const buckets = createBucketAgeing(context);
  const pageCount = database.prepare('PRAGMA page_count');
  const freePages = database.prepare('PRAGMA freelist_count');
  const pageSize = pragmaNumber(database.prepare('PRAGMA page_size').get(), 'page_size');

  function free(): number {
    return pragmaNumber(freePages.get(), 'freelist_count');
  }

  function isTooLarge(): boolean {
    const used = pragmaNumber(pageCount.get(), 'page_count') - free();
    return used * pageSize > bounds.fileBytes;
  }

  function makeRoom(now: number): void {
    for (let hours = 0; hours < hoursPerSweep && isTooLarge(); hours += 1) {
      const oldest = buckets.oldestHour();
      if (oldest === undefined || oldest >= startOf(now, hour)) return;
      horizons.advance(hour, oldest + hour);
      if (!buckets.removeHours(oldest + hour, removedPerSweep)) return;
    }
  }

  function expireTexts(lastKept: number): void {
    const before = horizons.before(hour);
    // A flow with connections that are open is told of, however old.
    const isOpen = (flow: number) => open.now(flow) !== undefined;
    for (const flow of identities.expire(before, textsPerSweep, isOpen).keys()) {
      open.forget(flow);
      outcomes.forget(flow);
    }
    outcomes.expire(before, textsPerSweep);
    cap.expire({ hosts: before, seriesHosts: lastKept }, textsPerSweep);
    series.expire(lastKept, textsPerSweep);
  }

  return {
    keepUp(observations) {
      buckets.joinMinutes(horizons.before(minute), 2 * observations);
    },
    sweep(now) {
      const lastKept = startOf(now - bounds.keptMs, hour);
      horizons.advance(hour, lastKept);
      horizons.advance(minute, startOf(now - bounds.minutesKeptMs, minute));
      buckets.joinMinutes(horizons.before(minute), joinedPerSweep);
      // Only when no row stands in the file for nothing.
      if (buckets.removeHours(horizons.before(hour), removedPerSweep)) makeRoom(now);
      decisions.expire(now - bounds.keptMs, decisionsPerSweep);
      expireTexts(lastKept);
    },
    shrink() {
      const surplus = Math.min(free() - sparePages, pagesPerSweep);
      if (surplus > 0) database.exec(`PRAGMA incremental_vacuum(${surplus})`);
    },
  };
}

function pragmaNumber(row: Parameters<typeof numberIn>[0] | undefined, name: string): number {
  return row === undefined ? 0 : numberIn(row, name);
}
