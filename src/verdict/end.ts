// How a way ends, in the words of the ledger: the same code that turns a proxy's records and counters into decisions and flows
// says what object decides, by which signature and for which reason.
import type { ProxyIdentity } from '../discovery/view.ts';
import { type KeyMeaning, meaningOf } from '../telemetry/intake/key-meaning.ts';
import { createMeanings, type Meanings } from '../telemetry/intake/meanings.ts';
import { type JudgedRecord, judgeRecord, type RecordContext } from '../telemetry/intake/records/judged-record.ts';
import { decidingSource, decisionOf } from '../telemetry/intake/records/record-decision.ts';
import type { Registry } from '../telemetry/intake/registry.ts';
import { tellerOf } from '../telemetry/intake/teller.ts';
import { parseVirtualServiceRoute } from '../xds/names.ts';
import type { Attempt } from './attempt.ts';
import { recordOf } from './told-record.ts';
import type { Arrived, End } from './verdict.ts';
import type { Terminal } from './walk/walk.ts';

export interface Ends {
  of(terminal: Terminal, caller: ProxyIdentity, attempt: Attempt): End;
}

export function createEnds(registry: Registry): Ends {
  const meanings = createMeanings(registry);
  return {
    of(terminal, caller, attempt) {
      if (terminal.proxy.inbound) return endAtService(terminal, attempt);
      return endAt(terminal, caller, attempt, registry, meanings);
    },
  };
}

function endAt(
  terminal: Terminal,
  caller: ProxyIdentity,
  attempt: Attempt,
  registry: Registry,
  meanings: Meanings,
): End {
  const { proxy, event, kind, how, route } = terminal;
  const { namespace, workload, serviceAccount, labels, name: pod } = proxy.identity;
  const source = { namespace, workload, serviceAccount, labels };
  const record = recordOf(event);
  const context: RecordContext = { source, pod, meanings, registry, now: 0 };
  const isTold = record !== undefined && tellerOf(record.key, record.family) === 'records';
  const judged = isTold ? judgeRecord(record, context) : undefined;
  if (record !== undefined && judged?.signature !== undefined) {
    const { signature } = judged;
    const { reason, object, destination } = decisionOf({
      record,
      judged,
      signature,
      source: decidingSource(context),
      registry,
    });
    if (signature === 'passed-unregistered') {
      const { host, port } = destination;
      if (kind !== 'left') {
        const why = terminal.why ?? whyUnanswered(terminal, host, port);
        return { kind: 'unanswered', how, host, port, reason: `${reason}; but ${why}`, object };
      }
      return { kind: 'passthrough', host, port, signature, reason, object };
    }
    return { kind: 'refused', how, signature, reason, object };
  }
  if (kind === 'answered') return { kind: 'answered', code: Number(how), object: objectOfRoute(route) };
  const meaning = meaningFor(terminal, judged, namespace, meanings);
  const { host, port } = meaning?.destination ?? attempt;
  const object = objectFor(terminal, registry, namespace, host, port);
  if (kind === 'left') return arrived(terminal, meaning, { object, host, port }, { registry, caller, attempt });
  const reason = terminal.why ?? whyUnanswered(terminal, host, port);
  return { kind: 'unanswered', how, host, port, reason, object };
}

function meaningFor(
  { cluster, route, event }: Terminal,
  judged: JudgedRecord | undefined,
  namespace: string,
  meanings: Meanings,
): Pick<KeyMeaning, 'destination'> | undefined {
  if (judged !== undefined) return judged;
  return cluster === '' && parseVirtualServiceRoute(route) === undefined
    ? undefined
    : meaningOf(meanings, namespace, { cluster, route, flags: '-' }, event.family);
}

function arrived(
  { proxy, reported }: Terminal,
  meaning: Pick<KeyMeaning, 'destination'> | undefined,
  place: Pick<Arrived, 'object' | 'host' | 'port'>,
  {
    registry,
    caller,
    attempt,
  }: { readonly registry: Registry; readonly caller: ProxyIdentity; readonly attempt: Attempt },
): Arrived {
  const { kind, serviceEntry } = meaning?.destination ?? { kind: 'external' as const };
  // Connections that are only reported are told so by their chain alone.
  const { withheldBy } = registry.asked(caller, attempt.host, attempt.port);
  const reports = reported || (attempt.protocol !== 'http' && attempt.protocol !== 'grpc');
  return {
    kind: kind === 'service' ? 'service' : 'external',
    ...place,
    ...(serviceEntry === undefined ? {} : { serviceEntry }),
    tls: proxy.hop.tls,
    ...(reports && withheldBy !== undefined ? { reported: withheldBy } : {}),
  };
}

function objectFor({ route }: Terminal, registry: Registry, namespace: string, host: string, port: number): string {
  return registry.host(namespace, host, port)?.object ?? objectOfRoute(route);
}

/** The VirtualService of such a route. */
function objectOfRoute(route: string): string {
  const rule = parseVirtualServiceRoute(route);
  return rule === undefined ? 'default' : `VirtualService/${rule.virtualService.namespace}/${rule.virtualService.name}`;
}

function whyUnanswered({ cluster, route }: Terminal, host: string, port: number): string {
  if (cluster === '') return `${objectOfRoute(route)} leads to what nobody registered`;
  return `nothing is behind ${host}:${port}: it has no endpoint that could answer`;
}

/** Refused by the proxy of what was called; only its own access log tells of it. */
function endAtService({ event, how, why, proxy }: Terminal, { host, port }: Attempt): End {
  const { namespace, workload } = proxy.identity;
  const [, rule] = /^rbac_access_denied_matched_policy\[(.*)\]$/.exec(String(event.fields['d'] ?? '')) ?? [];
  if (rule === undefined) {
    const reason = why ?? `${namespace}/${workload} takes only what comes by mTLS of the mesh`;
    return { kind: 'unanswered', how, host, port, reason, object: 'default' };
  }
  const denying = /^(AuthorizationPolicy\/.*)\[\d+\]$/.exec(rule)?.[1];
  const object = denying ?? allowingOf(proxy.hop.objects);
  const who = `${host}:${port} at ${namespace}/${workload}`;
  const reason = denying === undefined ? `no rule of ${object} allows ${who}` : `${denying} denies it: ${who}`;
  return { kind: 'refused', how, signature: 'policy-denied', reason, object };
}

function allowingOf(objects: ReadonlySet<string>): string {
  return (
    [...objects].filter((origin) => origin.startsWith('AuthorizationPolicy/')).join(',') || 'an AuthorizationPolicy'
  );
}
