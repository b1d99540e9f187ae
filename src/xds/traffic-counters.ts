// What Envoy counts of each event, and pushes to us as running totals (design decision 7; counter-key.ts
// is the form). The names are Istio's (istio-semantics 6); the number of requests is the count of their durations. Sizes of
// bodies are counted by cluster instead: under the key they would cost every request several microseconds more.
import type { AccessLog } from '../envoy/access-log.ts';
import { atTcp, filtered } from '../envoy/access-log-filter.ts';
import { buildStatsAccessLog } from '../envoy/stats-access-log.ts';
import { counterKeyTag, counterScope } from './counter-key.ts';

/** Who told, and whose address stands last in the key: none, since whoever is called outside may be anyone's choice. */
type Reporter = 'source' | 'destination';

const nobody = '-';

function keyTag(reporter: Reporter, code: string, peer: string, route = '%ROUTE_NAME%') {
  const fields = [reporter, '%UPSTREAM_CLUSTER_RAW%', route, code, '%RESPONSE_FLAGS%', '%GRPC_STATUS_NUMBER%', peer];
  return { name: counterKeyTag, format: fields.join(';') };
}

/** Address of the caller, without its port: inbound, where only the mesh's own proxies come from. */
const caller = '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%';

export function buildHttpCounters(reporter: Reporter): readonly AccessLog[] {
  const tag = keyTag(reporter, '%RESPONSE_CODE%', reporter === 'source' ? nobody : caller);
  const requests = buildStatsAccessLog({
    scope: counterScope,
    tag,
    histograms: [{ name: 'istio_request_duration_milliseconds', unit: 'ms', value: '%DURATION%' }],
  });
  return [requests];
}

/** `registered`: the upstream's address is one that the mesh's configuration leads to, and is told. */
export function buildTcpCounters(
  reporter: Reporter,
  destination: 'registered' | 'any',
  route?: string,
): readonly AccessLog[] {
  const upstream = destination === 'registered' ? '%UPSTREAM_HOST%' : nobody;
  const tag = keyTag(reporter, '0', reporter === 'source' ? upstream : caller, route);
  const opened = buildStatsAccessLog({
    scope: counterScope,
    // At this moment no flag stands, so that what opened and what closed are not of one series: the reader adds them up.
    tag,
    counters: [{ name: 'istio_tcp_connections_opened_total' }],
  });
  const closed = buildStatsAccessLog({
    scope: counterScope,
    tag,
    counters: [
      { name: 'istio_tcp_connections_closed_total' },
      { name: 'istio_tcp_received_bytes_total', value: '%BYTES_RECEIVED%' },
      { name: 'istio_tcp_sent_bytes_total', value: '%BYTES_SENT%' },
    ],
  });
  return [filtered(opened, atTcp('connected')), filtered(closed, atTcp('end'))];
}
