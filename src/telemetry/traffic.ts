// The words in which traffic is told: who called, what, how, and how it ended. Everything that counts, stores or shows
// traffic uses these. Names follow the contract of `sallyport traffic` and Istio's metric labels (istio-semantics 6).

/** A caller: the workload behind a proxy, as the proxy's stream proved it. */
export interface Source {
  readonly namespace: string;
  /** Name of the workload (its Deployment). */
  readonly workload: string;
  readonly serviceAccount: string;
  /** Labels of the pod: `app`, `version`, `service.istio.io/canonical-name`, … */
  readonly labels: Readonly<Record<string, string>>;
}

/** `service`: in the mesh. `external`: registered outside. `passthrough`: let out unregistered. `blocked`: stopped. */
export type DestinationKind = 'service' | 'external' | 'passthrough' | 'blocked';

export interface Destination {
  readonly kind: DestinationKind;
  /**
   * The registered host, `*.example.com` of a wildcard; of passthrough and blocked traffic the Host, else the SNI, else
   * the address, in lower case, without port. `other` above the cap on hosts, and where nothing is known of it.
   */
  readonly host: string;
  /** 0 where it is not known. */
  readonly port: number;
  /** `namespace/name` of the ServiceEntry, of an external destination. */
  readonly serviceEntry?: string;
  /** Of a registered destination: the namespace of its object, and what Istio calls destination_service_name. */
  readonly namespace?: string;
  readonly name?: string;
  /** Of a service in the mesh whose pods all belong to one workload. */
  readonly workload?: Source;
}

/** The host of all that is above the cap, or of which only the number is known. */
export const otherHost = 'other';

/** `tls`: passed on unread. */
export type Protocol = 'http' | 'grpc' | 'tls' | 'tcp';

export interface Outcome {
  /** 0: none was sent, or the protocol has none. */
  readonly code: number;
  /** Envoy's response flags, `-` if none. */
  readonly flags: string;
  /** Empty if the protocol has none. */
  readonly grpcStatus: string;
}
