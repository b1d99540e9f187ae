// What the ledger may grow to. Callers choose hosts, paths, ports and, with a server of their own, codes and addresses:
// nothing that grows with them is without a bound, and no workload can use up what the others need (contract 15).

export interface LedgerBounds {
  /**
   * Distinct `host:port` of passthrough and blocked destinations within `keptMs`, counted for each workload that calls
   * them. Above: the host `other`, port 0.
   */
  readonly hostsPerWorkload: number;
  /** The same of the whole mesh. */
  readonly hosts: number;
  /** Distinct hosts of such destinations in the labels of metric series, for each workload; above: `other`. */
  readonly seriesHostsPerWorkload: number;
  /** The same of the whole mesh. */
  readonly seriesHosts: number;
  /**
   * Metric series. One workload has at most a quarter of them. One that names a host that nobody registered finds a
   * place only while half of that, and of all, is free; after that the host is `other`. What finds no place at all is
   * counted in `dropped` as `series-cap`.
   */
  readonly series: number;
  /** Peers of one flow in one minute or hour; the rest is not stored. */
  readonly peers: number;
  /**
   * Outcomes of one flow to a host that nobody registered, whose server says what its caller wants; the rest is told
   * by the hundred, without flags.
   */
  readonly outcomes: number;
  /** The oldest go first, of a workload that has more than a fifth of them before those of others. */
  readonly decisions: number;
  /** Alerts; resolved ones go first, then those of the workload that has most. */
  readonly alerts: number;
  /** Alerts of one kind that a workload may have without their being resolved; above: one about host `other`. */
  readonly alertsPerWorkload: number;
  /** Workloads of which the ledger knows since when they call anybody; the oldest go first. */
  readonly workloads: number;
  /** How long flows are kept by the minute, milliseconds. */
  readonly minutesKeptMs: number;
  /** How long everything else is kept after its last event, milliseconds. Totals of series in use never go. */
  readonly keptMs: number;
  /**
   * Of the pages in use. Where there are more, `sweep` takes away the oldest hours of flows before their time, up to
   * the one that is running. The log beside it (`-wal`) goes back to 8 MiB after each larger batch.
   */
  readonly fileBytes: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * With all of these places taken and a day of hours the file measures 82 MB where texts are of a usual length, 206 MB
 * where each is as long as it is kept, and the memory 50 MB. More hours, codes and peers end at `fileBytes`.
 */
export const defaultBounds: LedgerBounds = {
  hostsPerWorkload: 500,
  hosts: 10_000,
  seriesHostsPerWorkload: 200,
  seriesHosts: 1000,
  series: 20_000,
  peers: 20,
  outcomes: 20,
  decisions: 100_000,
  alerts: 2000,
  alertsPerWorkload: 20,
  workloads: 10_000,
  // An hour that began in the middle of its first minute, and what a sweep is late.
  minutesKeptMs: 65 * minute,
  keptMs: 31 * day,
  fileBytes: 256 * 1024 * 1024,
};
