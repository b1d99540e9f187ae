// What a dry run found: one sentence, then a table for each consequence, then what could not be judged. Pure. Colour is never the
// only sign: the consequence stands there in words.
import type { DryRunBody } from '../../server/wire.ts';
import { formatAge } from './age.ts';
import { type FittedColumn, formatFittedTable } from './fitted-table.ts';
import { formatHostPort } from './host-port.ts';

export interface DryRunTable {
  readonly body: DryRunBody;
  readonly wide: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly paint?: (kind: 'blocked' | 'warning' | 'external' | 'title' | 'note', text: string) => string;
}

type Effect = DryRunBody['effects'][number];
type Consequence = Effect['consequence'];

interface EffectColumn extends FittedColumn {
  readonly cell: (effect: Effect, now: number) => string;
}

const titles: Readonly<
  Record<Consequence, { readonly text: string; readonly kind: 'blocked' | 'warning' | 'external' }>
> = {
  breaks: { text: 'Would break:', kind: 'blocked' },
  'may-break': { text: 'May break, as what is not on record decides:', kind: 'warning' },
  opens: { text: 'Would open:', kind: 'warning' },
  'may-open': { text: 'May open, as what is not on record decides:', kind: 'warning' },
  moves: { text: 'Would go another way:', kind: 'external' },
};

const call: readonly EffectColumn[] = [
  { title: 'WORKLOAD', cell: ({ source }) => `${source.namespace}/${source.workload}` },
  { title: 'HOST', cell: ({ destination }) => formatHostPort(destination) },
  { title: 'PROTOCOL', cell: ({ protocol }) => protocol },
  { title: 'SEEN', cell: ({ requests, connections }) => String(requests + connections) },
  { title: 'LAST SEEN', cell: ({ lastSeen }, now) => formatAge(lastSeen, now) },
];
const sees: EffectColumn = { title: 'SEES', cell: ({ changed }) => String(changed.sees ?? '-') };
const when: EffectColumn = { title: 'IF', cell: (effect) => effect.when.join(' and ') || '-' };
const object: EffectColumn = { title: 'OBJECT', cell: ({ changed }) => changed.object };
const reason: EffectColumn = { title: 'REASON', cell: ({ changed }) => changed.reason ?? '-' };
const now: EffectColumn = { title: 'NOW', cell: ({ present }) => wayText(present) };
const then: EffectColumn = { title: 'THEN', cell: ({ changed }) => wayText(changed) };

const further: Readonly<Record<Consequence, readonly EffectColumn[]>> = {
  breaks: [sees, object],
  'may-break': [sees, object, when],
  opens: [object],
  'may-open': [object, when],
  moves: [now, then, object],
};

export function formatDryRun({ body, wide, now: at, paint = (_, text) => text }: DryRunTable): readonly string[] {
  const groups = Object.groupBy(body.effects, ({ consequence }) => consequence);
  const tables = Object.entries(titles).flatMap(([consequence, { text, kind }]) => {
    const effects = groups[consequence as Consequence] ?? [];
    if (effects.length === 0) return [];
    const columns = [...call, ...further[consequence as Consequence], ...(wide ? [reason] : [])];
    const rows = effects.map((effect) => columns.map((column) => column.cell(effect, at)));
    const lines = formatFittedTable({ columns, rows, gap: 3, width: Number.POSITIVE_INFINITY });
    const { calls } = body.summary[consequence as Consequence];
    const more = effects.length === calls ? [] : [`… those of most traffic; there are ${calls - effects.length} more`];
    return ['', paint(kind, text), ...lines, ...more];
  });
  return [headline(body), ...tables, ...notJudged(body).map((line) => paint('note', line))];
}

function headline({ summary, judged, since }: DryRunBody): string {
  const { breaks, opens, moves } = summary;
  const said = [
    breaks.hosts === 0
      ? 'nothing would break'
      : `${workloads(breaks.workloads)} and ${hosts(breaks.hosts)} would break`,
    ...mayText(summary['may-break'], 'may break'),
    opens.hosts === 0 ? 'nothing more would open' : `${opens.hosts} more would open`,
    ...mayText(summary['may-open'], 'may open'),
    ...(moves.hosts === 0 ? [] : [`${hosts(moves.hosts)} would be reached another way`]),
  ];
  return `Of ${counted(judged, 'flow')} since ${since}: ${said.join(', ')}.`;
}

function mayText({ hosts: count }: { readonly hosts: number }, words: string): readonly string[] {
  return count === 0 ? [] : [`${hosts(count)} ${words}`];
}

function notJudged({ notJudged: { gone, other, entering } }: DryRunBody): readonly string[] {
  const lines = [
    gone === 0 ? [] : [`${counted(gone, 'flow')} of workloads that are gone`],
    other === 0 ? [] : [`${counted(other, 'flow')} to hosts that were not told apart`],
    entering === 0 ? [] : [`${counted(entering, 'flow')} that came in by a gateway from outside`],
  ].flat();
  return lines.length === 0 ? [] : ['', `Not judged: ${lines.join('; ')}.`];
}

function wayText({ via, tls, leaves }: Effect['present']): string {
  if (!leaves) return 'stopped';
  const by = via.length === 0 ? 'at once' : `by ${via.join(', ')}`;
  return tls === 'as-sent' ? by : `${by}, TLS ${tls}`;
}

const workloads = (count: number) => counted(count, 'workload');
const hosts = (count: number) => counted(count, 'host');

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
