// What the intake asks of the mesh: what the names in a proxy's counters and records stand for. The composition root
// answers it from the snapshot that is in force.
import type { Destination, Protocol, Source } from '../traffic.ts';

export interface Registered {
  /** Of kind `service` or `external`. */
  readonly destination: Destination;
  /** What registers it, `ServiceEntry/default/api`; nothing where that is gone. */
  readonly object?: string;
  /** Where all of it goes, if there is one address only. */
  readonly onlyPeer?: { readonly address: string; readonly locality?: string };
  /** `namespace/workload` of the gateway behind this Service. */
  readonly gateway?: string;
  /** As declared: `http` also stands for gRPC, which its requests tell. */
  readonly protocol: Protocol;
}

/** Whose programs ask; labels and account where it is known which of the workload's pods it is. */
export type Asker = Pick<Source, 'namespace' | 'workload'> & Partial<Pick<Source, 'labels' | 'serviceAccount'>>;

export interface AskedFor {
  readonly registered?: Registered;
  /** `Sidecar/default/egress`: it is registered, and this keeps it from who asks. */
  readonly hiddenBy?: string;
  /** `EgressPolicy/default/payments`: it governs the host, and does not allow it wholly to who asks. */
  readonly withheldBy?: string;
}

export interface Registry {
  /** What `host:port` means to the proxies of a namespace; undefined: nothing, or no more. */
  host(namespace: string, host: string, port: number): Registered | undefined;
  /** What a program of this workload gets for `host:port`. */
  asked(asker: Asker, host: string, port: number): AskedFor;
  /** `region/zone/subzone` of an endpoint of the host, by its address without port. */
  locality(namespace: string, host: string, address: string): string | undefined;
  /** The workload with this address. */
  workloadAt(address: string): Source | undefined;
  /** The policy for this workload and what set it: `Sidecar/default/egress`, `Istio/istio-system/mesh`, or `default`. */
  policy(asker: Asker): { readonly mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'; readonly object: string };
  /** Of workloads' identities. */
  trustDomain(): string;
}
