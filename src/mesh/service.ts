// A service as the mesh knows it: one host with its ports and endpoints, whether it came from a ServiceEntry or
// from a Kubernetes Service. A ServiceEntry with three hosts is three services. Immutable, so identity can
// stand for content: what was built from a Service object is still right as long as the object is the same.
import { isDeepStrictEqual } from 'node:util';
import type { Protocol } from '../api/protocol.ts';
import { compareOrigin, compareText, type Origin } from './origin.ts';
import type { PeerMtls } from './peer-authentication.ts';
import type { LabelSelector } from './selector.ts';
import type { Visibility } from './visibility.ts';

/** How the upstream's addresses are found; the names are Istio's, `CLUSTER_IP` is a Kubernetes Service. */
export type Resolution = 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS' | 'CLUSTER_IP';

export interface ServicePort {
  /** What the application connects to. */
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  /** What the upstream listens on, where that differs. */
  readonly targetPort?: number;
  /** Of a port that another object of the same host gave: what is behind it is that object's. */
  readonly from?: Service;
}

export interface Endpoint {
  /** An IP, a DNS name, or `unix:///path`. */
  readonly address: string;
  /** By port name, where an endpoint's port differs from the service's. */
  readonly ports: ReadonlyMap<string, number>;
  /** It serves no others than these. */
  readonly onlyNamedPorts?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight?: number;
  readonly locality?: string;
  /** Of a pod behind a sidecar: what that takes. */
  readonly mtls?: PeerMtls;
}

export interface Service extends Origin {
  /** Normalised: lower case, no trailing dot; may be `*.example.com`. */
  readonly host: string;
  /** Further names that mean it everywhere (`web.shop`), and in its own namespace (`web`). */
  readonly aliases: readonly string[];
  readonly localAliases: readonly string[];
  readonly source: 'ServiceEntry' | 'Service';
  readonly visibility: Visibility;
  readonly resolution: Resolution;
  readonly external: boolean;
  /** Addresses and CIDRs callers may connect to; empty where only the name counts. */
  readonly addresses: readonly string[];
  /** Its address is one that the mesh gave to its host. */
  readonly autoAllocated?: boolean;
  readonly ports: readonly ServicePort[];
  readonly endpoints: readonly Endpoint[];
  readonly subjectAltNames: readonly string[];
  /** The labels of the workloads that are its endpoints. */
  readonly workloads?: LabelSelector;
  /** Who the proxies of those workloads prove to be. */
  readonly identities?: Identities;
  /** Of a Kubernetes Service that only stands for a name outside: that name. */
  readonly externalName?: string;
  /** Of a Kubernetes Service whose pods are gateways: `namespace/workload` of theirs. */
  readonly gateway?: string;
  /** `egress.sallyport.dev/original-destination: trust`: follow the caller's address, as Istio does. */
  readonly trustOriginalDestination: boolean;
  /** Annotation `istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT`. */
  readonly raceFirstConnect: boolean;
}

/** Of all workloads behind a service, whether or not they are ready: it changes before their addresses do. */
export interface Identities {
  /** `namespace/name`; sorted, none twice. */
  readonly serviceAccounts: readonly string[];
  /** Some of them are behind sidecars, which may take mTLS. */
  readonly sidecars: boolean;
}

/** `ServiceEntry/default/httpbin`: the object a service came from. */
export function originOf(service: Service): string {
  return service.madeBy ?? `${service.source}/${service.namespace}/${service.name}`;
}

/** A Kubernetes Service without an address of its own: callers are told those of its endpoints. */
export function isHeadless({ resolution, addresses }: Service): boolean {
  return resolution === 'CLUSTER_IP' && addresses.length === 0;
}

/** Whether routes lead to both in the same way: all but who is behind them is the same. */
export function isRoutedAlike(a: Service, b: Service): boolean {
  return a.host === b.host && isDeepStrictEqual(withoutEndpoints(a), withoutEndpoints(b));
}

function withoutEndpoints(service: Service): Service {
  const { gateway: _gateway, ...rest } = service;
  return { ...rest, endpoints: [] };
}

/** Istio's order among equals: oldest first, then name, then namespace; here the host too, so that none are equal. */
export function compareAge(a: Service, b: Service): number {
  return compareOrigin(a, b) || compareText(a.host, b.host) || compareText(a.source, b.source);
}
