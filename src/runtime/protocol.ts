// The keeper's API: JSON over HTTP on its Unix socket. The keeper is a kubelet's part: it owns namespaces, DNS,
// workloads, Envoys, their logs and restarts, and holds no policy. The control plane tells it what to run.
//   GET    /v1/status                      KeeperStatus
//   PUT    /v1/config                      KeeperConfig            replaces, applies at once
//   GET    /v1/pods                        PodStatus[]
//   PUT    /v1/pods/<ns>/<name>/sandbox    SandboxRequest -> SandboxStatus      idempotent; makes the namespaces
//   PUT    /v1/pods/<ns>/<name>            PodSpec -> PodStatus    idempotent; starts Envoy, then the program
//   DELETE /v1/pods/<ns>/<name>            ends program, Envoy (when its last numbers were sent), namespaces
//   GET    /v1/pods/<ns>/<name>/exec       ExecPlan                how to run a command inside
//   GET    /v1/loadbalancers               {namespace, name}[]
//   PUT    /v1/loadbalancers/<ns>/<name>   LoadBalancerSpec -> LoadBalancerStatus      idempotent; the address stays
//   DELETE /v1/loadbalancers/<ns>/<name>
//   GET    /v1/events                      JSON lines of KeeperEvent until closed: every pod once, then changes
//   POST   /v1/shutdown                    Ended     ends everything, undoes the host journal, exits

/** Where a pod lives on the network. All addresses IPv4. */
export interface SandboxStatus {
  readonly namespace: string;
  readonly name: string;
  /** What other workloads reach: the pod's Envoy takes it in. */
  readonly podIP: string;
  /** Where the program itself listens (its HOST). The same as podIP where namespaces capture. */
  readonly appIP: string;
  /** Envoy's address towards the host; source of all that leaves. */
  readonly proxyIP: string;
  /** Where DNS for this pod's Envoy answers (UDP and TCP), as reached from the proxy's namespace. */
  readonly dns: { readonly address: string; readonly port: number };
  /** Where it answers the program, if Envoy relays its questions; absent: as for its Envoy. */
  readonly programDns?: { readonly address: string; readonly port: number };
  /** Address and port in the proxy's namespace on which the application asks DNS; Envoy relays it to `programDns`. */
  readonly dnsRelay: { readonly address: string; readonly port: number };
  /** User id that this pod's Envoy runs as; owns `xdsPath`. */
  readonly proxyUid: number;
  /** Folder (0700, proxyUid) in which the control plane puts `xds.sock` and Envoy its `admin.sock`. */
  readonly xdsPath: string;
  /** Proxy capture: where this pod's Envoy serves its program as an explicit HTTP proxy. */
  readonly outboundProxy?: { readonly address: string; readonly port: number };
}

export interface SandboxRequest {
  readonly uid: string;
  /**
   * `sidecar` (if absent): TCP to the pod's address goes to Envoy's inbound port. `router`: to the port it was sent to.
   * `host`: no Envoy and nothing captured; the program has the host's own network (Kubernetes' hostNetwork).
   */
  readonly type?: 'sidecar' | 'router' | 'host';
  /** Of a `host` pod: an address of its own, on the machine as long as the pod is there. Else it is 127.0.0.1. */
  readonly address?: string;
  /** CIDRs that Envoy may reach although the sandbox refuses them, e.g. `169.254.169.254/32`. */
  readonly allowRanges?: readonly string[];
  /** In place of the mesh's, as far as given; counts only while the mesh lets pods say so. */
  readonly capturedRanges?: Partial<CapturedRanges>;
}

export interface PodSpec {
  readonly uid: string;
  /** Workload name shown to people. */
  readonly workload: string;
  readonly hostname: string;
  /** Empty: the pod is its Envoy alone (a gateway), and `app` mirrors its phase. */
  readonly command: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** TCP ports that the program is to listen on: it is ready when it does. */
  readonly ports: readonly number[];
  /** Envoy's bootstrap as JSON text; empty: no Envoy. */
  readonly bootstrap: string;
  /** Extra Envoy arguments, e.g. `--drain-time-s 10`. */
  readonly envoyArgs: readonly string[];
  readonly restartPolicy: 'Always' | 'Never';
  /**
   * Of a gateway: how long, when it is removed, its Envoy may finish what it has begun and ask callers to go elsewhere.
   * Absent: it ends with its program.
   */
  readonly drainSeconds?: number;
}

