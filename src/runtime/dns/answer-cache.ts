// Answers of the host's resolvers, kept for some seconds so that bursts of the same question cost one. The key is the
// whole query but its id: case, flags and EDNS options make another question. Times to live are passed on as they
// came: an asker may keep an answer longer than its time by what it spent here, at most `longestMs`.
import { decode } from 'dns-packet';

const longestMs = 5_000;
const mostAnswers = 1_000;
const noError = 0;
const noSuchName = 3;

export interface AnswerCache {
  get(query: Buffer): Buffer | undefined;
  /** Keeps answers and "no such name"; not failures, nor what cannot be read. */
  set(query: Buffer, answer: Buffer): void;
}

/** `now` in milliseconds. */
export function createAnswerCache(now: () => number = () => performance.now()): AnswerCache {
  const answers = new Map<string, { readonly answer: Buffer; readonly until: number }>();
  return {
    get(query) {
      const key = keyOf(query);
      const kept = answers.get(key);
      if (kept === undefined) return undefined;
      if (kept.until > now()) return withId(kept.answer, query);
      answers.delete(key);
      return undefined;
    },
    set(query, answer) {
      const lifeMs = Math.min(secondsToLive(answer) * 1000, longestMs);
      if (lifeMs <= 0) return;
      const key = keyOf(query);
      answers.delete(key);
      answers.set(key, { answer, until: now() + lifeMs });
      for (const oldest of answers.keys()) {
        if (answers.size <= mostAnswers) break;
        answers.delete(oldest);
      }
    },
  };
}

function keyOf(query: Buffer): string {
  return query.toString('latin1', 2);
}

function withId(answer: Buffer, query: Buffer): Buffer {
  const copy = Buffer.from(answer);
  query.copy(copy, 0, 0, 2);
  return copy;
}

/** The shortest time of all records; 0 for what is not to be kept. */
function secondsToLive(answer: Buffer): number {
  const code = (answer[3] ?? 0) & 0x0f;
  if (code !== noError && code !== noSuchName) return 0;
  try {
    const { answers = [], authorities = [] } = decode(answer);
    const times = [...answers, ...authorities].map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0));
    return times.length === 0 ? 0 : Math.min(...times);
  } catch {
    return 0;
  }
}
