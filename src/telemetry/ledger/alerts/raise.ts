// From what a detector found to an alert: who and what it is about, or more of one that goes on.
import type { AlertKind } from '../../../api/alert-settings.ts';
import { spiffeIdentity } from '../../../api/spiffe.ts';
import { type Alert, type AlertFinding, manyHosts } from '../../alert.ts';
import { nextCommands } from '../../alerts/next-commands.ts';
import type { NewDecision } from '../../decision.ts';
import { workloadName } from '../host-cap.ts';
import type { AlertTable } from './alert-table.ts';
import { callsIn, type OutwardRow } from './outward-row.ts';

export interface Raise {
  one(row: OutwardRow, found: AlertFinding, count: number): void;
  /** About many hosts at once. */
  many(row: OutwardRow, found: AlertFinding, count: number): void;
  /** About what a decision tells. */
  told(decision: NewDecision, found: AlertFinding): void;
  /** Adds the row to those of this kind, of any port or the row's; whether there is one. */
  more(going: readonly Alert[], kind: AlertKind, row: OutwardRow, port: 'any' | 'same'): boolean;
}

export function createRaise(alerts: AlertTable, trustDomain: () => string): Raise {
  function raise(row: OutwardRow, found: AlertFinding, count: number, destination: Alert['destination']): void {
    const { seen, firstAt, lastAt } = row;
    const { namespace, workload, serviceAccount } = seen.source;
    const identity = spiffeIdentity({ trustDomain: trustDomain(), namespace, serviceAccount });
    const about = { source: { namespace, workload, identity }, destination, protocol: seen.protocol };
    const next = nextCommands({ kind: found.kind, ...about });
    alerts.raise({ ...found, ...about, firstAt, lastAt, count: Math.max(1, count), next });
  }

  return {
    one(row, found, count) {
      const { kind, host, port, serviceEntry } = row.seen.destination;
      raise(row, found, count, { kind, host, port, ...(serviceEntry === undefined ? {} : { serviceEntry }) });
    },
    many(row, found, count) {
      raise(row, found, count, { kind: row.seen.destination.kind, host: manyHosts, port: 0 });
    },
    told({ source: { namespace, workload, identity }, destination, protocol, firstAt, lastAt, count }, found) {
      const same = alerts
        .of(workloadName({ namespace, workload }), destination.host)
        .filter((one) => one.kind === found.kind && one.destination.port === destination.port);
      for (const one of same) alerts.grow(one, count, lastAt);
      if (same.length > 0) return;
      const { kind, host, port, serviceEntry } = destination;
      const about = {
        source: { namespace, workload, identity },
        destination: { kind, host, port, ...(serviceEntry === undefined ? {} : { serviceEntry }) },
        protocol,
      };
      const next = nextCommands({ kind: found.kind, ...about });
      alerts.raise({ ...found, ...about, firstAt, lastAt, count: Math.max(1, count), next });
    },
    more(going, kind, row, port) {
      const own = row.seen.destination.port;
      const same = going.filter((one) => one.kind === kind && (port === 'any' || one.destination.port === own));
      for (const one of same) alerts.grow(one, callsIn(row), row.lastAt);
      return same.length > 0;
    },
  };
}
