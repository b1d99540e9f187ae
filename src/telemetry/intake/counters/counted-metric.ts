// The metrics that are read of what an Envoy counts (xds/traffic-counters.ts), and which of them stand together: all of
// one counter key, or of one cluster. Everything else in an export is left out.
import { type CounterKey, counterScope, parseCounterKey } from '../../../xds/counter-key.ts';

/**
 * Of a cluster, whose name has no key: `wire`, the bytes that crossed the wire and gRPC's messages; `sizes`, those of the
 * bodies, which cost Envoy much less there than under the key.
 */
export type Family = 'http' | 'tcp' | 'wire' | 'sizes';

/** What is counted under one key, in the order in which it is kept. */
export const slotsOf = {
  http: ['durations'],
  tcp: ['opened', 'closed', 'sent', 'received'],
  wire: ['sent', 'received', 'requestMessages', 'responseMessages'],
  sizes: ['requestSizes', 'responseSizes'],
} as const satisfies Record<Family, readonly string[]>;

export function isHistogram(family: Family): boolean {
  return family === 'http' || family === 'sizes';
}

/** The slot whose values are events that have ended: requests, closed connections. */
export const endedSlot = { http: 0, tcp: 1 } as const;

export interface Counted {
  readonly family: Family;
  readonly slot: number;
  readonly key: CounterKey;
  /** The same for all that is counted under one key. */
  readonly id: string;
}

const scoped: ReadonlyMap<string, { readonly family: 'http' | 'tcp'; readonly slot: number }> = new Map(
  (
    [
      ['istio_request_duration_milliseconds', 'http', 0],
      ['istio_tcp_connections_opened_total', 'tcp', 0],
      ['istio_tcp_connections_closed_total', 'tcp', 1],
      ['istio_tcp_sent_bytes_total', 'tcp', 2],
      ['istio_tcp_received_bytes_total', 'tcp', 3],
    ] as const
  ).map(([name, family, slot]) => [`${counterScope}.${name}`, { family, slot }]),
);

const wireName =
  /^cluster\.(outbound\|.+)\.(upstream_cx_tx_bytes_total|upstream_cx_rx_bytes_total|grpc\.request_message_count|grpc\.response_message_count)$/s;
const wireSlots: ReadonlyMap<string, number> = new Map([
  ['upstream_cx_tx_bytes_total', 0],
  ['upstream_cx_rx_bytes_total', 1],
  ['grpc.request_message_count', 2],
  ['grpc.response_message_count', 3],
]);

/** Undefined for what is not read. */
export function countedMetric(name: string, keyText: string, histogram: boolean): Counted | undefined {
  const metric = scoped.get(name);
  if (metric === undefined) return histogram ? sizesMetric(name) : wireMetric(name);
  const key = parseCounterKey(keyText);
  if (key === undefined || isHistogram(metric.family) !== histogram) return undefined;
  return { ...metric, key, id: `${metric.family};${keyText}` };
}

const sizesName = /^cluster\.((?:outbound|inbound)\|.+)\.upstream_(rq|rs)_body_size$/s;

function sizesMetric(name: string): Counted | undefined {
  const [, cluster, side] = sizesName.exec(name) ?? [];
  if (cluster === undefined) return undefined;
  return { family: 'sizes', slot: side === 'rq' ? 0 : 1, key: keyOfCluster(cluster), id: `sizes;${cluster}` };
}

function wireMetric(name: string): Counted | undefined {
  const [, cluster, stat = ''] = wireName.exec(name) ?? [];
  const slot = wireSlots.get(stat);
  if (cluster === undefined || slot === undefined) return undefined;
  return { family: 'wire', slot, key: keyOfCluster(cluster), id: `wire;${cluster}` };
}

/** What its id says of it; undefined if it is none. */
export function countedById(id: string): Omit<Counted, 'slot'> | undefined {
  const family = id.slice(0, id.indexOf(';'));
  const text = id.slice(family.length + 1);
  if (family === 'wire' || family === 'sizes') return { family, key: keyOfCluster(text), id };
  const key = parseCounterKey(text);
  return key === undefined || (family !== 'http' && family !== 'tcp') ? undefined : { family, key, id };
}

function keyOfCluster(cluster: string): CounterKey {
  const reporter = cluster.startsWith('inbound|') ? 'destination' : 'source';
  return { reporter, cluster, route: '', code: 0, flags: '-', grpcStatus: '', peer: '-' };
}
