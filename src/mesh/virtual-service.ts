// A VirtualService as the mesh knows it (istio-semantics 3): hosts and gateways under their full names, durations in
// milliseconds, every choice spelled out. Immutable, so identity can stand for content.
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';
import type { Visibility } from './visibility.ts';

/** The gateway name that stands for all sidecars. */
export const meshGateway = 'mesh';

export interface VirtualService extends Origin {
  readonly visibility: Visibility;
  /** Normalised, short names completed; may be `*.example.com`, and `*` for gateways. */
  readonly hosts: readonly string[];
  /** `mesh`, `default/egress`. */
  readonly gateways: readonly string[];
  readonly http: readonly HttpRule[];
  readonly tls: readonly TlsRule[];
  readonly tcp: readonly TcpRule[];
  /** Whose rules stand among those of `http`. */
  readonly delegates: readonly VirtualService[];
}

export interface Destination {
  readonly host: string;
  /** Undefined: the only port of the service, else the one that was asked for. */
  readonly port: number | undefined;
  /** Empty: none. */
  readonly subset: string;
}

/** To whom a rule speaks; what is undefined is not asked for. */
export interface SourceMatch {
  readonly gateways: readonly string[] | undefined;
  /** The listener's port. */
  readonly port: number | undefined;
  readonly sourceLabels: LabelSelector | undefined;
  readonly sourceNamespace: string | undefined;
}

export type StringMatch =
  | { readonly kind: 'exact' | 'prefix'; readonly value: string }
  /** RE2, matched whole; never run by us. */
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface HttpMatch extends SourceMatch {
  readonly name: string;
  readonly uri: StringMatch | undefined;
  readonly ignoreUriCase: boolean;
  readonly scheme: StringMatch | undefined;
  readonly method: StringMatch | undefined;
  readonly authority: StringMatch | undefined;
  readonly headers: readonly (readonly [string, StringMatch])[];
  readonly withoutHeaders: readonly (readonly [string, StringMatch])[];
  readonly queryParams: readonly (readonly [string, StringMatch])[];
}

export interface HeaderOperations {
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

export interface HeaderChanges {
  /** Names in lower case; `host` and `:authority` are kept apart. */
  readonly set: readonly (readonly [string, string])[];
  readonly add: readonly (readonly [string, string])[];
  readonly remove: readonly string[];
  /** What `host` or `:authority` was set to. */
  readonly authority: string | undefined;
}

export interface HttpDestination {
  readonly destination: Destination;
  readonly weight: number;
  readonly headers: HeaderOperations;
}

export interface Redirect {
  readonly uri: string | undefined;
  readonly authority: string | undefined;
  readonly scheme: string | undefined;
  /** `request`: that of the listener. */
  readonly port: number | 'request' | undefined;
  readonly code: number;
}

export type HttpAction =
  | { readonly kind: 'route'; readonly destinations: readonly HttpDestination[] }
  | { readonly kind: 'redirect'; readonly redirect: Redirect }
  | { readonly kind: 'response'; readonly status: number; readonly body: Uint8Array | undefined }
  | Delegation;

/** Another VirtualService says what is to be done. In the mesh only those are left of which nothing came. */
export interface Delegation {
  readonly kind: 'delegate';
  /** `namespace/name`. */
  readonly to: string;
  /** The place of the rule in its VirtualService. */
  readonly rule: number;
  readonly problem?: DelegateProblem;
  /** The rule there that the problem is with. */
  readonly delegateRule?: string | undefined;
}

export type DelegateProblem = 'missing' | 'has-hosts' | 'not-exported' | 'delegates' | 'conflict';

export interface Rewrite {
  /** Replaces the prefix that matched, or the whole path. */
  readonly uri: string | undefined;
  readonly regex: { readonly match: string; readonly rewrite: string } | undefined;
  readonly authority: string | undefined;
}

export interface Retries {
  /** 0: none. */
  readonly attempts: number;
  readonly perTryTimeoutMs: number | undefined;
  /** Envoy's conditions, comma-separated; undefined: Istio's default. */
  readonly retryOn: string | undefined;
  readonly retriableStatusCodes: readonly number[];
  /** Undefined: true, except where a hash chooses the host. */
  readonly ignorePreviousHosts: boolean | undefined;
  readonly remoteLocalities: boolean;
  /** Before the first of them; undefined: Envoy's. */
  readonly backoffMs: number | undefined;
}

export interface Fault {
  readonly delay: { readonly milliseconds: number; readonly percent: number } | undefined;
  readonly abort:
    | { readonly status: number | undefined; readonly grpcStatus: number | undefined; readonly percent: number }
    | undefined;
}

/** A copy of the request, whose answer nobody gets. */
export interface Mirror {
  readonly destination: Destination;
  /** Of the requests; more than 0. */
  readonly percent: number;
}

export interface Cors {
  /** An exact `*` is every origin. */
  readonly origins: readonly StringMatch[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly credentials: boolean | undefined;
  readonly forwardsUnmatched: boolean;
}

export interface HttpRule {
  /** Its place in the VirtualService where it has none. */
  readonly name: string;
  /** Empty: everything matches. */
  readonly matches: readonly HttpMatch[];
  readonly action: HttpAction;
  readonly rewrite: Rewrite | undefined;
  readonly headers: HeaderOperations;
  readonly timeoutMs: number | undefined;
  /** Undefined: Istio's default. */
  readonly retries: Retries | undefined;
  readonly fault: Fault | undefined;
  readonly mirrors: readonly Mirror[];
  readonly cors: Cors | undefined;
  /** Annotation `egress.sallyport.dev/authority: keep`: the Host stays what was asked for, as in Istio. */
  readonly keepsAuthority: boolean;
}

export interface WeightedDestination {
  readonly destination: Destination;
  readonly weight: number;
}

/** Of connections that are not read. */
export interface ConnectionMatch extends SourceMatch {
  /** Where the caller must have connected to; empty: anywhere. */
  readonly destinationSubnets: readonly string[];
}

export interface TlsRule {
  readonly matches: readonly (ConnectionMatch & { readonly sniHosts: readonly string[] })[];
  readonly destinations: readonly WeightedDestination[];
}

export interface TcpRule {
  readonly matches: readonly ConnectionMatch[];
  readonly destinations: readonly WeightedDestination[];
}

/** The VirtualService itself and those that it hands on to. */
export function virtualServiceOrigins(virtualService: VirtualService): readonly string[] {
  return [virtualService, ...virtualService.delegates].map(virtualServiceOrigin);
}

/** `VirtualService/default/httpbin`. */
export function virtualServiceOrigin({ namespace, name, madeBy }: VirtualService): string {
  return madeBy ?? `VirtualService/${namespace}/${name}`;
}
