// A decision made fit to be kept.
import type { NewDecision } from '../decision.ts';
import { cleanCount, cleanDestination, cleanOutcome, cleanText } from './clean.ts';

export function cleanDecision(decision: NewDecision): NewDecision {
  const { method, path, callerIdentity } = decision;
  // Of what is decided about only the name is told.
  const { workload: _workload, ...destination } = cleanDestination(decision.destination);
  return {
    ...decision,
    firstAt: cleanCount(decision.firstAt),
    lastAt: cleanCount(decision.lastAt),
    count: cleanCount(decision.count),
    ...(callerIdentity === undefined ? {} : { callerIdentity: cleanText(callerIdentity) }),
    destination,
    address: cleanText(decision.address),
    outcome: cleanOutcome(decision.outcome),
    reason: cleanText(decision.reason),
    details: cleanText(decision.details),
    ...(method === undefined ? {} : { method: cleanText(method) }),
    ...(path === undefined ? {} : { path: cleanText(path) }),
    bytesSent: cleanCount(decision.bytesSent),
    bytesReceived: cleanCount(decision.bytesReceived),
  };
}
