// Flows as a table: who, what, how, how often and how it ended. Pure. Colour is never the only sign: the kind stands there
// in words.
import type { FlowBody } from '../../server/wire.ts';
import { formatAge } from './age.ts';
import { formatBytes, threeDigits } from './byte-size.ts';
import { type FittedColumn, formatFittedTable } from './fitted-table.ts';
import { formatHostPort } from './host-port.ts';

export type TrafficView = 'table' | 'wide' | 'open';

export interface TrafficTable {
  readonly flows: readonly FlowBody[];
  /** `open`: of connections that are open. */
  readonly view: TrafficView;
  /** Requests and connections of a flow each second; undefined where it is not known yet. */
  readonly rate: (flow: FlowBody) => number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Characters; without end if absent. */
  readonly width?: number;
  readonly paint?: (kind: FlowBody['destination']['kind'] | 'alarm', text: string) => string;
}

interface TrafficColumn extends FittedColumn {
  readonly cell: (flow: FlowBody, table: TrafficTable) => string;
}

const source: TrafficColumn = {
  title: 'SOURCE',
  cutTo: [20, 12],
  cell: ({ source: { namespace, workload } }) => `${namespace}/${workload}`,
};
const destination: TrafficColumn = {
  title: 'DESTINATION',
  cutTo: [28, 18],
  cell: (flow) => formatHostPort(flow.destination),
};
const kind: TrafficColumn = { title: 'KIND', cell: (flow) => flow.destination.kind };
const via: TrafficColumn = {
  title: 'VIA',
  cutTo: [16, 8],
  spare: 6,
  early: true,
  cell: (flow) => flow.via.join(' ') || '-',
};
const protocol: TrafficColumn = { title: 'PROTOCOL', spare: 4, early: true, cell: (flow) => flow.protocol };
const bytes: TrafficColumn = {
  title: 'BYTES OUT/IN',
  spare: 5,
  early: true,
  cell: (flow) => `${formatBytes(flow.bytesSent)}/${formatBytes(flow.bytesReceived)}`,
};
const lastSeen: TrafficColumn = {
  title: 'LAST SEEN',
  spare: 3,
  early: true,
  cell: (flow, { now }) => formatAge(flow.lastSeen, now),
};

const columns: readonly TrafficColumn[] = [
  source,
  destination,
  kind,
  via,
  protocol,
  { title: 'REQ/CONN', cell: ({ requests, connections }) => String(requests + connections) },
  { title: 'RATE', spare: 2, cell: (flow, { rate }) => rateText(rate(flow)) },
  { title: 'CODES', cutTo: [14, 10], cut: 'end', spare: 1, cell: codes },
  bytes,
  lastSeen,
];

const wideColumns: readonly TrafficColumn[] = [
  { title: 'MTLS', cell: mtlsText },
  { title: 'SERVICE ENTRY', cell: (flow) => flow.destination.serviceEntry ?? '-' },
  { title: 'FLAGS', cell: ({ flags }) => countsText(flags) },
  { title: 'OPEN', cell: ({ open }) => String(open) },
  { title: 'PEERS', cell: ({ peers }) => peers.map(peerText).join(', ') || '-' },
];

const openColumns: readonly TrafficColumn[] = [
  source,
  destination,
  kind,
  via,
  protocol,
  { title: 'OPEN', cell: ({ open }) => String(open) },
  { title: 'STILL ALLOWED', cell: ({ stillAllowed }) => stillAllowedText(stillAllowed) },
  bytes,
  lastSeen,
];

/** The header and a line for each flow, in the order given. Gateways are told where any flow passes one. */
export function formatTraffic(table: TrafficTable): readonly string[] {
  const { flows, view, width = Number.POSITIVE_INFINITY, paint } = table;
  const all = view === 'open' ? openColumns : view === 'wide' ? [...columns, ...wideColumns] : columns;
  const passesGateways = flows.some((flow) => flow.via.length > 0);
  const shown = passesGateways ? all : all.filter((column) => column !== via);
  return formatFittedTable({
    columns: shown,
    rows: flows.map((flow) => shown.map((column) => column.cell(flow, table))),
    // As kubectl where there is room.
    gap: width === Number.POSITIVE_INFINITY ? 3 : 2,
    width,
    ...(paint === undefined ? {} : { paint: painter(flows, paint) }),
  });
}

function painter(flows: readonly FlowBody[], paint: NonNullable<TrafficTable['paint']>) {
  return (text: string, row: number, { title }: FittedColumn): string => {
    const flow = flows[row];
    if (flow === undefined) return text;
    if (title === 'STILL ALLOWED' && flow.stillAllowed === false) return paint('alarm', text);
    return title === destination.title || title === kind.title ? paint(flow.destination.kind, text) : text;
  };
}

/** Without codes how connections ended: their flags. */
function codes({ responses, flags }: FlowBody): string {
  return countsText(Object.keys(responses).length > 0 ? responses : flags);
}

/** `192.0.2.1 (eu-west-1/a) ×12`: which of several it was, where that is, and how often. */
function peerText({ address, locality, requests, connections }: FlowBody['peers'][number]): string {
  return [address, ...(locality === undefined ? [] : [`(${locality})`]), `×${requests + connections}`].join(' ');
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([key, count]) => `${key}:${count}`);
  return parts.sort().join(' ') || '-';
}

/** The share, where only some went by it. */
function mtlsText({ mtls, withMtls = 0, withoutMtls = 0 }: FlowBody): string {
  if (mtls === undefined) return '-';
  if (mtls || withMtls === 0) return mtls ? 'yes' : 'no';
  // Neither none nor all.
  const percent = Math.min(99.9, Math.max(0.1, (100 * withMtls) / (withMtls + withoutMtls)));
  return `${percent.toFixed(1)}%`;
}

function rateText(rate: number | undefined): string {
  return rate === undefined ? '-' : `${threeDigits(rate)}/s`;
}

function stillAllowedText(allowed: boolean | undefined): string {
  if (allowed === undefined) return '-';
  return allowed ? 'yes' : 'NO';
}
