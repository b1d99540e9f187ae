// Holds what a proxy counted of its blocked and unregistered events against its records of them. Both tell of each event,
// a second apart; when counters stay ahead, records were lost (a full disk, a file that is gone), and what is missing is
// told without its host, so that totals stay exact.
// Invariant: counted minus recorded minus booked is kept with the positions, so nothing is booked twice.
import { z } from 'zod';
import type { CounterKey } from '../../xds/counter-key.ts';
import { countedById } from './counters/counted-metric.ts';

export interface LostEvents {
  readonly family: 'http' | 'tcp';
  readonly key: CounterKey;
  readonly count: number;
}

export interface Balance {
  /** What a pass adds; it counts once it is kept. */
  draft(): BalanceDraft;
  /** From a position; a damaged one is left out. */
  restore(text: string): void;
}

export interface BalanceDraft {
  /** Events of one kind, as kindOf tells it. */
  counted(kind: string, count: number): void;
  recorded(kind: string, count: number): void;
  /** A new process counts: what its predecessor wrote and did not push any more will never be counted. */
  restarted(): void;
  /**
   * What has been missing as long as no record is late, taken out of the balance. `settled`: all records have been read,
   * so that what is missing is not only unread.
   */
  lost(now: number, settled: boolean): readonly LostEvents[];
  /** For the ledger. */
  text(): string;
  keep(): void;
}

/** How long records may be later than counters, milliseconds. */
const patienceMs = 10_000;
/** Kinds of events that are held against each other; more are one. */
const mostKinds = 2000;
const otherKind = 'http;source;;;0;-;;-';

const textSchema = z.object({ ahead: z.record(z.string(), z.number().int()), restarted: z.boolean() });

export function createBalance(): Balance {
  /** By kind of event: how far counters are ahead. */
  let kept = new Map<string, number>();
  let keptRestarted = false;
  let window = emptyWindow(undefined);

  return {
    draft() {
      const ahead = new Map(kept);
      let restarted = keptRestarted;
      let quiet = true;

      function add(kind: string, count: number): void {
        quiet = false;
        addTo(ahead, ahead.has(kind) || ahead.size < mostKinds ? kind : otherKind, count);
      }

      return {
        counted: add,
        recorded: (kind, count) => add(kind, -count),
        restarted() {
          restarted = true;
          quiet = false;
        },
        lost(now, settled) {
          const total = totalOf(ahead);
          if (window.since === undefined || !settled) window = emptyWindow(now);
          window.lowest = Math.min(window.lowest, total);
          window.quiet &&= quiet;
          if (now - (window.since ?? now) < patienceMs) return [];
          const { lowest, quiet: quietWindow } = window;
          window = emptyWindow(now);
          // Under load records are always a little ahead: only what stands still will not be counted any more.
          if (quietWindow && restarted) {
            restarted = false;
            if (total < 0) takeOut(ahead, total);
          }
          return lowest > 0 ? takeOut(ahead, lowest) : [];
        },
        text: () => JSON.stringify({ ahead: Object.fromEntries(ahead), restarted }),
        keep() {
          kept = ahead;
          keptRestarted = restarted;
        },
      };
    },
    restore(text) {
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        return;
      }
      const parsed = textSchema.safeParse(json);
      if (!parsed.success) return;
      kept = new Map(Object.entries(parsed.data.ahead).filter(([kind]) => countedById(kind) !== undefined));
      keptRestarted = parsed.data.restarted;
    },
  };
}

/** As an id of counted metrics, without what only one of the two sides tells. */
export function kindOf(family: 'http' | 'tcp', key: CounterKey): string {
  const { reporter, cluster, route, code, flags, grpcStatus } = key;
  return `${family};${reporter};${cluster};${route};${code};${flags};${grpcStatus};-`;
}

function emptyWindow(since: number | undefined) {
  return { since, lowest: Number.POSITIVE_INFINITY, quiet: true };
}

function addTo(ahead: Map<string, number>, kind: string, count: number): void {
  const sum = (ahead.get(kind) ?? 0) + count;
  if (sum === 0) ahead.delete(kind);
  else ahead.set(kind, sum);
}

function totalOf(ahead: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of ahead.values()) total += count;
  return total;
}

/** Brings the total nearer to zero by `amount`, which has its sign, from the kinds that are furthest off. */
function takeOut(ahead: Map<string, number>, amount: number): readonly LostEvents[] {
  const sign = Math.sign(amount);
  let left = Math.abs(amount);
  const taken: LostEvents[] = [];
  for (const [kind, count] of [...ahead].sort(([, a], [, b]) => sign * (b - a))) {
    const part = Math.min(left, sign * count);
    if (part <= 0) break;
    left -= part;
    addTo(ahead, kind, -sign * part);
    const counted = countedById(kind);
    const { family, key } = counted ?? {};
    if (key !== undefined && (family === 'http' || family === 'tcp')) taken.push({ family, key, count: part });
  }
  return taken;
}
