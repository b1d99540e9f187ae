// The outer form of the control plane's answers. By hand and not with zod, whose import alone would take a third
// of the time that `get` may take.
import type { ExecPlan } from '../runtime/protocol.ts';
import type * as wire from '../server/wire.ts';

type FieldType = 'array' | 'object' | 'string' | 'number' | 'boolean';

/** A type guard that looks whether the named fields are there and of these types. */
function fields<T>(expected: Partial<Record<keyof T & string, FieldType>>): (body: unknown) => body is T {
  return (body): body is T =>
    isRecord(body) && Object.entries(expected).every(([name, type]) => typeOf(body[name]) === type);
}

export const bodyChecks = {
  info: fields<wire.InfoBody>({ pid: 'number', version: 'string', capture: 'string', ready: 'boolean' }),
  diagnostics: fields<wire.DiagnosticsBody>({ diagnostics: 'array' }),
  table: fields<wire.TableBody>({ names: 'object', columns: 'array', rows: 'array', resourceVersion: 'string' }),
  objects: fields<wire.ObjectsBody>({ names: 'object', items: 'array', resourceVersion: 'string' }),
  watchBatch: fields<wire.WatchBatchBody>({ events: 'array', resourceVersion: 'string' }),
  apply: fields<wire.ApplyBody>({ results: 'array', diagnostics: 'array' }),
  result: fields<wire.ObjectResult>({ printedName: 'string', diagnostics: 'array' }),
  deleted: fields<wire.DeleteBody>({ names: 'object' }),
  proxies: fields<wire.ProxiesBody>({ proxies: 'array' }),
  proxyConfig: fields<wire.ProxyConfigBody>({ resources: 'array' }),
  authority: fields<wire.AuthorityBody>({ source: 'string', issuer: 'object', roots: 'array', certificates: 'number' }),
  pods: fields<wire.PodsBody>({ pods: 'array' }),
  flows: fields<wire.FlowsBody>({ flows: 'array', from: 'string', to: 'string' }),
  check: fields<wire.CheckBody>({ answer: 'string', source: 'object', attempt: 'object', ways: 'array' }),
  suggestions: fields<wire.SuggestionsBody>({ suggestions: 'array', objects: 'array', leftOut: 'array' }),
  decisions: fields<wire.DecisionsBody>({ decisions: 'array', lastId: 'number' }),
  dryRun: fields<wire.DryRunBody>({ judged: 'number', summary: 'object', effects: 'array', diagnostics: 'array' }),
  tests: fields<wire.TestsBody>({ tests: 'array', passed: 'number', failed: 'number', diagnostics: 'array' }),
  upkeep: fields<wire.UpkeepBody>({ since: 'string', unused: 'array', shadowed: 'array', uncovered: 'array' }),
  alerts: fields<wire.AlertsBody>({ alerts: 'array' }),
  alert: fields<wire.AlertBody>({ id: 'number', state: 'string', reason: 'string' }),
  dropped: fields<wire.DroppedBody>({ topic: 'string', messages: 'number' }),
  execPlan: fields<ExecPlan>({ argv: 'array', env: 'object' }),
} as const;

const isErrorBody = fields<wire.ErrorBody>({ code: 'string', message: 'string' });

export function errorBody(body: unknown): wire.ErrorBody | undefined {
  return isErrorBody(body) ? body : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === 'object';
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}
