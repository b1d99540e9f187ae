// One line of a proxy's records, read with care: every value may be missing, odd or hostile. Invariant: what comes out
// has values of its types; texts are as they were written.
import { policyOfRule } from '../../../xds/authorization/rule-name.ts';
import type { CounterKey, Reporter } from '../../../xds/counter-key.ts';
import {
  type connectedRecordFields,
  type GatewayRecordFields,
  type httpRecordFields,
  type RefusalRecordFields,
  type tcpRecordFields,
  wouldDeny,
} from '../../../xds/record-line.ts';

/** Empty texts and zeros stand for what the line does not have. */
export interface EventRecord {
  readonly family: 'http' | 'tcp';
  /** Of its end, milliseconds since 1970; 0 if unknown. */
  readonly at: number;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly sni: string;
  readonly details: string;
  /** EgressPolicies that only report would have stopped it. */
  readonly reported: boolean;
  /** Policies that refused it: one that denies (at gateways an EgressPolicy too), or AuthorizationPolicies of which none allows. */
  readonly refusedBy: string;
  /** Of a connection inside a CONNECT: the authority that was asked for. */
  readonly connected: string;
  /** What the counters have of the same event. */
  readonly key: CounterKey;
  /** `address:port` that the connection was going to, and of the upstream that was chosen. */
  readonly local: string;
  readonly upstream: string;
  /** As in Onward; undefined: not told. */
  readonly shownAs: string | undefined;
  /** At a gateway: the address that called it. */
  readonly caller: string;
  /** And who its certificate proved it to be (SPIFFE). */
  readonly callerIdentity: string;
  readonly received: number;
  readonly sent: number;
  readonly milliseconds: number;
}

/** Undefined if the line is none. */
export function parseRecord(line: string): EventRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const http = Object.hasOwn(json, 'c');
  if (!http && !Object.hasOwn(json, 's')) return undefined;
  const text = (name: Field) => textOf(json[name]);
  const number = (name: Field) => numberOf(json[name]);
  const milliseconds = number('ms');
  const start = number('t') * 1000;
  return {
    family: http ? 'http' : 'tcp',
    at: start === 0 ? 0 : Math.round(start + milliseconds),
    method: text('m'),
    authority: text('a'),
    path: text('p'),
    sni: text('s'),
    details: text('d'),
    reported: text('w') === wouldDeny,
    refusedBy: text('z') === wouldDeny ? (denyingPolicy(text('d')) ?? text('y')) : '',
    connected: text('q'),
    key: {
      reporter: reporterOf(text('v')),
      cluster: text('u'),
      route: text('r'),
      code: Math.trunc(number('c')),
      flags: text('f') === '' ? '-' : text('f'),
      grpcStatus: text('g'),
      peer: '-',
    },
    local: text('o'),
    upstream: text('h'),
    shownAs: Object.hasOwn(json, 'k') ? text('k') : undefined,
    caller: text('b'),
    callerIdentity: text('i'),
    received: number('rx'),
    sent: number('tx'),
    milliseconds,
  };
}

type Field =
  | keyof typeof httpRecordFields
  | keyof typeof tcpRecordFields
  | keyof typeof connectedRecordFields
  | keyof GatewayRecordFields
  | keyof RefusalRecordFields;

/** Of `rbac_access_denied_matched_policy[AuthorizationPolicy/shop/web[0]]`, and of an EgressPolicy. */
function denyingPolicy(details: string): string | undefined {
  const [, rule] = /^rbac_access_denied_matched_policy\[((?:Authorization|Egress)Policy\/.*)\]$/.exec(details) ?? [];
  return rule === undefined ? undefined : policyOfRule(rule);
}

function reporterOf(text: string): Reporter {
  return text === 'gateway' || text === 'relay' ? text : 'source';
}

function isObject(json: unknown): json is { readonly [name in Field]?: unknown } {
  return typeof json === 'object' && json !== null;
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '-' ? value : '';
}

function numberOf(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number <= Number.MAX_SAFE_INTEGER ? number : 0;
}
