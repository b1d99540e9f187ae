// A ledger's file as a busy mesh would have it after a month, made in seconds: rows go straight into the tables. What flowed
// is arbitrary and always the same.
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../src/store/local/database.ts';
import { identityText } from '../../src/telemetry/ledger/flow-identity.ts';
import { ledgerMigrations } from '../../src/telemetry/ledger/schema.ts';
import { hour, startOf } from '../../src/telemetry/ledger/spans.ts';
import { observation, workload } from '../../src/telemetry/ledger/testing/events.ts';
import type { Destination, Source } from '../../src/telemetry/traffic.ts';

export interface LedgerShape {
  /** Of `flow_buckets`: spread over the hours before `now`. */
  readonly rows: number;
  readonly namespaces: number;
  /** In all of them together. */
  readonly workloads: number;
  /** Hosts that nobody registered, of each workload: half of them passed through, half of them blocked. */
  readonly unregistered: number;
  /** Hosts outside that are registered; each workload calls all of them. */
  readonly registered: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function workloadOf(index: number, { namespaces }: LedgerShape): Source {
  return workload(`workload-${index}`, `ns-${index % namespaces}`);
}

export function registeredHost(index: number): string {
  return `api-${index}.registered.example`;
}

/** How many flows there are. */
export function flowsOf({ workloads, unregistered, registered }: LedgerShape): number {
  return workloads * (unregistered + registered);
}

export function fillLedger(file: string, shape: LedgerShape): void {
  const database = openDatabase(file, ledgerMigrations, { readers: true });
  try {
    database.exec('PRAGMA synchronous = OFF; BEGIN IMMEDIATE');
    database.exec(`INSERT INTO outcomes VALUES (1, '[200,"-"]', 0), (2, '[502,"-"]', 0)`);
    const flows = addFlows(database, shape);
    addRows(database, shape, flows);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/** The outcome of each, by its number less one. */
function addFlows(database: DatabaseSync, shape: LedgerShape): readonly number[] {
  const add = database.prepare('INSERT INTO flows VALUES (?, ?, ?)');
  const outcomes: number[] = [];
  for (let index = 0; index < shape.workloads; index += 1) {
    const source = workloadOf(index, shape);
    for (const destination of destinationsOf(index, shape)) {
      const seen = observation({ source, destination, protocol: destination.port === 443 ? 'tls' : 'http' });
      outcomes.push(destination.kind === 'blocked' ? 2 : 1);
      add.run(outcomes.length, identityText(seen, source), startOf(shape.now, hour));
    }
  }
  return outcomes;
}

function* destinationsOf(index: number, { unregistered, registered }: LedgerShape): Iterable<Destination> {
  for (let host = 0; host < unregistered; host += 1) {
    const kind = host % 2 === 0 ? 'passthrough' : 'blocked';
    // Half of the names are other workloads' as well.
    const name = host % 4 < 2 ? `host-${host}.shared.example` : `host-${host}.of-${index}.example`;
    yield { kind, host: name, port: host % 3 === 0 ? 80 : 443 };
  }
  for (let host = 0; host < registered; host += 1) {
    yield { kind: 'external', host: registeredHost(host), port: 443, serviceEntry: `ns-0/api-${host}` };
  }
}

function addRows(database: DatabaseSync, { rows, now }: LedgerShape, outcomes: readonly number[]): void {
  const add = database.prepare('INSERT INTO flow_buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const hours = Math.ceil(rows / outcomes.length);
  let left = rows;
  for (let back = hours; back > 0; back -= 1) {
    const start = startOf(now, hour) - back * hour;
    for (let flow = 1; flow <= outcomes.length && left > 0; flow += 1, left -= 1) {
      const count = 1 + ((flow * 31 + back) % 97);
      add.run(
        hour,
        start,
        flow,
        outcomes[flow - 1] ?? 1,
        count,
        0,
        0,
        count * 800,
        count * 9000,
        start,
        start + 3_000_000,
      );
    }
  }
}
