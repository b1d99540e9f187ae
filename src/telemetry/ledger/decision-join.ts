// Decisions that differ in nothing but their time, count and bytes, as one: those above the cap on hosts, of which
// nothing is left that the caller chose.
import type { NewDecision } from '../decision.ts';
import { otherHost } from '../traffic.ts';

/** In the order of the first of each. Counts and bytes are added up; nothing else is lost. */
export function joinedDecisions(decisions: Iterable<NewDecision>): readonly NewDecision[] {
  const joined = new Map<string | NewDecision, NewDecision>();
  for (const decision of decisions) {
    const key = decision.destination.host === otherHost ? sameness(decision) : decision;
    const first = joined.get(key);
    joined.set(key, first === undefined ? decision : added(first, decision));
  }
  return [...joined.values()];
}

function sameness(decision: NewDecision): string {
  return JSON.stringify({ ...decision, firstAt: 0, lastAt: 0, count: 0, bytesSent: 0, bytesReceived: 0 });
}

function added(a: NewDecision, b: NewDecision): NewDecision {
  return {
    ...a,
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    count: a.count + b.count,
    bytesSent: a.bytesSent + b.bytesSent,
    bytesReceived: a.bytesReceived + b.bytesReceived,
  };
}
