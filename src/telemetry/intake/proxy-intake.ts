// What one proxy tells: its counters, and its records from where the ledger says on, together as a part of a batch.
// Invariant: nothing counts as told before `settle`; until then the same is told again, and no more is read.

import type { Logger } from '../../platform/log.ts';
import { type BalanceDraft, createBalance, kindOf } from './balance.ts';
import { addDropped, type BatchParts } from './batch-parts.ts';
import type { Caller } from './caller.ts';
import { endedSlot } from './counters/counted-metric.ts';
import type { Entry } from './counters/counter-entry.ts';
import { observeDied, observeGain, observeLost } from './counters/counter-observations.ts';
import { createProxyTotals } from './counters/proxy-totals.ts';
import { countOf } from './histogram.ts';
import type { Meanings } from './meanings.ts';
import { headPosition, headText, type KeptProxy, recordsPosition, totalsPosition } from './positions.ts';
import { createProxyRecords } from './records/proxy-records.ts';
import type { Registry } from './registry.ts';
import { tellerOf } from './teller.ts';

export interface ProxyIntakeOptions {
  /** `namespace/pod` */
  readonly name: string;
  readonly caller: Caller;
  readonly registry: Registry;
  readonly meanings: Meanings;
  /** What records are read into; larger than the longest line. */
  readonly chunk: Buffer;
  readonly log: Logger;
  /** Of an earlier run. */
  readonly kept?: KeptProxy;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface ProxyIntake {
  /** It is there, and its records are in this file. */
  present(caller: Caller, recordsFile: string, now: number): void;
  /** False: these bytes are no export. */
  take(caller: Caller, bytes: Uint8Array, now: number): boolean;
  /** Reads on in the records; returns the number of bytes. Throws Node's system errors. */
  read(limit: number, now: number): Promise<number>;
  /** More was there than might be read. */
  readonly behind: boolean;
  /** Tells what is new. */
  tell(batch: BatchParts, now: number): void;
  /** What was told is on the disk. Whether this was the last of it. */
  settle(): boolean;
}

/** A proxy that nobody speaks of any more is gone after this. */
const goneMs = 30_000;
/** Even if its records cannot be read. */
const givenUpMs = 600_000;

export function createProxyIntake(options: ProxyIntakeOptions): ProxyIntake {
  const { name, registry, meanings, kept } = options;
  const totals = createProxyTotals();
  const balance = createBalance();
  const records = createProxyRecords({ ...options, ...readFrom(kept) });
  let { caller } = options;
  let keptHead = kept === undefined ? '' : headText(kept.head);
  let keptStart = kept?.head.start ?? 0;
  let heardAt = options.now;
  let told: { readonly balance: BalanceDraft; readonly head: string; readonly last: boolean } | undefined;
  if (kept !== undefined) {
    totals.restore(kept.head.start, kept.totals);
    balance.restore(kept.head.balance);
  }

  function tellCounters(batch: BatchParts, draft: BalanceDraft): void {
    const context = { caller, totals, meanings, registry, at: heardAt };
    for (const gain of totals.gains()) {
      const { family, key } = gain;
      const teller = family === 'wire' || family === 'sizes' ? 'counters' : tellerOf(key, family);
      if (teller === 'counters') batch.observations.push(...observeGain(context, gain));
      else if (teller === 'records' && (family === 'http' || family === 'tcp'))
        draft.counted(kindOf(family, key), endedIn(gain));
    }
    for (const group of totals.died()) batch.observations.push(observeDied(context, group));
    addDropped(batch, 'series-cap', totals.beyond);
    if (totals.start !== keptStart) draft.restarted();
  }

  function tellLost(batch: BatchParts, draft: BalanceDraft, now: number): void {
    const context = { caller, totals, meanings, registry, at: now };
    for (const lost of draft.lost(now, records.atEnd)) {
      batch.observations.push(observeLost(context, lost));
      addDropped(batch, 'record-lost', lost.count);
    }
  }

  function tellPositions(batch: BatchParts, head: string, last: boolean): void {
    for (const [id, text] of totals.positions()) batch.positions.set(totalsPosition(name, id), text);
    if (records.changed) batch.positions.set(recordsPosition(name), records.position);
    if (head !== keptHead) batch.positions.set(headPosition(name), head);
    if (!last) return;
    for (const id of totals.ids()) batch.positions.set(totalsPosition(name, id), undefined);
    batch.positions.set(recordsPosition(name), undefined);
    batch.positions.set(headPosition(name), undefined);
  }

  return {
    present(proved, recordsFile, now) {
      caller = proved;
      heardAt = now;
      records.file(recordsFile);
    },
    take(proved, bytes, now) {
      caller = proved;
      heardAt = now;
      return totals.take(bytes);
    },
    read: (limit, now) => records.read(limit, caller, now),
    get behind() {
      return !records.atEnd;
    },
    tell(batch, now) {
      const silentMs = now - heardAt;
      const last = silentMs >= givenUpMs || (silentMs >= goneMs && records.atEnd);
      if (last) totals.die();
      const draft = balance.draft();
      tellCounters(batch, draft);
      records.tell(batch, draft);
      tellLost(batch, draft, now);
      const head = headText({ caller, start: totals.start, recordsFile: records.path, balance: draft.text() });
      tellPositions(batch, head, last);
      told = { balance: draft, head, last };
    },
    settle() {
      if (told === undefined) return false;
      const { balance: draft, head, last } = told;
      draft.keep();
      totals.settle();
      records.settle();
      keptHead = head;
      keptStart = totals.start;
      told = undefined;
      return last;
    },
  };
}

function readFrom(kept: KeptProxy | undefined) {
  if (kept === undefined) return {};
  const { head, records } = kept;
  return { path: head.recordsFile, ...(records === undefined ? {} : { position: records }) };
}

/** Events that are over. */
function endedIn({ family, gained }: Pick<Entry, 'family' | 'gained'>): number {
  if (family === 'http') return countOf(gained[endedSlot.http] ?? []);
  return family === 'tcp' ? (gained[endedSlot.tcp]?.[0] ?? 0) : 0;
}
