// The control plane's HTTP API as typed calls. Answers come from our own process over a socket that only this user
// can open; their outer form is checked, since that process may be of another version.
import type { KubeObject } from '../api/object.ts';
import type { DataFolder } from '../platform/data-folder.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import { SallyportError } from '../platform/errors.ts';
import { requestJson, streamLines, type UnixHttpRequest } from '../platform/unix-http.ts';
import type { ExecPlan } from '../runtime/protocol.ts';
import type * as wire from '../server/wire.ts';
import { bodyChecks, errorBody } from './body-checks.ts';
import { type EventMessage, parseEvents } from './event-messages.ts';
import { orKeeper } from './keeper-fallback.ts';

/** An answer with a status of 400 or more, in the server's words. */
export class ApiError extends SallyportError {
  readonly status: number;
  readonly diagnostics: readonly Diagnostic[];

  constructor(status: number, body: wire.ErrorBody) {
    super(body.code, body.message, body.hint === undefined ? {} : { hint: body.hint });
    this.status = status;
    this.diagnostics = body.diagnostics ?? [];
  }
}

export interface ObjectQuery {
  /** All namespaces if absent. */
  readonly namespace?: string;
  readonly name?: string;
  readonly labelSelector?: string;
  /** Objects with their defaults filled in. */
  readonly defaults?: boolean;
  /** Of one object: with what it stands for. */
  readonly expand?: boolean;
}

/** Of GET /v1/flows; `since` as a duration. */
export interface FlowsQuery {
  readonly since?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly open?: boolean;
  readonly external?: boolean;
}

/** Of GET /v1/check; `labels` as `a=b,c=d`, of `headers` each on a line. */
export interface CheckQuery {
  readonly url: string;
  readonly namespace: string;
  readonly workload?: string;
  readonly serviceAccount?: string;
  readonly labels?: string;
  readonly method?: string;
  readonly headers?: string;
}

/** Of GET /v1/suggestions; `since` and `expires` as durations, `host` comma separated. */
export interface SuggestionsQuery {
  readonly as: string;
  readonly since?: string;
  readonly namespace?: string;
  readonly blocked?: boolean;
  readonly host?: string;
  readonly wildcards?: boolean;
  readonly expires?: string;
}

/** Of GET /v1/decisions and of the events about them. */
export interface DecisionsQuery {
  readonly namespace?: string;
  readonly workload?: string;
  /** Only decisions with a greater id. */
  readonly afterId?: number;
}

/** Of GET /v1/alerts; `since` as a duration. */
export interface AlertsQuery {
  readonly since?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly kind?: string;
  readonly state?: string;
}

/** Every call throws ApiError, or SallyportError where no mesh answers. */
export interface ApiClient {
  info(): Promise<wire.InfoBody>;
  diagnostics(): Promise<wire.DiagnosticsBody>;
  table(kind: string, query: ObjectQuery): Promise<wire.TableBody>;
  objects(kind: string, query: ObjectQuery): Promise<wire.ObjectsBody>;
  /** Rows of a table after `resourceVersion`, until Ctrl-C. */
  watchRows(kind: string, query: ObjectQuery, resourceVersion: string): AsyncIterable<wire.WatchBatchBody>;
  watchObjects(kind: string, query: ObjectQuery, resourceVersion: string): AsyncIterable<wire.WatchBatchBody>;
  apply(objects: readonly KubeObject[]): Promise<wire.ApplyBody>;
  patch(kind: string, namespace: string, name: string, patch: unknown): Promise<wire.ObjectResult>;
  delete(kind: string, namespace: string, name: string): Promise<wire.DeleteBody>;
  proxies(): Promise<wire.ProxiesBody>;
  proxyConfig(namespace: string, name: string, type: wire.ConfigType): Promise<wire.ProxyConfigBody>;
  authority(): Promise<wire.AuthorityBody>;
  rotateAuthority(): Promise<wire.AuthorityBody>;
  pods(query: Pick<ObjectQuery, 'namespace' | 'labelSelector'>): Promise<wire.PodsBody>;
  execPlan(namespace: string, name: string): Promise<ExecPlan>;
  flows(query: FlowsQuery): Promise<wire.FlowsBody>;
  check(query: CheckQuery): Promise<wire.CheckBody>;
  suggestions(query: SuggestionsQuery): Promise<wire.SuggestionsBody>;
  decisions(query: DecisionsQuery & { readonly since?: string; readonly limit: number }): Promise<wire.DecisionsBody>;
  dryRun(ask: wire.DryRunAskBody): Promise<wire.DryRunBody>;
  tests(query: { readonly namespace?: string }): Promise<wire.TestsBody>;
  testWith(ask: wire.TestsAskBody): Promise<wire.TestsBody>;
  upkeep(query: { readonly unused: string; readonly namespace?: string }): Promise<wire.UpkeepBody>;
  alerts(query: AlertsQuery): Promise<wire.AlertsBody>;
  acknowledge(id: number): Promise<wire.AlertBody>;
  /** Messages of the topic, until the control plane ends the stream or Ctrl-C. */
  events(topic: wire.EventTopic, query: DecisionsQuery): AsyncIterable<EventMessage>;
}

