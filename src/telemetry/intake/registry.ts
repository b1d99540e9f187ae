// What the intake asks of the mesh: what the names in a proxy's counters and records stand for. The composition root
// answers it from the snapshot that is in force.
import type { Destination, Protocol, Source } from '../traffic.ts';

export interface Registered {
  /** Of kind `service` or `external`. */
  readonly destination: Destination;
  /** Where all of it goes, if there is one address only. */
  readonly onlyPeer?: { readonly address: string; readonly locality?: string };
  /** `namespace/workload` of the gateway behind this Service. */
  readonly gateway?: string;
  /** As declared: `http` also stands for gRPC, which its requests tell. */
  readonly protocol: Protocol;
}

export interface Registry {
  /** What `host:port` means to the proxies of a namespace; undefined: nothing, or no more. */
  host(namespace: string, host: string, port: number): Registered | undefined;
  /** `region/zone/subzone` of an endpoint of the host, by its address without port. */
  locality(namespace: string, host: string, address: string): string | undefined;
  /** The workload with this address. */
  workloadAt(address: string): Source | undefined;
  /** The mesh's policy and what set it: `Istio/istio-system/mesh`, or `default`. */
  policy(): { readonly mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'; readonly object: string };
}
