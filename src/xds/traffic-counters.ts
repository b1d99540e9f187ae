// What Envoy counts of each event, and pushes to us as running totals (design decision 7; counter-key.ts
// is the form). The names are Istio's (istio-semantics 6); the number of requests is the count of their durations. Sizes of
// bodies are counted by cluster instead: under the key they would cost every request several microseconds more.
import type { AccessLog } from '../envoy/access-log.ts';
import { atTcp, filtered } from '../envoy/access-log-filter.ts';
import { buildStatsAccessLog } from '../envoy/stats-access-log.ts';
import { counterKeyTag, counterScope, mutualTlsRoute } from './counter-key.ts';

/** Of what goes out: `source`, or a command operator that gives a gateway's. */
type Reporter = string;

const nobody = '-';

function keyTag(reporter: Reporter, code: string, peer: string, route = '%ROUTE_NAME%') {
  const fields = [reporter, '%UPSTREAM_CLUSTER_RAW%', route, code, '%RESPONSE_FLAGS%', '%GRPC_STATUS_NUMBER%', peer];
  return { name: counterKeyTag, format: [...fields, ...(reporter === inbound ? [] : onward)].join(';') };
}

/** Of the connection that it went on by; our own certificate, since whose the other side's is the other side decides. */
const onward = ['%UPSTREAM_PROTOCOL%', '%UPSTREAM_LOCAL_URI_SAN%'];
const inbound: Reporter = 'destination';
/** Address of the caller, without its port: inbound, where only the mesh's own proxies come from. */
const caller = '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%';

/** Whose address stands last in the key: nobody's, since whoever is called outside may be anyone's choice. */
export function buildHttpCounters(reporter: Reporter): readonly AccessLog[] {
  return [httpCounters(keyTag(reporter, '%RESPONSE_CODE%', nobody))];
}

/** `proved`: callers have come by mTLS. */
export function buildInboundHttpCounters(proved: boolean): readonly AccessLog[] {
  return [httpCounters(keyTag(inbound, '%RESPONSE_CODE%', caller, proved ? mutualTlsRoute : undefined))];
}

function httpCounters(tag: ReturnType<typeof keyTag>): AccessLog {
  return buildStatsAccessLog({
    scope: counterScope,
    tag,
    histograms: [{ name: 'istio_request_duration_milliseconds', unit: 'ms', value: '%DURATION%' }],
  });
}

/** `registered`: the upstream's address is one that the mesh's configuration leads to, and is told. */
export function buildTcpCounters(
  reporter: Reporter,
  destination: 'registered' | 'any',
  route?: string,
): readonly AccessLog[] {
  return tcpCounters(keyTag(reporter, '0', destination === 'registered' ? '%UPSTREAM_HOST%' : nobody, route));
}

export function buildInboundTcpCounters(proved: boolean): readonly AccessLog[] {
  return tcpCounters(keyTag(inbound, '0', caller, proved ? mutualTlsRoute : undefined));
}

function tcpCounters(tag: ReturnType<typeof keyTag>): readonly AccessLog[] {
  const opened = buildStatsAccessLog({
    scope: counterScope,
    // At this moment no flag stands, so that what opened and what closed are not of one series: the reader adds them up.
    tag,
    counters: [{ name: 'istio_tcp_connections_opened_total' }],
  });
  return [filtered(opened, atTcp('connected')), filtered(buildClosedCounters(tag), atTcp('end'))];
}

/** Of connections that found no chain: they have an end alone. */
export function buildRefusedCounters(reporter: Reporter): AccessLog {
  return buildClosedCounters(keyTag(reporter, '0', nobody));
}

function buildClosedCounters(tag: ReturnType<typeof keyTag>): AccessLog {
  return buildStatsAccessLog({
    scope: counterScope,
    tag,
    counters: [
      { name: 'istio_tcp_connections_closed_total' },
      { name: 'istio_tcp_received_bytes_total', value: '%BYTES_RECEIVED%' },
      { name: 'istio_tcp_sent_bytes_total', value: '%BYTES_SENT%' },
    ],
  });
}
