// What discovery serves, and all it knows of it: views. A view is the set of resources that every proxy with
// the same visibility gets; nothing about the receiving proxy stands in a resource, so its bytes are made once
// and shared by all streams. The xds layer implements View; discovery knows neither Istio nor Envoy's fields.

export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;

export type TypeUrl = (typeof typeUrls)[keyof typeof typeUrls];

/** One encoded resource. Immutable; the same content has the same version in every process and after a restart. */
export interface Resource {
  readonly name: string;
  /** Hash of the content. */
  readonly version: string;
  /** The message's own bytes (the `value` of the Any). */
  readonly bytes: Uint8Array;
  /** The objects it was made from (`ServiceEntry/default/httpbin`), for NACKs and proxy-config. */
  readonly origins: readonly string[];
  /** True on a RouteConfiguration that takes further virtual hosts: resources of that type named `ROUTE/host`. */
  readonly vhds?: boolean;
}

/** What one change did to one type: names whose resource is new or different, and names that are gone. */
export interface TypeDelta {
  readonly updated: readonly Resource[];
  readonly removed: readonly string[];
}

/** What one change of the mesh did to one view. `generation` grows by one with every change of that view. */
export interface ViewDelta {
  readonly generation: number;
  readonly types: ReadonlyMap<TypeUrl, TypeDelta>;
}

/** The resources of all proxies that see the same things. Reading is cheap and never waits. */
export interface View {
  readonly key: string;
  readonly generation: number;
  /** All resources of a type by name; a live read, valid until the next change. */
  resources(type: TypeUrl): ReadonlyMap<string, Resource>;
  /** Called synchronously after each change; returns the unsubscribe function. */
  subscribe(listener: (delta: ViewDelta) => void): () => void;
}

/**
 * Secrets that one proxy alone has: its certificate and what it trusts. A view with nothing but secrets; what a stream asks
 * for under these names is answered from here, whatever the view that it shares says of them.
 */
export interface OwnSecrets extends View {
  /** All names that may ever be in it. */
  readonly names: ReadonlySet<string>;
}

/** A connected proxy as it proved itself (its socket, later its certificate). */
export interface ProxyIdentity {
  readonly namespace: string;
  /** Pod name. */
  readonly name: string;
  /** Workload name shown to people. */
  readonly workload: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: 'sidecar' | 'router';
  /** `sidecar~10.0.0.1~echo.default~default.svc.cluster.local`; a stream whose node.id differs is refused. */
  readonly nodeId: string;
}

/** Hands out views. Undefined until every source has been read: streams then wait, nothing is served empty. */
export interface ViewProvider {
  /** Resolves when every source has been read once. */
  readonly ready: Promise<void>;
  viewFor(proxy: ProxyIdentity): View;
  /** Called when proxies may have another view than before; returns the unsubscribe function. */
  onRegroup?(listener: () => void): () => void;
}
