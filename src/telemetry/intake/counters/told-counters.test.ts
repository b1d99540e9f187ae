// What a proxy's counters say to flows and metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scope } from '../../../../test/support/envoy-process.ts';
import { histogramBounds } from '../../observation.ts';
import { opened, requests, startIntake, totals } from '../testing/intake-harness.ts';

test('connections die with their Envoy', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([opened(3)]);
  send([opened(1)], 2);
  await pass();
  assert.deepEqual(totals(ledger), { requests: 0, opened: 4, closed: 3, unopened: 0 });
  const died = ledger.observations.find(({ closed }) => closed > 0);
  assert.deepEqual(died?.peer, { address: '10.1.0.1', locality: 'eu/eu-1/a' });
});

test('what comes in is told of the workload, and of the caller where its address is known', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([
    requests('destination;inbound|8080||;default;200;-;;10.0.0.9', 1),
    requests('destination;inbound|8080||;default;200;-;0;10.0.0.8', 1),
  ]);
  await pass();
  const [known, unknown] = ledger.observations;
  assert.deepEqual([known?.reporter, known?.source?.workload, known?.protocol], ['destination', 'caller', 'http']);
  assert.deepEqual([known?.destination.port, known?.destination.workload?.workload], [8080, 'echo-workload']);
  assert.deepEqual([unknown?.source, unknown?.protocol], [undefined, 'grpc']);
});

test('wire bytes are flows of their own, and gRPC where the requests are', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([
    requests('source;outbound|80||good.test;default;200;-;0;-', 2),
    { name: 'cluster.outbound|80||good.test.upstream_cx_tx_bytes_total', value: 70 },
    { name: 'cluster.outbound|80||good.test.upstream_cx_rx_bytes_total', value: 90 },
    opened(1),
    { name: 'cluster.outbound|9000||good.test.upstream_cx_rx_bytes_total', value: 5 },
    { name: 'cluster.PassthroughCluster.upstream_cx_rx_bytes_total', value: 5 },
    { name: 'cluster.xds-grpc.upstream_cx_rx_bytes_total', value: 5 },
  ]);
  await pass();
  assert.deepEqual(
    ledger.observations.map(({ protocol, requests: count, bytesSent, bytesReceived, metrics }) => [
      ...[protocol, count, bytesSent, bytesReceived],
      metrics !== undefined,
    ]),
    [
      ['grpc', 2, 0, 0, true],
      ['grpc', 0, 70, 90, false],
      ['tcp', 0, 0, 0, true],
      ['tcp', 0, 0, 5, false],
    ],
  );
});

test('a cluster that went and came again counts from 0, and gRPC tells its messages', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  const bytes = { name: 'cluster.outbound|80||good.test.upstream_cx_tx_bytes_total', value: 70 };
  const messages = { name: 'cluster.outbound|80||good.test.grpc.request_message_count', value: 3 };
  const used = requests('source;outbound|80||good.test;default;200;-;0;-', 1);
  for (const series of [[bytes, messages, used], [used], [used, bytes, messages]]) {
    send(series);
    await pass();
  }
  const wire = ledger.observations.filter(({ bytesSent }) => bytesSent > 0);
  assert.deepEqual(
    wire.map(({ protocol, bytesSent, metrics }) => [protocol, bytesSent, metrics?.requestMessages]),
    [
      ['grpc', 70, 3],
      ['grpc', 70, 3],
    ],
  );
});

test('sizes of bodies are told of the outcome that most requests had', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  const buckets = histogramBounds
    .map(() => 0)
    .concat(0)
    .with(3, 5);
  send([
    requests('source;outbound|80||good.test;default;503;UH;;-', 1),
    requests('source;outbound|80||good.test;default;200;-;;-', 4),
    { name: 'cluster.outbound|80||good.test.upstream_rq_body_size', buckets, sum: 40 },
    { name: 'cluster.PassthroughCluster.upstream_rq_body_size', buckets, sum: 40 },
  ]);
  await pass();
  const sizes = ledger.observations.filter(({ metrics }) => metrics?.requestSizes !== undefined);
  assert.deepEqual(
    sizes.map(({ requests: count, outcome, metrics }) => [count, outcome.code, metrics?.requestSizes]),
    [[0, 200, { buckets, sum: 40 }]],
  );
  const before = ledger.observations.length;
  send([requests('source;outbound|80||good.test;default;503;UH;;-', 1)]);
  await pass();
  assert.equal(ledger.observations.length, before, 'a cluster that went is no event');
});

