// What the live view shows at one moment: a line of what is seen, a line of sums, the table, and what found no room. Pure.
// Where not all flows fit, those that want a person's eye stay: blocked, then passed unregistered, then the fastest.
import type { FlowBody } from '../../server/wire.ts';
import { threeDigits } from './byte-size.ts';
import { formatTraffic, type TrafficTable } from './traffic-table.ts';

export interface TrafficFrame extends Omit<TrafficTable, 'width' | 'paint'> {
  /** What is asked for: `last 5m, all namespaces`. */
  readonly title: string;
  /** Of the terminal. */
  readonly width: number;
  readonly height: number;
  /** Below the table: notes, what is wrong. */
  readonly notes: readonly string[];
  /** Where there is nothing. */
  readonly empty: string;
  readonly paint: (kind: Parameters<NonNullable<TrafficTable['paint']>>[0] | 'title' | 'note', text: string) => string;
}

export function trafficFrame(frame: TrafficFrame): readonly string[] {
  const { flows, title, width, height, notes, empty, paint, now } = frame;
  const time = new Date(now).toTimeString().slice(0, 8);
  const head = [paint('title', ends(`sallyport traffic: ${title}`, `${time}  q quits`, width)), sums(frame), ''];
  const foot = notes.map((note) => paint('note', note.slice(0, width)));
  // The header is a line too.
  const room = Math.max(1, height - head.length - foot.length - 1);
  const fits = flows.length <= room;
  const shown = fits ? flows : mostTelling(frame, room - 1);
  const hidden = flows.length - shown.length;
  const table = flows.length === 0 ? [empty.slice(0, width)] : formatTraffic({ ...frame, flows: shown });
  const more = hidden === 0 ? [] : [paint('note', `… and ${hidden} more; -n NAMESPACE shows fewer`.slice(0, width))];
  return [...head, ...table, ...more, ...foot];
}

/** `12 flows   41.2/s   2 blocked   1 passthrough` */
function sums({ flows, rate, paint, width }: TrafficFrame): string {
  const rates = flows.map(rate).filter((one) => one !== undefined);
  const total = rates.reduce((sum, one) => sum + one, 0);
  const plain = [`${flows.length} ${flows.length === 1 ? 'flow' : 'flows'}`];
  if (rates.length > 0) plain.push(`${threeDigits(total)}/s`);
  const telling = (['blocked', 'passthrough'] as const)
    .map((kind) => ({ kind, count: flows.filter(({ destination }) => destination.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => ({ kind, text: `${count} ${kind}` }));
  const text = [...plain, ...telling.map((one) => one.text)].join(gap);
  if (text.length > width) return text.slice(0, width);
  return [...plain, ...telling.map((one) => paint(one.kind, one.text))].join(gap);
}

const gap = '   ';

const ranks = { blocked: 0, passthrough: 1, external: 2, service: 2 } as const;

/** So many of them, in the order they had: rows that jump cannot be read. */
function mostTelling({ flows, rate }: TrafficFrame, count: number): readonly FlowBody[] {
  const telling = flows.toSorted((left, right) => {
    const byKind = ranks[left.destination.kind] - ranks[right.destination.kind];
    return byKind || (rate(right) ?? 0) - (rate(left) ?? 0) || right.lastSeen.localeCompare(left.lastSeen);
  });
  const kept = new Set(telling.slice(0, count));
  return flows.filter((flow) => kept.has(flow));
}

/** Two texts at the two ends of a line. */
function ends(left: string, right: string, width: number): string {
  const room = width - left.length - right.length;
  return room > 0 ? left + ' '.repeat(room) + right : left.slice(0, width);
}
