// The records of one reading. Those that are the same in all that is told of them become one decision with a count, and
// one observation for each minute, as finely as flows are kept. Invariant: what they add up to stays the same.
import type { NewDecision } from '../../decision.ts';
import type { Observation } from '../../observation.ts';
import type { EventRecord } from './event-record.ts';
import { type JudgedRecord, judgeRecord, judgeReported, type RecordContext } from './judged-record.ts';
import { decidingSource, decisionOf } from './record-decision.ts';
import { addRecord, emptySum, observationOf, type RecordSum } from './record-sum.ts';

export interface JoinedRecords {
  add(record: EventRecord): void;
  /** One that the counters tell of, and that people are to hear of. */
  report(record: EventRecord): void;
  decisions(): Iterable<NewDecision>;
  observations(): Iterable<Observation>;
}

type MutableDecision = { -readonly [K in keyof NewDecision]: NewDecision[K] };

const minuteMs = 60_000;

/** Of one proxy: all have the same source. */
export function createJoinedRecords(context: RecordContext): JoinedRecords {
  const source = decidingSource(context);
  const decisions = new Map<string, MutableDecision>();
  const sums = new Map<string, RecordSum>();

  function addDecision(kind: string, record: EventRecord, judged: JudgedRecord): void {
    const { signature, asked, at } = judged;
    if (signature === undefined) return;
    const { details, method, path } = record;
    const key = `${kind}\n${signature}\n${asked.address}\n${details}\n${method}\n${path}`;
    const seen = decisions.get(key);
    if (seen === undefined) {
      decisions.set(key, decisionOf({ record, judged, signature, source, registry: context.registry }));
      return;
    }
    seen.firstAt = Math.min(seen.firstAt, at);
    seen.lastAt = Math.max(seen.lastAt, at);
    seen.count += 1;
    seen.bytesSent += record.received;
    seen.bytesReceived += record.sent;
  }

  return {
    add(record) {
      const judged = judgeRecord(record, context);
      if (judged === undefined) return;
      const kind = kindOf(judged);
      addDecision(kind, record, judged);
      const inMinute = `${Math.floor(judged.at / minuteMs)}\n${kind}`;
      const sum = sums.get(inMinute) ?? emptySum(judged);
      sums.set(inMinute, sum);
      addRecord(sum, record, judged.at);
    },
    report(record) {
      const judged = judgeReported(record, context);
      addDecision(kindOf(judged), record, judged);
    },
    decisions: () => decisions.values(),
    *observations() {
      for (const sum of sums.values()) yield observationOf(sum, context.source);
    },
  };
}

function kindOf(judged: JudgedRecord): string {
  const { destination, via, by, sender, senderIdentity, mtls, protocol, outcome, connection } = judged;
  const { kind, host, port, serviceEntry } = destination;
  const { code, flags, grpcStatus } = outcome;
  const from = [via, by, sender, senderIdentity, mtls];
  const parts = [kind, host, port, serviceEntry, ...from, protocol, code, flags, grpcStatus, connection];
  return parts.join('\n');
}
