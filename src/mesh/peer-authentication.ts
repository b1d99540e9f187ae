// What a workload takes from its callers: mTLS, plaintext, or both (Istio: PeerAuthentication).
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';

export type MtlsMode = 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export interface PeerAuthentication extends Origin {
  /** Undefined: all of its namespace; of the root namespace's: all of the mesh. */
  readonly workloadSelector: LabelSelector | undefined;
  /** Undefined: whatever holds where this object does not speak. */
  readonly mode: MtlsMode | undefined;
  /** By the workload's own port; undefined: the workload's mode. */
  readonly ports: ReadonlyMap<number, MtlsMode | undefined>;
}

/** What all PeerAuthentications for one workload come to. */
export interface PeerMtls {
  /** Undefined: the mesh's. */
  readonly mode: MtlsMode | undefined;
  /** Those that have one of their own. */
  readonly ports: ReadonlyMap<number, MtlsMode>;
}

/** `PeerAuthentication/default/strict`. */
export function peerAuthenticationOrigin({ namespace, name }: PeerAuthentication): string {
  return `PeerAuthentication/${namespace}/${name}`;
}

export function mtlsModeAt(port: number, { mode, ports }: PeerMtls, { mtlsMode }: { readonly mtlsMode: MtlsMode }) {
  return ports.get(port) ?? mode ?? mtlsMode;
}
