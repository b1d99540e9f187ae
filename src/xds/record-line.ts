// The lines that Envoy appends to a proxy's records file: JSON, one for each event that was stopped or left unregistered,
// and some that did not, which the reader leaves out. Values are command operators' results; null where there is none.

import type { Refusal } from './authorization/filters.ts';

/** Where Envoy appends them, in its working folder. */
export const recordsFile = 'records.log';

/** What RBAC's shadow rules leave of a request that EgressPolicies would stop. */
export const reportedKey = 'egress_policy_shadow_engine_result';
export const wouldDeny = 'denied';

/** What AuthorizationPolicies came to, in the dynamic metadata of RBAC's filters: `denied`. */
const judgedKeys = {
  http: 'envoy.filters.http.rbac:authorization_enforced_engine_result',
  tcp: 'envoy.filters.network.rbac:authorization_shadow_engine_result',
} as const;

/** At a chain that AuthorizationPolicies judge, beside the others. */
export interface RefusalRecordFields {
  /** `denied` where they refused it. */
  readonly z: string;
  /** Those of which one would have had to match. */
  readonly y: string;
  /** Where one rule refuses everything, what its filter would say of it. */
  readonly d?: string;
}

export function refusalRecordFields(
  family: keyof typeof judgedKeys,
  { kind, policies, rule }: Refusal,
): RefusalRecordFields {
  return {
    z: kind === 'always' ? wouldDeny : `%DYNAMIC_METADATA(${judgedKeys[family]})%`,
    y: policies,
    ...(rule === undefined ? {} : { d: `rbac_access_denied_matched_policy[${rule}]` }),
  };
}

/** Of connections, for loggers that write those alone. */
export const judgedConnectionKey = 'authorization_shadow_engine_result';

/** Of HTTP requests. */
export const httpRecordFields = {
  /** Start, seconds since 1970 with three decimals. */
  t: '%START_TIME(%s.%3f)%',
  m: '%REQ(:METHOD)%',
  a: '%REQ(:AUTHORITY):300%',
  p: '%PATH(NQ):300%',
  c: '%RESPONSE_CODE%',
  f: '%RESPONSE_FLAGS%',
  d: '%RESPONSE_CODE_DETAILS%',
  r: '%ROUTE_NAME%',
  u: '%UPSTREAM_CLUSTER_RAW%',
  h: '%UPSTREAM_HOST%',
  o: '%DOWNSTREAM_LOCAL_ADDRESS%',
  rx: '%BYTES_RECEIVED%',
  tx: '%BYTES_SENT%',
  ms: '%DURATION%',
  g: '%GRPC_STATUS_NUMBER%',
  w: `%DYNAMIC_METADATA(envoy.filters.http.rbac:${reportedKey})%`,
  /** Who the proxy showed itself as to the upstream: the URI in its own certificate. */
  k: '%UPSTREAM_LOCAL_URI_SAN%',
} as const;

/** Of connections; told at their end. Has `w` where it would be stopped. Has `s` where an HTTP record has `c`, and `r` where a VirtualService sends it. */
export const tcpRecordFields = {
  t: '%START_TIME(%s.%3f)%',
  s: '%REQUESTED_SERVER_NAME%',
  f: '%RESPONSE_FLAGS%',
  d: '%CONNECTION_TERMINATION_DETAILS%',
  u: '%UPSTREAM_CLUSTER_RAW%',
  h: '%UPSTREAM_HOST%',
  o: '%DOWNSTREAM_LOCAL_ADDRESS%',
  rx: '%BYTES_RECEIVED%',
  tx: '%BYTES_SENT%',
  ms: '%DURATION%',
} as const;

/** Filter state of what is inside a CONNECT. */
export const connectAuthorityKey = 'sallyport.connect_authority';

/** Where what is inside a CONNECT is looked into. */
export const connectedRecordFields = {
  /** Authority of the CONNECT. */
  q: `%FILTER_STATE(${connectAuthorityKey}:PLAIN)%`,
} as const;

/** At a gateway beside the others: `v` is the reporter in the counters' key. */
export interface GatewayRecordFields {
  readonly v: string;
  /** The address that called the gateway. */
  readonly b: string;
  /** Who the caller's certificate proved it to be (SPIFFE). */
  readonly i: string;
}