export function createApiClient(folder: DataFolder, programName: string, signal: AbortSignal): ApiClient {
  const socketPath = folder.apiSocket;

  async function call<T>(
    check: (body: unknown) => body is T,
    path: string,
    request: Pick<UnixHttpRequest, 'method' | 'body'> = {},
  ): Promise<T> {
    const { status, body } = await requestJson({ socketPath, path, signal, ...request }).catch(absent);
    if (status >= 400) throw new ApiError(status, errorBody(body) ?? { code: 'SP_HTTP', message: `status ${status}` });
    if (check(body)) return body;
    const hint = 'restart the mesh with this version';
    throw new SallyportError('SP_OTHER_VERSION', 'the mesh answers in a form this version does not know', { hint });
  }

  async function* watch(kind: string, query: ObjectQuery, view: string, resourceVersion: string) {
    const path = `/v1/watch/${encodeURIComponent(kind)}${queryString({ ...query, view, resourceVersion })}`;
    for await (const message of parseEvents(streamLines({ socketPath, path, signal }))) yield readBatch(message);
  }

  function absent(error: unknown): never {
    if (!(error instanceof SallyportError) || error.code !== 'SP_NO_SERVER') throw error;
    const hint = `start it with: ${programName} up`;
    throw new SallyportError('SP_NOT_UP', `the mesh in ${folder.path} is not up`, { hint, cause: error });
  }

  return {
    info: () => call(bodyChecks.info, '/v1/info'),
    diagnostics: () => call(bodyChecks.diagnostics, '/v1/diagnostics'),
    table: (kind, query) => call(bodyChecks.table, objectPath(kind, { ...query, view: 'table' })),
    objects: (kind, query) => call(bodyChecks.objects, objectPath(kind, query)),
    watchRows: (kind, query, resourceVersion) => watch(kind, query, 'table', resourceVersion),
    watchObjects: (kind, query, resourceVersion) => watch(kind, query, 'objects', resourceVersion),
    apply: (objects) => call(bodyChecks.apply, '/v1/objects', { method: 'POST', body: objects }),
    patch: (kind, namespace, name, patch) =>
      call(bodyChecks.result, objectPath(kind, { namespace, name }), { method: 'PATCH', body: patch }),
    delete: (kind, namespace, name) =>
      call(bodyChecks.deleted, objectPath(kind, { namespace, name }), { method: 'DELETE' }),
    proxies: () => call(bodyChecks.proxies, '/v1/proxies'),
    proxyConfig: (namespace, name, type) =>
      call(bodyChecks.proxyConfig, `/v1/proxies/${segment(namespace)}/${segment(name)}/config/${type}`),
    authority: () => call(bodyChecks.authority, '/v1/ca'),
    rotateAuthority: () => call(bodyChecks.authority, '/v1/ca/rotate', { method: 'POST' }),
    pods: (query) =>
      orKeeper(
        folder,
        () => call(bodyChecks.pods, `/v1/pods${queryString(query)}`),
        async (keeper) => ({ pods: (await keeper.pods()).filter(fits(query)).map((pod) => ({ ...pod, labels: {} })) }),
      ),
    execPlan: (namespace, name) =>
      orKeeper(
        folder,
        () => call(bodyChecks.execPlan, `/v1/pods/${segment(namespace)}/${segment(name)}/exec`),
        async (keeper) => (await keeper.execPlan(namespace, name)) ?? notRunning(name),
      ),
    check: (query) => call(bodyChecks.check, `/v1/check${queryString({ ...query })}`),
    flows: (query) => call(bodyChecks.flows, `/v1/flows${queryString({ ...query })}`),
    suggestions: (query) => call(bodyChecks.suggestions, `/v1/suggestions${queryString({ ...query })}`),
    decisions: (query) => call(bodyChecks.decisions, `/v1/decisions${queryString({ ...query })}`),
    dryRun: (ask) => call(bodyChecks.dryRun, '/v1/dry-run', { method: 'POST', body: ask }),
    tests: (query) => call(bodyChecks.tests, `/v1/tests${queryString({ ...query })}`),
    testWith: (ask) => call(bodyChecks.tests, '/v1/tests', { method: 'POST', body: ask }),
    upkeep: (query) => call(bodyChecks.upkeep, `/v1/upkeep${queryString({ ...query })}`),
    alerts: (query) => call(bodyChecks.alerts, `/v1/alerts${queryString({ ...query })}`),
    acknowledge: (id) => call(bodyChecks.alert, `/v1/alerts/${id}/acknowledge`, { method: 'POST' }),
    events: (topics, query) =>
      parseEvents(streamLines({ socketPath, path: `/v1/events${queryString({ topics, ...query })}`, signal })),
  };
}

/** The keeper knows no labels: with a selector none of its pods fits. */
function fits({ namespace, labelSelector }: Pick<ObjectQuery, 'namespace' | 'labelSelector'>) {
  return (pod: { readonly namespace: string }) =>
    labelSelector === undefined && (namespace === undefined || pod.namespace === namespace);
}

function notRunning(name: string): never {
  throw new SallyportError('SP_NOT_RUNNING', `workload ${name} does not run`);
}

const segment = encodeURIComponent;

function objectPath(kind: string, { name, ...query }: ObjectQuery & { readonly view?: string }): string {
  const object = name === undefined ? '' : `/${segment(name)}`;
  return `/v1/objects/${segment(kind)}${object}${queryString(query)}`;
}

function queryString(query: Readonly<Record<string, string | boolean | number | undefined>>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given}`;
}

function readBatch({ event, data }: EventMessage): wire.WatchBatchBody {
  const failure = event === 'error' ? errorBody(data) : undefined;
  if (failure !== undefined) throw new ApiError(500, failure);
  if (bodyChecks.watchBatch(data)) return data;
  throw new SallyportError('SP_OTHER_VERSION', 'the mesh sends events of a form this version does not know');
}
