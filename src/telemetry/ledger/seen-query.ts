// Reads what was seen from the ledger's file, beside the thread that writes it: nothing of the ledger's memory is needed.
// Invariant: whatever `kinds` leaves out costs the database a look at a number, and no sorting and no parsing.
import type { DatabaseSync } from 'node:sqlite';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import { openForReading } from '../../store/local/database.ts';
import type { SeenFlow, SeenQuery } from '../seen-flow.ts';
import { type FlowIdentity, readIdentity } from './flow-identity.ts';
import { numberIn, type Row, textIn } from './row.ts';
import { inStretch, type Span, type Stretch, stretchOf } from './spans.ts';

export interface SeenReader {
  /** In no order. */
  seen(query: SeenQuery): readonly SeenFlow[];
  close(): void;
}

/** Throws SallyportError: see openForReading, and `SP_TRAFFIC_UNREADABLE` where the ledger went on without readers. */
export function openSeenReader(file: string): SeenReader {
  const database = openBeside(file);
  // Rows are read once each: from the file's pages in memory as they are.
  database.exec('PRAGMA mmap_size = 536870912');
  return {
    seen: (query) => readSeen(database, query),
    close: () => database.close(),
  };
}

function openBeside(file: string): DatabaseSync {
  try {
    return openForReading(file);
  } catch (error) {
    if (systemCode(error) !== 'SP_STORE_IN_USE') throw error;
    const hint = 'make room on its disk and start the control plane anew';
    throw new SallyportError('SP_TRAFFIC_UNREADABLE', 'what flowed can be written and not read: its disk was full', {
      hint,
      cause: error,
    });
  }
}

function readSeen(database: DatabaseSync, query: SeenQuery): readonly SeenFlow[] {
  // All statements see the same moment.
  database.exec('BEGIN');
  try {
    const identities = readIdentities(database, query);
    const seen = [...bucketsOf(database, query)].flatMap((row) => seenFlow(identities, row) ?? []);
    return [...seen, ...stillOpen(database, identities)];
  } finally {
    database.exec('COMMIT');
  }
}

/** By number; those that are asked for. */
function readIdentities(database: DatabaseSync, { namespace, kinds }: SeenQuery): Map<number, FlowIdentity> {
  const found = new Map<number, FlowIdentity>();
  const { where, values } = ofKinds(kinds);
  for (const row of database.prepare(`SELECT id, key FROM flows WHERE ${where}`).iterate(...values)) {
    const identity = readIdentity(textIn(row, 'key'));
    const { by, source, destination } = identity;
    if (by === 'relay' || (namespace !== undefined && source.namespace !== namespace)) continue;
    if (kinds?.includes(destination.kind) === false) continue;
    found.set(numberIn(row, 'id'), identity);
  }
  return found;
}

/** Of texts as identityText writes them. It may let more through, and never leaves out what is asked for. */
function ofKinds(kinds: SeenQuery['kinds']): { readonly where: string; readonly values: readonly string[] } {
  if (kinds === undefined) return { where: 'true', values: [] };
  return {
    where: `(${['false', ...kinds.map(() => 'instr(key, ?) > 0')].join(' OR ')})`,
    values: kinds.map((kind) => `,"${kind}",`),
  };
}

function bucketsOf(database: DatabaseSync, { since, kinds }: SeenQuery): Iterable<Row> {
  const { from, to } = stretchSince(database, since);
  const { where, values } = ofKinds(kinds);
  const only = kinds === undefined ? '' : `AND flow IN (SELECT id FROM flows WHERE ${where})`;
  // Sums as REAL: a sum that is no safe integer could not be read.
  const select = database.prepare(
    `SELECT flow, total(requests) AS requests, total(opened) AS opened, total(closed) AS closed,
       min(first_at) AS first_at, max(last_at) AS last_at
     FROM flow_buckets WHERE ${inStretch} ${only} GROUP BY flow`,
  );
  return select.iterate(from, to, ...values);
}

function stretchSince(database: DatabaseSync, since: number): Stretch {
  const horizon = database.prepare('SELECT before FROM horizons WHERE span = ?');
  return stretchOf({ from: since }, (span: Span) => {
    const row = horizon.get(span);
    return row === undefined ? 0 : numberIn(row, 'before');
  });
}

/** Takes the identity out, so that it is told once. */
function seenFlow(identities: Map<number, FlowIdentity>, row: Row): SeenFlow | undefined {
  const flow = numberIn(row, 'flow');
  const identity = identities.get(flow);
  if (identity === undefined) return undefined;
  identities.delete(flow);
  return {
    ...identity,
    requests: numberIn(row, 'requests'),
    connections: numberIn(row, identity.destination.kind === 'blocked' ? 'closed' : 'opened'),
    firstSeen: new Date(numberIn(row, 'first_at')).toISOString(),
    lastSeen: new Date(numberIn(row, 'last_at')).toISOString(),
  };
}

/** A connection that is open now was seen, whenever it was opened. */
function* stillOpen(database: DatabaseSync, identities: ReadonlyMap<number, FlowIdentity>): Iterable<SeenFlow> {
  for (const row of database.prepare('SELECT flow, last_at FROM open_connections WHERE open > 0').iterate()) {
    const identity = identities.get(numberIn(row, 'flow'));
    const at = new Date(numberIn(row, 'last_at')).toISOString();
    if (identity !== undefined) yield { ...identity, requests: 0, connections: 0, firstSeen: at, lastSeen: at };
  }
}
