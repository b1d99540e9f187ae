// What is known of each connected proxy: the ground of `proxy-status` and `proxy-config`.
import type { ProxyIdentity, Resource, TypeUrl } from './view.ts';

/**
 * SYNCED: what was sent was accepted. STALE: sent, not yet answered, or refused along with others without a word on which
 * is at fault; once all trials are used up it stays so until something changes. ERROR: refused, what was accepted before
 * stays in force. NOT_SENT: nothing to send yet.
 */
export type SyncState = 'SYNCED' | 'STALE' | 'ERROR' | 'NOT_SENT';

export interface TypeStatus {
  readonly state: SyncState;
  /** Resources this proxy holds of the type. */
  readonly resources: number;
  readonly sentAt?: string;
  readonly ackedAt?: string;
  /** Resources that it refused as they are now; the others of the type are in force. */
  readonly refused?: readonly RefusedResource[];
}

export interface RefusedResource {
  readonly name: string;
  /** Objects that it was made of. */
  readonly origins: readonly string[];
  /** Envoy's own words. */
  readonly error: string;
  readonly since: string;
}

export interface ProxyStatus {
  readonly proxy: ProxyIdentity;
  readonly connectedAt: string;
  readonly version: string;
  readonly types: ReadonlyMap<TypeUrl, TypeStatus>;
}

/** How far one proxy is with one resource of its view. */
export interface ResourceSync {
  readonly state: SyncState;
  readonly error?: string;
}

export type ResourceSyncs = (resource: Resource) => ResourceSync;
