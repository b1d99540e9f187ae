// Alerts, each a row, and all of them in memory: there are few. Invariants: of what goes on there is one that is not resolved,
// so that a flood is a count; ids are never given twice; no more than the bounds, however many hosts a workload makes up.
import { type Alert, type AlertQuery, manyHosts } from '../../alert.ts';
import { otherHost } from '../../traffic.ts';
import type { LedgerContext } from '../context.ts';
import { workloadName } from '../host-cap.ts';
import { numberIn } from '../row.ts';
import { alertText, readAlert } from './alert-body.ts';

export type NewAlert = Omit<Alert, 'id' | 'state'>;

export interface AlertTable {
  /** Not resolved, of this workload and host, as the work at hand sees them. */
  of(workload: string, host: string): readonly Alert[];
  /** Adds it, or adds it to the one about other hosts where the workload has too many of its kind. */
  raise(alert: NewAlert): void;
  /** More of the same. */
  grow(alert: Alert, count: number, at: number): void;
  /** Undefined: there is none. */
  acknowledge(id: number, at: number): Alert | undefined;
  /** Resolves open ones of which nothing was seen since then, and takes away those that are older than `kept`. */
  settle(options: { readonly now: number; readonly quietSince: number; readonly keptSince: number }): void;
  query(query: AlertQuery): readonly Alert[];
  /** All, as the work at hand sees them. */
  all(): Iterable<Alert>;
  /** Writes what changed; whether anything did. */
  flush(): boolean;
}

export function createAlertTable({ database, staging, bounds }: LedgerContext): AlertTable {
  const write = database.prepare('REPLACE INTO alerts VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM alerts WHERE id = ?');
  const rows = database.prepare('SELECT id, body FROM alerts ORDER BY id').all().map(readAlert);
  const byId = staging.map(new Map(rows.map((alert) => [alert.id, alert])));
  /** Ids of those that are not resolved. */
  const going = staging.map(new Map<string, readonly number[]>());
  /** How many those are, by workload and kind. */
  const held = staging.map(new Map<string, number>());
  for (const alert of rows) if (alert.state !== 'resolved') index(alert);
  const sequence = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'alerts'`).get();
  const lastId = staging.value(sequence === undefined ? 0 : numberIn(sequence, 'seq'));
  staging.settle();
  let changed = new Set<number>();

  function index(alert: Alert): void {
    const key = keyOf(workloadName(alert.source), alert.destination.host);
    going.set(key, [...(going.get(key) ?? []), alert.id]);
    hold(alert, 1);
  }

  function hold(alert: Pick<Alert, 'source' | 'kind'>, difference: number): void {
    const key = keyOf(workloadName(alert.source), alert.kind);
    held.set(key, (held.get(key) ?? 0) + difference);
  }

  function put(alert: Alert): void {
    byId.set(alert.id, alert);
    changed.add(alert.id);
  }

  function unindex(alert: Alert): void {
    const key = keyOf(workloadName(alert.source), alert.destination.host);
    const before = going.get(key) ?? [];
    const left = before.filter((id) => id !== alert.id);
    if (left.length === before.length) return;
    hold(alert, -1);
    if (left.length > 0) going.set(key, left);
    else going.delete(key);
  }

  function forget(alert: Alert): void {
    byId.delete(alert.id);
    unindex(alert);
    changed.add(alert.id);
  }

  function of(workload: string, host: string): readonly Alert[] {
    if (going.size === 0) return [];
    return (going.get(keyOf(workload, host)) ?? []).flatMap((id) => byId.get(id) ?? []);
  }

  /** Resolved ones go first, then those of the workload that has most; some at once, since it takes a look at all. */
  function makeRoom(): void {
    if (byId.size < bounds.alerts) return;
    const all = [...byId.entries()].map(([, alert]) => alert).sort((a, b) => a.id - b.id);
    const resolved = all.filter(({ state }) => state === 'resolved');
    const byWorkload = [...Map.groupBy(all, ({ source }) => workloadName(source)).values()];
    const most = byWorkload.sort((a, b) => b.length - a.length)[0] ?? [];
    const some = Math.ceil(bounds.alerts / 20);
    for (const alert of (resolved.length > 0 ? resolved : most).slice(0, some)) forget(alert);
  }

  function add(alert: NewAlert): void {
    makeRoom();
    const id = lastId.get() + 1;
    lastId.set(id);
    const added: Alert = { ...alert, id, state: 'open' };
    put(added);
    index(added);
  }

  function grow(alert: Alert, count: number, at: number): void {
    const { id, firstAt, lastAt } = alert;
    const known = byId.get(id) ?? alert;
    put({ ...known, count: known.count + count, firstAt: Math.min(firstAt, at), lastAt: Math.max(lastAt, at) });
  }

  return {
    of,
    grow,
    raise(alert) {
      const isOne = alert.destination.host !== otherHost && alert.destination.host !== manyHosts;
      const count = held.get(keyOf(workloadName(alert.source), alert.kind)) ?? 0;
      if (!isOne || count < bounds.alertsPerWorkload) return add(alert);
      const rest = of(workloadName(alert.source), otherHost).find(({ kind }) => kind === alert.kind);
      if (rest !== undefined) return grow(rest, alert.count, alert.lastAt);
      const { serviceEntry: _entry, ...destination } = alert.destination;
      const reason = `more of the same, to other hosts: first ${alert.reason}`;
      add({ ...alert, reason, destination: { ...destination, host: otherHost, port: 0 } });
    },
    acknowledge(id, at) {
      const alert = byId.get(id);
      if (alert === undefined || alert.state === 'acknowledged') return alert;
      const { resolvedAt: _resolved, ...rest } = alert;
      if (alert.state === 'resolved') index(alert);
      const acknowledged: Alert = { ...rest, state: 'acknowledged', acknowledgedAt: at };
      put(acknowledged);
      return acknowledged;
    },
    settle({ now, quietSince, keptSince }) {
      for (const alert of [...byId.entries()].map(([, one]) => one)) {
        if (alert.lastAt < keptSince) forget(alert);
        else if (alert.state === 'open' && alert.lastAt < quietSince) {
          unindex(alert);
          put({ ...alert, state: 'resolved', resolvedAt: now });
        }
      }
    },
    query: (query) => [...byId.committed.values()].filter((alert) => fits(alert, query)),
    *all() {
      for (const [, alert] of byId.entries()) yield alert;
    },
    flush() {
      const ids = changed;
      changed = new Set();
      for (const id of ids) {
        const alert = byId.get(id);
        if (alert === undefined) remove.run(id);
        else write.run(id, alertText(alert));
      }
      return ids.size > 0;
    },
  };
}

function keyOf(workload: string, host: string): string {
  return `${workload}\n${host}`;
}

function fits({ lastAt, source, kind, state }: Alert, query: AlertQuery): boolean {
  return (
    lastAt >= (query.since ?? 0) &&
    (query.namespace === undefined || source.namespace === query.namespace) &&
    (query.workload === undefined || source.workload === query.workload) &&
    (query.kind === undefined || kind === query.kind) &&
    (query.state === undefined || state === query.state)
  );
}
