// What Telemetries make of `/metrics`: metrics that are left out, tags that are set or gone, for whom and on which side; what
// comes to the same labels is one series with the sum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests } from '../api/decode.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { exposeSeries } from '../telemetry/metrics/exposition.ts';
import type { HttpSeries } from '../telemetry/series.ts';
import { metricRulesOf } from './metric-rules.ts';

const proxy: ProxyIdentity = {
  namespace: 'shop',
  name: 'web-1',
  workload: 'web',
  serviceAccount: 'default',
  labels: { app: 'web' },
  type: 'sidecar',
  nodeId: 'a',
};

function requests(host: string, more: Partial<HttpSeries['labels']> = {}, count = 1): HttpSeries {
  const none = { buckets: [], sum: 0 };
  return {
    family: 'http',
    labels: {
      reporter: 'source',
      source_workload: 'web',
      source_workload_namespace: 'shop',
      destination_workload: 'other',
      destination_workload_namespace: 'shop',
      host,
      ...more,
    },
    requests: count,
    durations: { buckets: [count, 0, 1], sum: count },
    requestSizes: none,
    responseSizes: none,
    requestMessages: 0,
    responseMessages: 0,
  };
}

function told(spec: string, namespace: string, ...all: readonly HttpSeries[]): readonly string[] {
  const yaml = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: one, namespace: ${namespace} }
spec: ${spec}
`;
  const { objects, diagnostics } = decodeManifests(yaml, 'test.yaml');
  assert.deepEqual(diagnostics, []);
  const events = objects.map(({ object }) => ({ type: 'ADDED' as const, object }));
  const { mesh } = updateMesh(emptyMesh, createMeshObjects().translate(events));
  const text = Buffer.concat([...exposeSeries(all, metricRulesOf(mesh, [proxy]))]).toString();
  return text
    .split('\n')
    .filter((line) => /^istio_(requests_total|request_duration_milliseconds_(sum|count))\{/.test(line))
    .map((line) => line.replaceAll(/,(source|destination)_workload(_namespace)?="[^"]*"/g, '').replace('istio_', ''));
}

const one = requests('a');
const two = requests('b', {}, 2);

test('without overrides metrics are told as they are', () => {
  assert.equal(metricRulesOf(emptyMesh, []), undefined);
  assert.deepEqual(told('{ metrics: [{ providers: [{ name: prometheus }] }] }', 'shop', one).length, 3);
});

test('a metric that is disabled is left out, for the workloads and the side that are meant', () => {
  const spec = (match: string) => `{ metrics: [{ overrides: [{ match: ${match}, disabled: true }] }] }`;
  const durations = [
    'request_duration_milliseconds_sum{reporter="source",host="a"} 1',
    'request_duration_milliseconds_count{reporter="source",host="a"} 2',
  ];
  assert.deepEqual(told(spec('{ metric: REQUEST_COUNT }'), 'shop', one), durations);
  assert.deepEqual(told(spec('{ metric: REQUEST_COUNT, mode: CLIENT }'), 'istio-system', one), durations);
  assert.deepEqual(told(spec('{ metric: ALL_METRICS }'), 'shop', one), []);
  assert.equal(told(spec('{ metric: ALL_METRICS, mode: SERVER }'), 'shop', one).length, 3);
  assert.equal(told(spec('{ metric: ALL_METRICS }'), 'other', one).length, 3);
  const other = requests('a', { source_workload: 'other' });
  const chosen = '{ selector: { matchLabels: { app: web } }, metrics: [{ overrides: [{ disabled: true }] }] }';
  assert.deepEqual(told(chosen, 'shop', one), []);
  assert.equal(told(chosen, 'shop', other).length, 3);
});

test('series whose labels come to be the same are one, with the sum of both', () => {
  const spec = '{ metrics: [{ overrides: [{ tagOverrides: { host: { operation: REMOVE } } }] }] }';
  assert.deepEqual(told(spec, 'shop', one, two), [
    'requests_total{reporter="source"} 3',
    'request_duration_milliseconds_sum{reporter="source"} 3',
    'request_duration_milliseconds_count{reporter="source"} 5',
  ]);
});

test('a tag is set to a constant, for one metric', () => {
  const overrides = '{ match: { metric: REQUEST_COUNT }, tagOverrides: { team: { value: "\'blue\'" } } }';
  assert.deepEqual(told(`{ metrics: [{ overrides: [${overrides}] }] }`, 'shop', one), [
    'requests_total{reporter="source",host="a",team="blue"} 1',
    'request_duration_milliseconds_sum{reporter="source",host="a"} 1',
    'request_duration_milliseconds_count{reporter="source",host="a"} 2',
  ]);
});