test('what a cluster counted before its first request has ended is told with it, else after a while', async (t) => {
  const { ledger, send, pass, restart } = startIntake(t);
  const cluster = 'outbound|80||good.test';
  const buckets = histogramBounds
    .map(() => 0)
    .concat(0)
    .with(3, 1);
  const before = [
    { name: `cluster.${cluster}.upstream_cx_tx_bytes_total`, value: 70 },
    { name: `cluster.${cluster}.upstream_rq_body_size`, buckets, sum: 40 },
  ];
  const told = () =>
    ledger.observations.map(({ by, requests: count, bytesSent, metrics }) => [
      ...[by, count, bytesSent],
      metrics?.requestSizes?.sum,
    ]);
  send(before);
  await pass();
  assert.deepEqual(told(), []);
  // It is not on the disk, so the next control plane tells it.
  restart();
  const used = [...before, requests(`gateway;${cluster};default;200;-;;-`, 1)];
  send(used);
  await pass();
  assert.deepEqual(told(), [
    ['gateway', 0, 70, undefined],
    ['gateway', 0, 0, 40],
    ['gateway', 1, 0, undefined],
  ]);

  const stream = { name: 'cluster.outbound|9000||good.test.upstream_cx_rx_bytes_total', value: 5 };
  for (let sent = 0; sent < 5; sent += 1) {
    assert.equal(ledger.observations.length, 3);
    send([...used, stream]);
    await pass();
  }
  send([...used, stream]);
  await pass();
  assert.deepEqual(
    ledger.observations.slice(3).map(({ bytesReceived }) => bytesReceived),
    [5],
  );
});

const own = 'spiffe://old.example/ns/default/sa/web';

/** What is told of one request or connection under this key. */
async function mtlsTold(t: Scope, key: string): Promise<boolean | undefined> {
  const { ledger, send, pass } = startIntake(t);
  const tcp = key.includes(';0;-;;');
  send([tcp ? { ...opened(1), key } : requests(key, 1)]);
  await pass();
  const [seen] = ledger.observations;
  assert.ok(seen, `${key} is told`);
  return seen.mtls;
}

const mtlsTable: readonly (readonly [string, string, boolean | undefined])[] = [
  ['a request that showed the own certificate', `source;outbound|80||mock.mesh;default;200;-;;-;HTTP/1.1;${own}`, true],
  ['one in the clear', 'source;outbound|80||mock.mesh;default;200;-;;-;HTTP/1.1;', false],
  [
    'one with a certificate of the user',
    `source;outbound|80||mock.mesh;default;200;-;;-;HTTP/2;spiffe://a/ns/default/sa/x;y`,
    false,
  ],
  [
    'one that looks like the own',
    `source;outbound|80||mock.mesh;default;200;-;;-;HTTP/2;spiffe://a/b/ns/default/sa/web`,
    false,
  ],
  ['one that reached nobody', 'source;outbound|80||mock.mesh;default;503;UF;;-;;', undefined],
  ['one that left the mesh', 'source;outbound|80||good.test;default;200;-;;-;HTTP/1.1;', undefined],
  ['the way to a gateway', `source;outbound|80||egress.mesh;good.test:80|default/out|0;200;-;;-;HTTP/1.1;${own}`, true],
  ['a connection', `source;outbound|9000||mock.mesh;-;0;-;;10.1.0.1:9000;;${own}`, true],
  ['a connection in the clear', 'source;outbound|9000||mock.mesh;-;0;-;;10.1.0.1:9000;;', false],
  ['a key of before', 'source;outbound|80||mock.mesh;default;200;-;;-', undefined],
];

for (const [name, key, expected] of mtlsTable) {
  test(`whether it went by mTLS: ${name}`, async (t) => assert.equal(await mtlsTold(t, key), expected));
}
