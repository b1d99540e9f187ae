import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger } from '../ledger.ts';
import { histogramBounds } from '../observation.ts';
import { batch, blocked, observation, tenOClock, workload } from './testing/events.ts';
import { ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

const nothing = { buckets: new Array<number>(histogramBounds.length + 1).fill(0), sum: 0 };

/** So many events, in the n-th bucket. */
function histogram(nth: number, events: number, sum: number) {
  return { buckets: nothing.buckets.map((_, index) => (index === nth ? events : 0)), sum };
}

function eventsIn(ledger: Ledger): number {
  let events = 0;
  for (const series of ledger.series()) {
    events += series.family === 'http' ? series.requests : series.opened + series.closed;
  }
  return events;
}

test('totals go on after a restart', (context) => {
  const file = ledgerFile(context);
  const first = reopened(context, file);
  const metrics = { durations: histogram(2, 1, 4.5), requestSizes: histogram(0, 1, 0), requestMessages: 3 };
  const tcp = { protocol: 'tcp', requests: 0, opened: 2, metrics: { sentBytes: 7, receivedBytes: 5 } } as const;
  first.commit(batch({ observations: [observation({ metrics }), observation(tcp)] }));
  first.close();
  const ledger = reopened(context, file);
  ledger.commit(batch({ observations: [observation({ metrics: { durations: histogram(19, 2, 1e7) } })] }));
  ledger.commit(batch({ observations: [observation({ ...tcp, opened: 0, closed: 1 })] }));
  const [http, connections, ...rest] = [...ledger.series()].map(({ labels, ...totals }) => {
    assert.equal(labels['destination_service'], 'api.example.com');
    return totals;
  });
  assert.deepEqual(rest, []);
  assert.deepEqual(http, {
    family: 'http',
    requests: 2,
    durations: { buckets: nothing.buckets.map((_, index) => ({ 2: 1, 19: 2 })[index] ?? 0), sum: 10_000_004.5 },
    requestSizes: histogram(0, 1, 0),
    responseSizes: nothing,
    requestMessages: 3,
    responseMessages: 0,
  });
  assert.deepEqual(connections, { family: 'tcp', opened: 2, closed: 1, sentBytes: 14, receivedBytes: 10 });
});

test('labels of a series stay the same object, as long as the ledger is open', (context) => {
  const ledger = newLedger(context);
  const labels = () => [...ledger.series()].map((series) => series.labels);
  ledger.commit(batch({ observations: [observation()] }));
  const [before] = labels();
  ledger.commit(batch({ observations: [observation()] }));
  assert.equal(labels()[0], before);
});

test('what only flows tell makes no series', (context) => {
  const ledger = newLedger(context);
  const { metrics: _metrics, ...bytes } = observation({ requests: 0, bytesSent: 5 });
  ledger.commit(batch({ observations: [bytes] }));
  assert.deepEqual([...ledger.series()], []);
});

// A file that has them in one order and a program that makes them in another would tell each series twice.
test('the order of labels is part of what is stored', (context) => {
  const ledger = newLedger(context);
  ledger.commit(batch({ observations: [observation()] }));
  const [series] = ledger.series();
  assert.deepEqual(Object.keys(series?.labels ?? {}), [
    'reporter',
    ...['source', 'destination'].flatMap((end) =>
      [
        'workload',
        'workload_namespace',
        'principal',
        'app',
        'version',
        'cluster',
        'canonical_service',
        'canonical_revision',
      ].map((label) => `${end}_${label}`),
    ),
    'destination_service',
    'destination_service_name',
    'destination_service_namespace',
    'request_protocol',
    'response_code',
    'response_flags',
    'connection_security_policy',
  ]);
});

test('a server that makes up codes finds an end, and what is left out is counted', (context) => {
  const file = ledgerFile(context);
  const bounds = { series: 40 };
  const first = reopened(context, file, bounds);
  const codes = Array.from({ length: 100 }, (_, index) => ({ code: 100 + index, flags: '-', grpcStatus: '' }));
  first.commit(batch({ observations: codes.map((outcome) => observation({ outcome, requests: 2 })) }));
  assert.equal([...first.series()].length, 10);
  assert.deepEqual(first.dropped(), new Map([['series-cap', 180]]));
  first.close();
  const ledger = reopened(context, file, bounds);
  ledger.commit(batch({ observations: codes.map((outcome) => observation({ outcome, requests: 2 })) }));
  assert.deepEqual(ledger.dropped(), new Map([['series-cap', 360]]));
  // Others have their share.
  ledger.commit(batch({ observations: [observation({ source: workload('quiet') })] }));
  assert.equal(eventsIn(ledger), 41);
});

test('hosts that nobody registered give way to other before anything is left out', (context) => {
  const ledger = newLedger(context, { series: 80, seriesHostsPerWorkload: 1000 });
  const hosts = Array.from({ length: 50 }, (_, index) => `h${index}`);
  ledger.commit(batch({ observations: hosts.map((host) => blocked(host)) }));
  const named = [...ledger.series()].filter(({ labels }) => labels['destination_service'] !== 'other');
  assert.equal(named.length, 10);
  assert.equal(eventsIn(ledger), 50);
  assert.deepEqual(ledger.dropped(), new Map());
});

test('series that nobody adds to go, and make place', (context) => {
  const ledger = newLedger(context, { series: 4, seriesHostsPerWorkload: 1 });
  const later = tenOClock + 32 * 24 * 3_600_000;
  ledger.commit(
    batch({ observations: [observation(), observation({ outcome: { code: 500, flags: '-', grpcStatus: '' } })] }),
  );
  assert.deepEqual(ledger.dropped(), new Map([['series-cap', 1]]));
  ledger.sweep(later);
  assert.deepEqual([...ledger.series()], []);
  ledger.commit(batch({ observations: [observation({ at: later })] }));
  assert.equal(eventsIn(ledger), 1);
});
