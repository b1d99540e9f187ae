// Takes in what proxies tell, and makes batches for the ledger: their running totals (pushed to us once a second) and
// their record files (read on from where the ledger says). Twice a second what is new is committed.
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { Logger } from '../../platform/log.ts';
import type { Ledger } from '../ledger.ts';
import type { Registry } from './registry.ts';

/** A proxy of which records are kept: where its Envoy appends them. */
export interface RecordedProxy {
  readonly identity: ProxyIdentity;
  /** `<file>.1`, `<file>.2`, … are older ones, the highest the oldest; rotated by renaming. */
  readonly recordsFile: string;
}

export interface IntakeOptions {
  readonly ledger: Ledger;
  readonly registry: Registry;
  /** Proxies that are there now, asked for at each pass. */
  readonly proxies: () => readonly RecordedProxy[];
  readonly log: Logger;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
  /** Between passes; 500 if absent. */
  readonly intervalMs?: number;
}

export interface Intake {
  /** An ExportMetricsServiceRequest of this proxy, without gRPC's frame. Bytes of a stranger: bad ones are counted. */
  takeExport(identity: ProxyIdentity, bytes: Uint8Array): void;
  /** A pass now; resolves when it is committed. Passes never overlap. */
  pass(): Promise<void>;
  /** After a last pass. */
  close(): Promise<void>;
}
