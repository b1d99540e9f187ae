// The records of one proxy: read on from a position, and kept until they have been told and are on the disk.

import type { Logger } from '../../../platform/log.ts';
import { type BalanceDraft, kindOf } from '../balance.ts';
import { addDropped, type BatchParts } from '../batch-parts.ts';
import type { Caller } from '../caller.ts';
import type { Meanings } from '../meanings.ts';
import type { Registry } from '../registry.ts';
import { tellerOf } from '../teller.ts';
import { parseRecord } from './event-record.ts';
import { createJoinedRecords, type JoinedRecords } from './joined-records.ts';
import { parsePosition, positionText, type RecordPosition } from './record-position.ts';
import { createRecordReader, type Reading, type RecordReader } from './record-reader.ts';

export interface ProxyRecordsOptions {
  readonly registry: Registry;
  readonly meanings: Meanings;
  /** What is read into. */
  readonly chunk: Buffer;
  readonly log: Logger;
  /** Of an earlier run. */
  readonly path?: string;
  readonly position?: string;
}

export interface ProxyRecords {
  /** Where they are; empty if that is not known. */
  readonly path: string;
  /** The records are in this file. One that was read until now is read to its end before. */
  file(path: string): void;
  /** Reads at most about `limit` bytes, unless what was read is not settled; returns how many. Throws system errors. */
  read(limit: number, caller: Caller, now: number): Promise<number>;
  /** Whether all that is there has been read. */
  readonly atEnd: boolean;
  /** Whether the ledger has another position. */
  readonly changed: boolean;
  readonly position: string | undefined;
  tell(batch: BatchParts, balance: BalanceDraft): void;
  settle(): void;
}

interface Unsettled {
  readonly reading: Reading;
  readonly joined: JoinedRecords;
  /** How many of each kind, as counters tell of them too. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly unreadable: number;
}

export function createProxyRecords(options: ProxyRecordsOptions): ProxyRecords {
  const { registry, meanings, chunk, log } = options;
  let path = options.path ?? '';
  /** Of a later pod of this name: it has a folder of its own. */
  let nextPath = path;
  let reader: RecordReader = createRecordReader(path, chunk);
  let position = options.position === undefined ? undefined : parsePosition(options.position);
  let keptText = options.position;
  let unsettled: Unsettled | undefined;
  let atEnd = path === '';

  function turnTo(file: string): void {
    path = file;
    position = undefined;
    reader = createRecordReader(path, chunk);
  }

  const positionNow = () => (unsettled === undefined ? position : unsettled.reading.position);

  return {
    get path() {
      return path;
    },
    file(now) {
      nextPath = now;
      if (path === '') turnTo(now);
    },
    async read(limit, caller, now) {
      if (unsettled !== undefined || path === '') return 0;
      atEnd = false;
      const joined = createJoinedRecords({ ...caller, meanings, registry, now });
      const kinds = new Map<string, number>();
      let unreadable = 0;
      const take = (line: string): void => {
        const record = parseRecord(line);
        if (record === undefined) unreadable += 1;
        else if (record.reported) joined.report(record);
        if (record !== undefined && tellerOf(record.key, record.family) === 'records') {
          const kind = kindOf(record.family, record.key);
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
          joined.add(record);
        }
      };
      const reading = await reader.read(position, limit, take).catch((error: unknown) => {
        // What cannot be read of an earlier pod does not hold up the later one.
        if (path !== nextPath) turnTo(nextPath);
        throw error;
      });
      atEnd = reading.atEnd && path === nextPath;
      // How many there were the counters will tell.
      if (reading.lost) log.warn({ file: path }, 'records that were not read are gone');
      unsettled = { reading, joined, kinds, unreadable: unreadable + reading.unreadable };
      return reading.bytes;
    },
    get atEnd() {
      return atEnd;
    },
    get changed() {
      return textOf(positionNow()) !== keptText;
    },
    get position() {
      return textOf(positionNow());
    },
    tell(batch, balance) {
      if (unsettled === undefined) return;
      for (const [kind, count] of unsettled.kinds) balance.recorded(kind, count);
      for (const decision of unsettled.joined.decisions()) batch.decisions.push(decision);
      for (const observation of unsettled.joined.observations()) batch.observations.push(observation);
      addDropped(batch, 'unreadable-record', unsettled.unreadable);
    },
    settle() {
      if (unsettled === undefined) return;
      const { reading } = unsettled;
      position = reading.position;
      keptText = textOf(position);
      unsettled = undefined;
      if (reading.atEnd && path !== nextPath) turnTo(nextPath);
    },
  };
}

function textOf(position: RecordPosition | undefined): string | undefined {
  return position === undefined ? undefined : positionText(position);
}
