// What the HTTP API needs of the rest, by interface: it serves what others know and decides nothing itself.
// The composition root passes these in; tests pass a real store and plain values.

import type { KubeObject } from '../api/object.ts';
import type { Check } from '../check/check.ts';
import type { ProxyStatus } from '../discovery/proxy-state.ts';
import type { Change } from '../dry-run/change.ts';
import type { DryRun } from '../dry-run/dry-run.ts';
import type { AuthorityStatus } from '../identity/authority-status.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { Logger } from '../platform/log.ts';
import type { TestRun } from '../policy-test/result.ts';
import type { ExecPlan, PodStatus } from '../runtime/protocol.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Suggestions, SuggestOptions } from '../suggest/suggestion.ts';
import type { Alert } from '../telemetry/alert.ts';
import type { Registry } from '../telemetry/intake/registry.ts';
import type { LedgerReader } from '../telemetry/ledger.ts';
import type { MetricRules } from '../telemetry/metrics/metric-rules.ts';
import type { SeenQuery } from '../telemetry/seen-flow.ts';
import type { Upkeep } from '../upkeep/upkeep.ts';
import type { ConfigType, ExpansionBody, ProxyResource } from './wire.ts';

export interface ServerInfo {
  readonly pid: number;
  readonly version: string;
  /** The data folder. */
  readonly data: string;
  readonly capture: 'redirect' | 'proxy';
  /** RFC 3339. */
  readonly startedAt: string;
}

export interface ServerDeps {
  readonly store: ObjectStore;
  readonly info: ServerInfo;
  readonly log: Logger;
  /** Resolves when the mesh is served: sources read, proxies may connect. */
  readonly ready: Promise<void>;
  /** Flows, decisions, alerts and metric series. */
  readonly traffic: LedgerReader;
  /** Undefined where there is no such alert. */
  acknowledge(id: number): Alert | undefined;
  /** Whether an attempt would leave. */
  readonly check: Check['check'];
  suggestions(query: SuggestOptions & Omit<SeenQuery, 'kinds'>, signal: AbortSignal): Promise<Suggestions>;
  /** What proxies would do with a destination now. */
  readonly registry: Pick<Registry, 'asked' | 'policy'>;
  /** What is told of metrics now; undefined: all. */
  metricRules(): MetricRules | undefined;
  proxies(): readonly ProxyStatus[];
  /** Called for any number of differences in `proxies()`. Returns the unsubscribe function. */
  onProxiesChange(listener: () => void): () => void;
  /** Undefined where no such proxy is connected. */
  proxyConfig(namespace: string, name: string, type: ConfigType): readonly ProxyResource[] | undefined;
  pods(): readonly PodStatus[] | Promise<readonly PodStatus[]>;
  /** Undefined where no such pod runs. */
  execPlan(namespace: string, name: string): Promise<ExecPlan | undefined>;
  /** Undefined where none is served: with proxy capture. */
  readonly authority: AuthorityControl | undefined;
  /** What is wrong with the mesh's configuration as it stands. */
  diagnostics(): Promise<readonly Diagnostic[]>;
  /** What is said of these stored objects now that the mesh has them, and what others say that names them. */
  diagnosticsOf(objects: readonly KubeObject[]): Promise<readonly Diagnostic[]>;
  /** What Istio would have to be told in place of this object; undefined for one that stands for itself. */
  expansionOf(object: KubeObject): ExpansionBody | undefined;
  /** What of the traffic on record would end otherwise after the change. */
  dryRun(change: Change, seen: SeenQuery, signal: AbortSignal): Promise<DryRun>;
  /** EgressTests on what the mesh has, with these objects in place of its own. */
  policyTests(
    asked: { readonly given: readonly KubeObject[]; readonly namespace?: string },
    signal: AbortSignal,
  ): Promise<TestRun>;
  /** `unusedSince`: milliseconds since 1970. */
  upkeep(asked: { readonly unusedSince: number; readonly namespace?: string }, signal: AbortSignal): Promise<Upkeep>;
  /** Called when `diagnostics()` may tell something else. Returns the unsubscribe function. */
  onDiagnosticsChange(listener: () => void): () => void;
}

/** Of the certificate authority, without its key. */
export interface AuthorityControl {
  status(): AuthorityStatus;
  /** Throws SallyportError `SP_CONFLICT`. */
  rotate(): AuthorityStatus;
}

/** How a request came in: the Unix socket is trusted, TCP is not. */
export type Transport = 'unix' | 'tcp';
