// Alerts as a table, or line by line as they come. Pure. Colour is never the only sign: the severity stands there in words.
import type { AlertBody } from '../../server/wire.ts';
import { formatAge } from './age.ts';
import { type FittedColumn, formatFittedTable } from './fitted-table.ts';
import { formatHostPort } from './host-port.ts';
import { oneLine } from './table.ts';

export interface AlertTable {
  readonly alerts: readonly AlertBody[];
  readonly wide: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly paint?: (severity: AlertBody['severity'], text: string) => string;
}

interface AlertColumn extends FittedColumn {
  readonly cell: (alert: AlertBody, now: number) => string;
}

const reason: AlertColumn = { title: 'REASON', cell: (alert) => alert.reason };

const columns: readonly AlertColumn[] = [
  { title: 'ID', cell: ({ id }) => String(id) },
  { title: 'SEVERITY', cell: ({ severity }) => severity },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'SOURCE', cell: sourceName },
  { title: 'DESTINATION', cell: ({ destination }) => formatHostPort(destination) },
  { title: 'COUNT', cell: ({ count }) => String(count) },
  { title: 'LAST SEEN', cell: ({ lastAt }, now) => formatAge(lastAt, now) },
];

const wideColumns: readonly AlertColumn[] = [
  { title: 'FIRST SEEN', cell: ({ firstAt }, now) => formatAge(firstAt, now) },
  { title: 'PROTOCOL', cell: ({ protocol }) => protocol },
  { title: 'IDENTITY', cell: ({ source }) => source.identity },
  reason,
  { title: 'NEXT', cell: ({ next }) => next.join('; ') },
];

/** The header and a line for each. */
export function formatAlerts({ alerts, wide, now, paint }: AlertTable): readonly string[] {
  const shown = [...columns, ...(wide ? wideColumns : [reason])];
  return formatFittedTable({
    columns: shown,
    rows: alerts.map((alert) => shown.map((column) => column.cell(alert, now))),
    gap: 3,
    width: Number.POSITIVE_INFINITY,
    ...(paint === undefined
      ? {}
      : {
          paint(text, row, { title }) {
            const alert = alerts[row];
            return alert === undefined || title !== 'SEVERITY' ? text : paint(alert.severity, text);
          },
        }),
  });
}

/** `2026-01-01T00:00:05.000Z  critical  open  blocked-burst  #3  shop/web  evil.test:443  ×5  attempted …` */
export function alertLine(alert: AlertBody, paint: NonNullable<AlertTable['paint']>): string {
  const { id, severity, state, kind, lastAt, destination, count } = alert;
  return [
    lastAt,
    paint(severity, severity.padEnd('critical'.length)),
    state,
    kind,
    `#${id}`,
    ...[sourceName(alert), formatHostPort(destination)].map(oneLine),
    `×${count}`,
    oneLine(alert.reason),
  ].join('  ');
}

function sourceName({ source: { namespace, workload } }: AlertBody): string {
  return `${namespace}/${workload}`;
}
