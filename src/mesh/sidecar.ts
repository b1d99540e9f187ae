// A Sidecar as the mesh knows it (istio-semantics 1.8): for which proxies it is, what they know of the mesh, and what becomes
// of traffic that nobody registered.
import type { OutboundTrafficPolicy } from './mesh-config.ts';
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';
import type { Destination } from './virtual-service.ts';

export interface Sidecar extends Origin {
  /** Undefined: all of its namespace, and where it is the root namespace's, of namespaces that have none of their own. */
  readonly workloadSelector: LabelSelector | undefined;
  /** Empty: everything is imported. */
  readonly egress: readonly EgressListener[];
  /** Undefined: the mesh's. */
  readonly outboundTrafficPolicy:
    | { readonly mode: OutboundTrafficPolicy; readonly egressProxy: Destination | undefined }
    | undefined;
}

export interface EgressListener {
  /** Undefined: those that no other listener has. */
  readonly port: number | undefined;
  readonly hosts: readonly EgressHost[];
}

export interface EgressHost {
  /** `*` for any, `.` for the proxy's own; empty for none. */
  readonly namespace: string;
  /** Normalised; `*` for every host. */
  readonly host: string;
  /** Not imported, whatever other lines say. */
  readonly excluded: boolean;
}

/** `Sidecar/default/egress`. */
export function sidecarOrigin({ namespace, name }: Sidecar): string {
  return `Sidecar/${namespace}/${name}`;
}
