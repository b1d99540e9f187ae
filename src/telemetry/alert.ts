// An alert: something in the traffic that a person should look at, told once with a count as long as it goes on. Made from
// what the ledger commits, in the same transaction, so that it is neither lost nor doubled (docs/alerts.md).
import type { AlertKind } from '../api/alert-settings.ts';
import type { Destination, Protocol } from './traffic.ts';

export const alertSeverities = ['info', 'warning', 'critical'] as const;

export type AlertSeverity = (typeof alertSeverities)[number];

/** `acknowledged` by a person, and silent from then on; `resolved` since nothing more of it was seen. */
export const alertStates = ['open', 'acknowledged', 'resolved'] as const;

export type AlertState = (typeof alertStates)[number];

/** What a detector says. */
export interface AlertFinding {
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  /** One sentence for a person. */
  readonly reason: string;
}

export interface Alert extends AlertFinding {
  /** Grows; never used twice. */
  readonly id: number;
  readonly state: AlertState;
  /** Of the first and the last event, milliseconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Requests and connections since the first. */
  readonly count: number;
  readonly source: {
    readonly namespace: string;
    readonly workload: string;
    /** `spiffe://cluster.local/ns/<ns>/sa/<sa>` */
    readonly identity: string;
  };
  /** Host `*`: many of them. Host `other`: those above the caps. */
  readonly destination: Pick<Destination, 'kind' | 'host' | 'port' | 'serviceEntry'>;
  readonly protocol: Protocol;
  /** What to do next: commands. */
  readonly next: readonly string[];
  /** Milliseconds since 1970. */
  readonly acknowledgedAt?: number;
  readonly resolvedAt?: number;
}

export interface AlertQuery {
  /** Milliseconds since 1970: those whose last event is not before it. */
  readonly since?: number;
  readonly namespace?: string;
  readonly workload?: string;
  readonly kind?: AlertKind;
  readonly state?: AlertState;
}

/** What is seen of alerts from outside of the ledger. */
export interface AlertReader {
  /** Oldest first. */
  alerts(query: AlertQuery): readonly Alert[];
}

/** The host of an alert about many. */
export const manyHosts = '*';
