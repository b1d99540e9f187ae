// The JSON that the HTTP API speaks, as types shared by the server and its clients. docs/http-api.md describes it.
// Types and constants only: a client that imports this loads nothing of the server.
import type { z } from 'zod';
import type { Immutable } from '../api/immutable.ts';
import type { KubeObject } from '../api/object.ts';
import type { SyncState, TypeStatus } from '../discovery/proxy-state.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { AuthorityStatus } from '../identity/authority-status.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { PodStatus } from '../runtime/protocol.ts';
import type { ApplyOutcome } from '../store/store.ts';
import type { Suggestions } from '../suggest/suggestion.ts';
import type * as alerts from './schemas/alert-schema.ts';
import type * as check from './schemas/check-schema.ts';
import type * as events from './schemas/event-schema.ts';
import type * as foresight from './schemas/foresight-schema.ts';
import type * as tests from './schemas/policy-test-schema.ts';
import type * as traffic from './schemas/traffic-schema.ts';

/** Every answer with a status of 400 or more. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/** GET /v1/ca and POST /v1/ca/rotate. */
export type AuthorityBody = AuthorityStatus;

/** The names of a kind, so that a client prints them without knowing the kind. */
export interface KindNames {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
}

export interface TableColumn {
  readonly title: string;
  /** Shown only on request. */
  readonly wide: boolean;
}

export interface TableRow {
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; the reader makes the AGE of it. */
  readonly createdAt?: string;
  /** As many as there are columns. */
  readonly cells: readonly string[];
  /** What is wrong with the object, for below the table; each may have several lines. */
  readonly notes?: readonly string[];
}

/** GET /v1/objects/KIND and GET /v1/objects/KIND/NAME with `view=table`. */
export interface TableBody {
  readonly names: KindNames;
  readonly resourceVersion: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

/** The same with `view=objects`; one item when a name is asked. */
export interface ObjectsBody {
  readonly names: KindNames;
  readonly resourceVersion: string;
  readonly items: readonly KubeObject[];
  /** Of one object with `expand=true`, if it stands for others. */
  readonly expansion?: ExpansionBody;
}

/** The objects of Istio that an EgressPolicy stands for; they are not stored. */
export interface ExpansionBody {
  readonly objects: readonly KubeObject[];
  /** Who is let out by it, in sentences. */
  readonly admission: readonly string[];
}

/** One event of GET /v1/watch/KIND; `row` with `view=table`, else `object`. */
export interface WatchEventBody {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object?: KubeObject;
  readonly row?: TableRow;
}

export interface WatchBatchBody {
  readonly resourceVersion: string;
  readonly events: readonly WatchEventBody[];
}

/** What became of one object of POST /v1/objects, and the answer to PATCH. */
export interface ObjectResult {
  /** Position in the request's array. */
  readonly index: number;
  /** `serviceentry.networking.istio.io/httpbin-ext`, or '' where the kind is unknown. */
  readonly printedName: string;
  /** Absent where the object was refused: then `diagnostics` has an error. */
  readonly outcome?: ApplyOutcome;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ApplyBody {
  readonly results: readonly ObjectResult[];
  /** What is said of the stored objects beside others, and of others that name them. No reason to refuse any. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface DeleteBody {
  readonly names: KindNames;
}

export interface ProxyBody extends ProxyIdentity {
  readonly connectedAt: string;
  readonly version: string;
  /** By the short names of xDS: CDS, LDS, EDS, RDS, VHDS, SDS. */
  readonly types: Readonly<Record<XdsName, TypeStatus>>;
}

export interface ProxiesBody {
  readonly proxies: readonly ProxyBody[];
}

export interface ProxyConfigBody {
  readonly resources: readonly ProxyResource[];
}

export const xdsNames = ['CDS', 'LDS', 'EDS', 'RDS', 'VHDS', 'SDS'] as const;

export type XdsName = (typeof xdsNames)[number];

export const configTypes = ['clusters', 'listeners', 'routes', 'virtualhosts', 'endpoints', 'secrets'] as const;

export type ConfigType = (typeof configTypes)[number];

/** One resource that a proxy is given, as `proxy-config` shows it. */
export interface ProxyResource {
  readonly name: string;
  readonly version: string;
  /** `ServiceEntry/default/httpbin` */
  readonly origins: readonly string[];
  /** Whether the proxy took it. */
  readonly state: SyncState;
  /** Why it did not, in Envoy's words. */
  readonly error?: string;
  /** The message in protobuf's JSON form. */
  readonly json: unknown;
}

export interface PodBody extends PodStatus {
  /** Of the Pod object, else those its proxy is known by. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface PodsBody {
  readonly pods: readonly PodBody[];
}

export interface InfoBody {
  readonly pid: number;
  readonly version: string;
  readonly data: string;
  readonly capture: 'redirect' | 'proxy';
  readonly startedAt: string;
  readonly ready: boolean;
}

export interface DiagnosticsBody {
  readonly diagnostics: readonly Diagnostic[];
}

/** GET /v1/flows: the document of `traffic -o json` and the stretch it tells. */
export type FlowsBody = Body<typeof traffic.flowsSchema>;

/** GET /v1/check. */
export type CheckBody = Omit<Body<typeof check.checkSchema>, 'change'> & {
  readonly change?: { readonly summary: string; readonly objects: readonly KubeObject[] };
};

export type FlowBody = FlowsBody['flows'][number];

/** GET /v1/suggestions. */
export type SuggestionsBody = Suggestions;

export type GraphBody = Body<typeof traffic.graphSchema>;

/** A decision with its times in RFC 3339. */
export type DecisionBody = Body<typeof traffic.decisionSchema>;

/** GET /v1/decisions, and the data of `event: decisions`. */
export type DecisionsBody = Body<typeof traffic.decisionsSchema>;

/** POST /v1/dry-run. */
export type DryRunBody = Body<typeof foresight.dryRunSchema>;

/** What it is asked. */
export type DryRunAskBody = Immutable<z.input<typeof foresight.dryRunAskSchema>>;

/** GET and POST /v1/tests. */
export type TestsBody = Body<typeof tests.testsSchema>;

/** What POST /v1/tests is asked. */
export type TestsAskBody = Immutable<z.input<typeof tests.testsAskSchema>>;

/** GET /v1/upkeep. */
export type UpkeepBody = Body<typeof foresight.upkeepSchema>;

/** An alert with its times in RFC 3339; the answer to POST /v1/alerts/ID/acknowledge. */
export type AlertBody = Body<typeof alerts.alertSchema>;

/** GET /v1/alerts, and the data of `event: alerts`. */
export type AlertsBody = Body<typeof alerts.alertsSchema>;

export type EventTopic = (typeof events.eventTopics)[number];

/** Data of `event: flows` and `event: diagnostics`. */
export type ChangedBody = Body<typeof events.changedSchema>;

export type ProxyEventsBody = Body<typeof events.proxyEventsSchema>;

export type ObjectEventsBody = Body<typeof events.objectEventsSchema>;

export type DroppedBody = Body<typeof events.droppedSchema>;

type Body<Schema extends z.ZodType> = Immutable<z.infer<Schema>>;
