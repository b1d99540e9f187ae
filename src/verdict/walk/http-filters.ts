// What the HTTP filters of a chain do with a request before the router has it: each with what its route, or its virtual host, has
// for it. A filter that stands disabled runs where they have something.
import type { Any } from '@bufbuild/protobuf/wkt';
import type { Route, VirtualHost } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { CorsPolicySchema } from '../../envoy/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { type FaultAbort, HTTPFaultSchema } from '../../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { RBACPerRouteSchema, RBACSchema } from '../../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { ConfigSchema as SetFilterStateSchema } from '../../envoy/gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import type { HttpFilter } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { type FractionalPercent, FractionalPercent_DenominatorType } from '../../envoy/gen/envoy/type/v3/percent_pb.js';
import { readAny } from '../reading/message.ts';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';
import { withState } from './filter-state.ts';
import { judgeRbac } from './rbac.ts';
import type { Request } from './request.ts';
import type { Walk } from './walk.ts';

export interface Filtered {
  /** Its answer in place of the router's. */
  readonly answer?: {
    readonly code: number;
    readonly details: string;
    readonly flags: string;
    readonly denied?: boolean;
  };
  readonly connection: Connection;
  /** Rules that only report would have stopped it. */
  readonly reported: boolean;
}

/** Those that change headers, resolve names or count. */
const withoutSay = new Set([
  'envoy.filters.http.header_to_metadata',
  'envoy.filters.http.grpc_stats',
  'envoy.filters.http.dynamic_forward_proxy',
]);

export interface Routed {
  readonly virtualHost: VirtualHost | undefined;
  readonly route: Route | undefined;
  /** Of the weighted cluster that was chosen. */
  readonly perCluster: Readonly<Record<string, Any>>;
}

export function runHttpFilters(
  walk: Walk,
  filters: readonly HttpFilter[],
  { virtualHost, route, perCluster }: Routed,
  arrived: Connection,
  request: Request,
): Filtered {
  let connection = arrived;
  let reported = false;
  for (const { name, disabled, configType } of filters) {
    const own = [perCluster, route?.typedPerFilterConfig, virtualHost?.typedPerFilterConfig]
      .flatMap((configs) => (configs !== undefined && Object.hasOwn(configs, name) ? [configs[name]] : []))
      .at(0);
    if ((disabled && own === undefined) || withoutSay.has(name)) continue;
    const config = own ?? (configType.case === 'typedConfig' ? configType.value : undefined);
    const perRoute = readAny(RBACPerRouteSchema, config);
    const rbac = perRoute === undefined ? readAny(RBACSchema, config) : perRoute.rbac;
    const state = readAny(SetFilterStateSchema, config);
    const fault = readAny(HTTPFaultSchema, config);
    if (rbac !== undefined) {
      const judged = { connection, request, questions: walk.questions };
      if (rbac.rules !== undefined) {
        const { allowed, policy } = judgeRbac(rbac.rules, judged);
        if (!allowed) {
          const details = `rbac_access_denied_matched_policy[${policy ?? 'none'}]`;
          const denied = rbac.rulesStatPrefix !== '';
          return { connection, reported, answer: { code: 403, details, flags: '-', denied } };
        }
      }
      reported ||= rbac.shadowRules !== undefined && !judgeRbac(rbac.shadowRules, judged).allowed;
    } else if (state !== undefined) {
      connection = { ...connection, state: withState(connection.state, state.onRequestHeaders, connection) };
    } else if (fault !== undefined) {
      const code = abortOf(walk, fault.abort);
      if (code !== undefined) {
        return { connection, reported, answer: { code, details: 'fault_filter_abort', flags: 'FI' } };
      }
    } else if (readAny(CorsPolicySchema, config) !== undefined) {
      if (isPreflight(request)) return { connection, reported, answer: { code: 200, details: '', flags: '-' } };
    } else throw new Untellable(`an HTTP filter ${name} with ${config?.typeUrl}`);
  }
  return { connection, reported };
}

function abortOf({ questions }: Walk, abort: FaultAbort | undefined): number | undefined {
  if (abort === undefined) return undefined;
  const share = percentOf(abort.percentage);
  if (share === 0) return undefined;
  const told = [
    { when: `in ${share}% of cases a fault is injected` },
    { when: `in ${100 - share}% of cases no fault is injected` },
  ];
  if (share < 100 && questions.choose('fault', told) !== 0) return undefined;
  if (abort.errorType.case === 'httpStatus') return abort.errorType.value;
  // gRPC is told in a 200.
  if (abort.errorType.case === 'grpcStatus') return 200;
  throw new Untellable(`a fault ${abort.errorType.case}`);
}

function percentOf(percentage: FractionalPercent | undefined): number {
  if (percentage === undefined) return 0;
  const { HUNDRED, TEN_THOUSAND } = FractionalPercent_DenominatorType;
  const { numerator, denominator } = percentage;
  const whole = denominator === HUNDRED ? 100 : denominator === TEN_THOUSAND ? 10_000 : 1_000_000;
  return (numerator / whole) * 100;
}

/** Of browsers; what is not known to be one is none. */
function isPreflight({ method, header }: Request): boolean {
  if (method.value() !== 'OPTIONS') return false;
  return header('origin') !== undefined && header('access-control-request-method') !== undefined;
}