/**
 * An Envoy is `Pending` until it is ready, as far as its bootstrap lets the keeper ask, and `Absent` where the pod has
 * none.
 */
export type ProcessPhase = 'Pending' | 'Running' | 'Exited' | 'CrashLoopBackOff' | 'Absent';

export interface ProcessStatus {
  readonly phase: ProcessPhase;
  /** A program: it runs and listens on its ports. An Envoy: it has said so. */
  readonly ready: boolean;
  readonly pid?: number;
  readonly startedAt?: string;
  readonly restarts: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Why it is not running, in one sentence, with the last line of its log where that helps. */
  readonly reason?: string;
}

export interface PodStatus extends SandboxStatus {
  readonly uid: string;
  readonly workload: string;
  readonly app: ProcessStatus;
  readonly proxy: ProcessStatus;
  readonly logs: {
    readonly app: string;
    readonly access: string;
    readonly envoy: string;
    /**
     * Where Envoy appends its records, `records.log` in its working folder; rotated by renaming to `<file>.1`, `.2`, …, the
     * highest the oldest. Belongs to Envoy's user. Absent where there is no Envoy.
     */
    readonly records?: string;
  };
}

/** A Service of type LoadBalancer: an address of its own on this machine, behind which pods answer. */
export interface LoadBalancerSpec {
  readonly uid: string;
  readonly ports: readonly LoadBalancerPort[];
}

export interface LoadBalancerPort {
  readonly port: number;
  /** Ready pods; a connection goes to one of them. None: it is refused. */
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

export interface LoadBalancerStatus {
  /** IPv4, the same for as long as the load balancer is there. */
  readonly address: string;
  /** Ports that this user may not open: where they are served instead, on the same address. */
  readonly mappedPorts: readonly { readonly port: number; readonly servedAt: number }[];
}

/** `name` (`*.example.com`: all below it) answers `addresses` (IPv4 or IPv6) for pods of `namespaces` (all if absent). */
export interface DnsRecord {
  readonly name: string;
  /** Empty: whatever it is elsewhere, for these namespaces. */
  readonly addresses: readonly string[];
  /** Such a record comes before those for all. */
  readonly namespaces?: readonly string[];
  /** It leads programs to their proxy, which itself is to find the host that is meant. */
  readonly forPrograms?: boolean;
  /** Only where the name is not known elsewhere. */
  readonly unlessKnown?: boolean;
  /** Another name that it stands for, in place of addresses. */
  readonly aliasOf?: string;
}

/** `--resolve HOST[:PORT]=IP[:PORT]`. Ports, where given, are kept for Envoy; DNS answers the address. */
export interface ResolveRule {
  readonly host: string;
  readonly port?: number;
  readonly address: string;
  readonly targetPort?: number;
}

/** Destinations whose connections are redirected to Envoy; `exclude` counts before `include`. */
export interface CapturedRanges {
  /** Absent: all. */
  readonly include?: readonly string[];
  readonly exclude: readonly string[];
}

export interface KeeperConfig {
  /** Names of the mesh itself: they win over `resolve`, which wins over the host's resolver. */
  readonly records: readonly DnsRecord[];
  readonly resolve: readonly ResolveRule[];
  /** Absent: everything. The keeper itself never leaves out addresses of the host and the mesh. */
  readonly capturedRanges?: CapturedRanges;
  /** Whether what a pod asks for (`SandboxRequest.capturedRanges`) takes their place. */
  readonly podsMayBypass?: boolean;
}

export interface KeeperStatus {
  readonly pid: number;
  readonly startedAt: string;
  readonly version: string;
  readonly envoy: { readonly path: string; readonly version: string };
  readonly capture: 'redirect' | 'proxy';
  /** What was changed on the host, one line each, as printed by `up`. */
  readonly hostChanges: readonly string[];
}

/** Spawn `argv` and the command's own words with stdio inherited and this environment to be inside the workload. */
export interface ExecPlan {
  /** Empty where nothing has to stand before the command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder to spawn it in, where `argv` does not go there by itself. */
  readonly cwd?: string;
}

/** What a shutdown did. */
export interface Ended {
  /** Changes of the host that were taken back, one line each. */
  readonly undone: readonly string[];
  /** Number of programs and Envoys that were running. */
  readonly ended: number;
}

export type KeeperEvent =
  | { readonly type: 'pod'; readonly pod: PodStatus }
  | { readonly type: 'gone'; readonly namespace: string; readonly name: string };
