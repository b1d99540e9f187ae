import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '../observation.ts';
import type { Source } from '../traffic.ts';
import { seriesLabels } from './series-labels.ts';

const notification: Source = {
  namespace: 'backyards-demo',
  workload: 'notification',
  serviceAccount: 'notification',
  labels: { app: 'notifier', version: 'v1' },
};

const seen: Observation = {
  at: 0,
  reporter: 'source',
  source: notification,
  destination: {
    kind: 'external',
    host: 'httpbin.org',
    port: 80,
    serviceEntry: 'backyards-demo/httpbin-ext',
    namespace: 'backyards-demo',
    name: 'httpbin.org',
  },
  protocol: 'http',
  outcome: { code: 200, flags: '-', grpcStatus: '' },
  via: [],
  requests: 1,
  opened: 0,
  closed: 0,
  bytesSent: 0,
  bytesReceived: 0,
};

test('a request to a registered host has all of Istio’s labels', () => {
  assert.deepEqual(seriesLabels(seen), {
    family: 'http',
    labels: {
      reporter: 'source',
      source_workload: 'notification',
      source_workload_namespace: 'backyards-demo',
      source_principal: 'unknown',
      source_app: 'notifier',
      source_version: 'v1',
      source_cluster: 'Kubernetes',
      source_canonical_service: 'notifier',
      source_canonical_revision: 'v1',
      destination_workload: 'unknown',
      destination_workload_namespace: 'unknown',
      destination_principal: 'unknown',
      destination_app: 'unknown',
      destination_version: 'unknown',
      destination_cluster: 'unknown',
      destination_canonical_service: 'unknown',
      destination_canonical_revision: 'latest',
      destination_service: 'httpbin.org',
      destination_service_name: 'httpbin.org',
      destination_service_namespace: 'backyards-demo',
      request_protocol: 'http',
      response_code: '200',
      response_flags: '-',
      connection_security_policy: 'unknown',
    },
  });
});

test('a blocked request is under BlackHoleCluster, with the host it asked for', () => {
  const { labels } = seriesLabels({
    ...seen,
    destination: { kind: 'blocked', host: 'evil.example', port: 80 },
    outcome: { code: 502, flags: '-', grpcStatus: '' },
  });
  assert.partialDeepStrictEqual(labels, {
    destination_service: 'evil.example',
    destination_service_name: 'BlackHoleCluster',
    destination_service_namespace: 'unknown',
    destination_workload: 'unknown',
    response_code: '502',
  });
});

test('passed TLS is TCP under PassthroughCluster, without what only HTTP has', () => {
  const { family, labels } = seriesLabels({
    ...seen,
    destination: { kind: 'passthrough', host: 'api.example.com', port: 443 },
    protocol: 'tls',
    outcome: { code: 0, flags: 'UF', grpcStatus: '' },
  });
  assert.equal(family, 'tcp');
  assert.partialDeepStrictEqual(labels, {
    destination_service: 'api.example.com',
    destination_service_name: 'PassthroughCluster',
    request_protocol: 'tcp',
    response_flags: 'UF',
  });
  assert.ok(!('response_code' in labels) && !('grpc_response_status' in labels));
});

test('a service in the mesh is named by its parts; its workload is told where it is known', () => {
  const { labels } = seriesLabels({
    ...seen,
    destination: {
      kind: 'service',
      host: 'payments.shop.svc.cluster.local',
      port: 80,
      namespace: 'shop',
      name: 'payments',
      workload: { namespace: 'shop', workload: 'payments-v2', serviceAccount: 'payments', labels: { version: 'v2' } },
    },
    protocol: 'grpc',
    outcome: { code: 200, flags: '-', grpcStatus: '14' },
  });
  assert.partialDeepStrictEqual(labels, {
    destination_service: 'payments.shop.svc.cluster.local',
    destination_service_name: 'payments',
    destination_service_namespace: 'shop',
    destination_workload: 'payments-v2',
    destination_workload_namespace: 'shop',
    destination_app: 'unknown',
    destination_version: 'v2',
    destination_cluster: 'Kubernetes',
    destination_canonical_service: 'payments-v2',
    destination_canonical_revision: 'v2',
    request_protocol: 'grpc',
    grpc_response_status: '14',
  });
});

test('a destination’s proxy that does not know its caller says so', () => {
  const { labels } = seriesLabels({ ...seen, reporter: 'destination', source: undefined });
  assert.partialDeepStrictEqual(labels, {
    reporter: 'destination',
    source_workload: 'unknown',
    source_cluster: 'unknown',
    source_canonical_revision: 'latest',
    connection_security_policy: 'none',
  });
});

test('canonical names come from the most exact label', () => {
  const names = [
    ['app', 'a', 'version', '1'],
    ['app.kubernetes.io/name', 'b', 'app.kubernetes.io/version', '2'],
    ['service.istio.io/canonical-name', 'c', 'service.istio.io/canonical-revision', '3'],
  ] as const;
  let labels: Record<string, string> = {};
  for (const [service, serviceName, revision, revisionName] of names) {
    labels = { ...labels, [service]: serviceName, [revision]: revisionName };
    assert.partialDeepStrictEqual(seriesLabels({ ...seen, source: { ...notification, labels } }).labels, {
      source_canonical_service: serviceName,
      source_canonical_revision: revisionName,
      source_app: 'a',
      source_version: '1',
    });
  }
});

test('what went to a gateway first has the gateway’s Service for its destination, as Istio’s sidecars tell it', () => {
  const egress: Source = { namespace: 'istio-system', workload: 'egress', serviceAccount: 'egress', labels: {} };
  const nextHop = {
    kind: 'service',
    host: 'egress.istio-system.svc.cluster.local',
    port: 80,
    namespace: 'istio-system',
    name: 'egress',
    workload: egress,
  } as const;
  const { labels } = seriesLabels({ ...seen, via: ['istio-system/egress'], nextHop });
  assert.partialDeepStrictEqual(labels, {
    destination_service: 'egress.istio-system.svc.cluster.local',
    destination_service_name: 'egress',
    destination_service_namespace: 'istio-system',
    destination_workload: 'egress',
  });
});

test('what came in by mTLS is told with who both ends have proved to be', () => {
  const principals = {
    source: 'spiffe://cluster.local/ns/backyards-demo/sa/notification',
    destination: 'spiffe://cluster.local/ns/shop/sa/web',
  };
  assert.partialDeepStrictEqual(seriesLabels({ ...seen, reporter: 'destination', principals }).labels, {
    reporter: 'destination',
    source_principal: principals.source,
    destination_principal: principals.destination,
    connection_security_policy: 'mutual_tls',
  });
});
