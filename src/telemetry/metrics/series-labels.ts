// The labels under which an observation is counted: all of Istio's standard metrics' labels, by the rules of Istio's
// stats filter (istio-semantics 6; istio.io, Istio Standard Metrics).
// Invariant: the same workloads, destination, protocol and outcome give the same labels in the same order.
import type { Observation } from '../observation.ts';
import type { SeriesLabels } from '../series.ts';
import type { Destination, Source } from '../traffic.ts';

const unknown = 'unknown';
/** Istio's name for a cluster that nobody named. */
const meshCluster = 'Kubernetes';

export interface LabelledSeries {
  readonly family: 'http' | 'tcp';
  readonly labels: SeriesLabels;
}

/** Which series an observation belongs to. TLS that is passed on unread is TCP, as in Istio. */
export function seriesLabels(observation: Observation): LabelledSeries {
  const {
    reporter,
    source,
    principals,
    protocol,
    outcome,
    nextHop: destination = observation.destination,
  } = observation;
  const http = protocol === 'http' || protocol === 'grpc';
  const labels = {
    reporter,
    ...peerLabels('source', source, principals?.source),
    ...peerLabels('destination', destination.workload, principals?.destination),
    ...serviceLabels(destination),
    request_protocol: http ? protocol : 'tcp',
    ...(http ? { response_code: String(outcome.code) } : {}),
    // Empty on plain HTTP in Istio; to Prometheus an empty label is none.
    ...(http && outcome.grpcStatus !== '' ? { grpc_response_status: outcome.grpcStatus } : {}),
    response_flags: outcome.flags,
    // As in Istio only the proxy of the destination tells what a connection came by.
    connection_security_policy: principals !== undefined ? 'mutual_tls' : reporter === 'destination' ? 'none' : unknown,
  };
  return { family: http ? 'http' : 'tcp', labels };
}

/** Of one end. Only workloads of the mesh have labels of their own. */
function peerLabels(
  end: 'source' | 'destination',
  workload: Source | undefined,
  principal: string | undefined,
): SeriesLabels {
  const of = workload?.labels ?? {};
  return {
    [`${end}_workload`]: workload?.workload ?? unknown,
    [`${end}_workload_namespace`]: workload?.namespace ?? unknown,
    // Without mTLS nobody proves who they are.
    [`${end}_principal`]: principal ?? unknown,
    [`${end}_app`]: said(of, 'app') ?? unknown,
    [`${end}_version`]: said(of, 'version') ?? unknown,
    [`${end}_cluster`]: workload === undefined ? unknown : meshCluster,
    [`${end}_canonical_service`]:
      said(of, 'service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app') ?? workload?.workload ?? unknown,
    // `latest` where nothing is known at all, too.
    [`${end}_canonical_revision`]:
      said(of, 'service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version') ?? 'latest',
  };
}

function serviceLabels(destination: Destination): SeriesLabels {
  return {
    // Istio: TCP that nobody registered goes to `unknown`; here: to its SNI, else its address.
    destination_service: destination.host,
    destination_service_name: serviceName(destination),
    destination_service_namespace: destination.namespace ?? unknown,
  };
}

/** What is unregistered has the name of Istio's cluster for it, even where a route blocks it before it gets there. */
function serviceName(destination: Destination): string {
  switch (destination.kind) {
    case 'blocked':
      return 'BlackHoleCluster';
    case 'passthrough':
      return 'PassthroughCluster';
    case 'service':
    case 'external':
      return destination.name ?? destination.host;
  }
}

/** The first of these labels that a pod has. */
function said(labels: Readonly<Record<string, string>>, ...names: readonly string[]): string | undefined {
  const name = names.find((candidate) => (labels[candidate] ?? '') !== '');
  return name === undefined ? undefined : labels[name];
}
