// What became of the calls since the last summary, in one line.
import type { HttpOutcome } from '../program/http-client.ts';

export interface Summary {
  add(outcome: HttpOutcome): void;
  /** A call that was due and not made. */
  leftOut(): void;
  /** `20 requests: 18 × 200, 2 × 502 blocked by its sidecar; 4 ms on average, 12 ms at most`; starts anew. */
  take(): string;
}

export function createSummary(): Summary {
  let times: number[] = [];
  let results = new Map<string, number>();
  let skipped = 0;
  return {
    add(outcome) {
      const result = resultOf(outcome);
      times.push(outcome.ms);
      results.set(result, (results.get(result) ?? 0) + 1);
    },
    leftOut() {
      skipped += 1;
    },
    take() {
      const text = describe(times, results, skipped);
      times = [];
      results = new Map();
      skipped = 0;
      return text;
    },
  };
}

function resultOf(outcome: HttpOutcome): string {
  if (outcome.kind === 'failure') return outcome.reason;
  return outcome.blocked ? `${outcome.status} blocked by its sidecar` : String(outcome.status);
}

function describe(times: readonly number[], results: ReadonlyMap<string, number>, skipped: number): string {
  const left = skipped > 0 ? `; ${skipped} left out, too many were open` : '';
  if (times.length === 0) return `no answers yet${left}`;
  const byCount = [...results].sort(([, one], [, other]) => other - one);
  const list = byCount.map(([result, count]) => `${count} × ${result}`).join(', ');
  const average = Math.round(times.reduce((sum, ms) => sum + ms, 0) / times.length);
  const requests = times.length === 1 ? '1 request' : `${times.length} requests`;
  return `${requests}: ${list}; ${average} ms on average, ${Math.max(...times)} ms at most${left}`;
}
