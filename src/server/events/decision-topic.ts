// Decisions as they are committed. Each message has the id behind which a reader that comes back goes on.
import type { LedgerReader } from '../../telemetry/ledger.ts';
import { decisionBody } from '../decision-body.ts';
import type { DecisionsBody, DroppedBody } from '../wire.ts';
import { type DecisionFilter, decisionCursor } from './decision-cursor.ts';
import type { OpenTopic, ServerSentEvent } from './topic.ts';

/** `countDropped` hears of decisions that were no longer kept when the reader came for them. */
export function decisionTopic(
  traffic: LedgerReader,
  filter: DecisionFilter,
  afterId: number,
  countDropped: (messages: number) => void,
): OpenTopic {
  return (ring) => {
    const next = decisionCursor(traffic, filter, afterId);
    const unsubscribe = traffic.subscribe(({ decisions }) => {
      if (decisions.length > 0) ring();
    });
    return {
      take() {
        const part = next();
        if (part === undefined) return [];
        const { decisions, lastId, missed } = part;
        const messages: ServerSentEvent[] = [];
        if (missed > 0) {
          countDropped(missed);
          const body: DroppedBody = { topic: 'decisions', messages: missed };
          messages.push({ event: 'dropped', data: JSON.stringify(body) });
        }
        if (decisions.length > 0) {
          const body: DecisionsBody = { decisions: decisions.map(decisionBody), lastId };
          messages.push({ event: 'decisions', id: String(lastId), data: JSON.stringify(body) });
        }
        return messages;
      },
      ended: () => false,
      close: unsubscribe,
    };
  };
}
