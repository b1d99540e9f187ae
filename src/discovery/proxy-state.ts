// What is known of each connected proxy: the ground of `proxy-status` and `proxy-config`.
import type { ProxyIdentity, TypeUrl } from './view.ts';

/** SYNCED: what was sent was accepted. STALE: sent, not yet answered. ERROR: refused. NOT_SENT: nothing to send yet. */
export type SyncState = 'SYNCED' | 'STALE' | 'ERROR' | 'NOT_SENT';

export interface TypeStatus {
  readonly state: SyncState;
  /** Resources this proxy holds of the type. */
  readonly resources: number;
  readonly sentAt?: string;
  readonly ackedAt?: string;
  /** Envoy's own words on the last refusal. */
  readonly error?: string;
  /** Objects whose resources were in the refused update. */
  readonly suspects?: readonly string[];
}

export interface ProxyStatus {
  readonly proxy: ProxyIdentity;
  readonly connectedAt: string;
  readonly version: string;
  readonly types: ReadonlyMap<TypeUrl, TypeStatus>;
}
