// What is told of each metric series, by the Telemetries that hold for the workload whose proxy told it. Asked anew for
// every reading of metrics.
import type { StandardMetric } from '../api/kinds/telemetry.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { metricTellingOf } from '../mesh/metric-overrides.ts';
import { selectTelemetries } from '../mesh/select-telemetry.ts';
import { type LabelSelector, matchesLabels } from '../mesh/selector.ts';
import type { Telemetry, WorkloadMode } from '../mesh/telemetry.ts';
import type { MetricRule, MetricRules } from '../telemetry/metrics/metric-rules.ts';
import type { SeriesLabels } from '../telemetry/series.ts';

/** Istio's words for the metrics that are told. */
const metrics: ReadonlyMap<string, StandardMetric> = new Map([
  ['istio_requests_total', 'REQUEST_COUNT'],
  ['istio_request_duration_milliseconds', 'REQUEST_DURATION'],
  ['istio_request_bytes', 'REQUEST_SIZE'],
  ['istio_response_bytes', 'RESPONSE_SIZE'],
  ['istio_request_messages_total', 'GRPC_REQUEST_MESSAGES'],
  ['istio_response_messages_total', 'GRPC_RESPONSE_MESSAGES'],
  ['istio_tcp_connections_opened_total', 'TCP_OPENED_CONNECTIONS'],
  ['istio_tcp_connections_closed_total', 'TCP_CLOSED_CONNECTIONS'],
  ['istio_tcp_sent_bytes_total', 'TCP_SENT_BYTES'],
  ['istio_tcp_received_bytes_total', 'TCP_RECEIVED_BYTES'],
]);

/** Undefined where no Telemetry speaks of metrics: all are told as they are. */
export function metricRulesOf({ telemetries }: Mesh, proxies: readonly ProxyIdentity[]): MetricRules | undefined {
  const all = [...telemetries.hosts()].flatMap((namespace) => telemetries.get(namespace));
  if (all.every(({ metrics: asked }) => asked.length === 0)) return undefined;
  const selected = new Map<string, readonly Telemetry[]>();
  const rules = new Map<string, MetricRule | undefined>();

  function select(namespace: string, workload: string): readonly Telemetry[] {
    const key = `${namespace}/${workload}`;
    const known = selected.get(key);
    if (known !== undefined) return known;
    const labels = proxies.find((proxy) => proxy.namespace === namespace && proxy.workload === workload)?.labels ?? {};
    const matches = (selector: LabelSelector) => matchesLabels(selector, labels);
    const found = selectTelemetries(telemetries, { namespace, matches });
    selected.set(key, found);
    return found;
  }

  return {
    of(labels: SeriesLabels, name: string) {
      const metric = metrics.get(name);
      if (metric === undefined) return undefined;
      const mode: WorkloadMode = labels['reporter'] === 'destination' ? 'SERVER' : 'CLIENT';
      const end = mode === 'SERVER' ? 'destination' : 'source';
      const namespace = labels[`${end}_workload_namespace`] ?? '';
      const workload = labels[`${end}_workload`] ?? '';
      const key = `${mode} ${metric} ${namespace}/${workload}`;
      if (!rules.has(key)) rules.set(key, metricTellingOf(select(namespace, workload), mode, metric));
      return rules.get(key);
    },
  };
}
