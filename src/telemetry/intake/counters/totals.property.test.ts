// Whatever is lost, late or dies: what the ledger was told adds up to what the processes counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '../../../../test/support/discovery.ts';
import { SallyportError } from '../../../platform/errors.ts';
import { histogramBounds } from '../../observation.ts';
import { bucketOf } from '../histogram.ts';
import { createIntake, type Intake } from '../intake.ts';
import { exportBytes, type TotalOfSeries } from '../testing/export-bytes.ts';
import { createMemoryLedger } from '../testing/memory-ledger.ts';
import { proxyOf, testRegistry } from '../testing/mesh.ts';

const httpKeys = ['source;outbound|80||good.test;default;200;-;;-', 'source;outbound|80||good.test;default;503;UF;2;-'];
const openKey = 'source;outbound|9000||good.test;-;0;-;-;10.1.0.1:9000';
const closeKeys = [openKey, 'source;outbound|9000||good.test;-;0;UR;-;10.1.0.1:9000'];
const failedKey = 'source;outbound|9000||good.test;-;0;UF,URX;-;10.1.0.1:9000';

/** What one Envoy process has counted. */
class Process {
  static started = 0;
  readonly start = 1_795_279_974_000_000 + 1_000_000 * ++Process.started;
  readonly buckets = new Map<string, number[]>(httpKeys.map((key) => [key, histogramBounds.map(() => 0).concat(0)]));
  readonly numbers = new Map<string, number>();

  add(metric: string, key: string, count: number): void {
    const name = `${metric} ${key}`;
    this.numbers.set(name, (this.numbers.get(name) ?? 0) + count);
  }
}

/** Of one process, or of many: what adds up. */
interface Sums {
  readonly requests: number;
  readonly opened: number;
  readonly closed: number;
  readonly unopened: number;
  readonly wire: number;
  readonly durations: readonly number[];
}

function sumsOf(process: Process, alive: boolean): Sums {
  const total = (metric: string) =>
    [...process.numbers].reduce((sum, [name, count]) => (name.startsWith(metric) ? sum + count : sum), 0);
  const durations = histogramBounds
    .map(() => 0)
    .concat(0)
    .map((_, index) => [...process.buckets.values()].reduce((sum, buckets) => sum + (buckets[index] ?? 0), 0));
  const unopened = process.numbers.get(`closed ${failedKey}`) ?? 0;
  const opened = total('opened');
  const closed = alive ? total('closed') : opened + unopened;
  const requests = durations.reduce((sum, count) => sum + count, 0);
  return { requests, opened, closed, unopened, wire: total('wire'), durations };
}

function snapshot(process: Process): Process {
  const copy: Process = Object.create(Process.prototype);
  return Object.assign(copy, process, {
    buckets: new Map([...process.buckets].map(([key, buckets]) => [key, [...buckets]])),
    numbers: new Map(process.numbers),
  });
}

function seriesOf(process: Process): readonly TotalOfSeries[] {
  const metrics = new Map([
    ['opened', 'istio.istio_tcp_connections_opened_total'],
    ['closed', 'istio.istio_tcp_connections_closed_total'],
    ['wire', 'cluster.outbound|80||good.test.upstream_cx_tx_bytes_total'],
  ]);
  const name = 'istio.istio_request_duration_milliseconds';
  return [
    ...[...process.buckets].map(([key, buckets]) => ({ name, key, buckets, sum: 1 })),
    ...[...process.numbers].map(([text, value]) => {
      const [metric = '', ...key] = text.split(' ');
      const series = { name: metrics.get(metric) ?? '', value };
      return metric === 'wire' ? series : { ...series, key: key.join(' ') };
    }),
  ];
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('request' as const), key: fc.nat(1), ms: fc.nat(5000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), key: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bytes' as const), count: fc.nat(100_000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('export' as const), shuffled: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('late export' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('envoy restarts' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('we restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const used: readonly Step[] = [
  { do: 'request', key: 0, ms: 1 },
  { do: 'export', shuffled: false },
  { do: 'pass', fails: false },
];

test('observations add up to what the processes counted, whatever is lost, late or dies', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), play), {
    seed: 20_26,
    numRuns: 300,
  });
});

async function play(steps: readonly Step[]): Promise<void> {
  const ledger = createMemoryLedger();
  const identity = proxyOf('echo');
  const options = { ledger, registry: testRegistry, log: silentLog, intervalMs: 3_600_000 };
  const proxies = () => [{ identity, recordsFile: '/nowhere/records.log' }];
  let intake: Intake = createIntake({ ...options, proxies });
  let envoy = new Process();
  let time = 1_795_279_975_000;
  let late: Uint8Array | undefined;
  /** What was heard last of each process, and what of it is on the disk. */
  let heard = new Map<number, Process>();
  let kept = new Map<number, Process>();

  function send(shuffled: boolean): void {
    time += 1000;
    const series = seriesOf(envoy);
    const bytes = exportBytes({ start: envoy.start, time, series: shuffled ? series.toReversed() : series });
    intake.takeExport(identity, bytes);
    heard.set(envoy.start, snapshot(envoy));
    late ??= bytes;
  }

  async function pass(failure: Error | undefined): Promise<void> {
    ledger.failure = failure;
    await intake.pass();
    if (failure === undefined) kept = new Map(heard);
  }

  // What a cluster counts waits for its first user.
  for (const action of [...used, ...steps]) {
    switch (action.do) {
      case 'request': {
        const buckets = envoy.buckets.get(httpKeys[action.key] ?? '') ?? [];
        buckets[bucketOf(action.ms)] = (buckets[bucketOf(action.ms)] ?? 0) + 1;
        break;
      }
      case 'open':
        envoy.add('opened', openKey, 1);
        break;
      case 'close': {
        const { opened, closed, unopened } = sumsOf(envoy, true);
        if (opened > closed - unopened) envoy.add('closed', closeKeys[action.key] ?? '', 1);
        break;
      }
      case 'fail':
        envoy.add('closed', failedKey, 1);
        break;
      case 'bytes':
        envoy.add('wire', '', action.count);
        break;
      case 'export':
        send(action.shuffled);
        break;
      case 'late export':
        if (late !== undefined) intake.takeExport(identity, late);
        late = undefined;
        break;
      case 'pass':
        await pass(action.fails ? new SallyportError('SP_DISK_FULL', 'full') : undefined);
        break;
      case 'envoy restarts':
        envoy = new Process();
        break;
      case 'we restart':
        // What was heard and not committed is forgotten, and told again by the next export.
        intake = createIntake({ ...options, proxies });
        heard = new Map(kept);
        late = undefined;
    }
  }
  send(false);
  await pass(undefined);

  const expected = [...kept].map(([start, process]) => sumsOf(process, start === envoy.start));
  const add = (pick: (sums: Sums) => number) => expected.reduce((sum, sums) => sum + pick(sums), 0);
  const seen = {
    requests: 0,
    opened: 0,
    closed: 0,
    unopened: 0,
    wire: 0,
    durations: histogramBounds.map(() => 0).concat(0),
  };
  for (const { requests, opened, closed, unopened = 0, bytesSent, metrics } of ledger.observations) {
    seen.requests += requests;
    seen.opened += opened;
    seen.closed += closed;
    seen.unopened += unopened;
    seen.wire += bytesSent;
    metrics?.durations?.buckets.forEach((count, index) => {
      seen.durations[index] = (seen.durations[index] ?? 0) + count;
    });
  }
  assert.deepEqual(seen, {
    requests: add(({ requests }) => requests),
    opened: add(({ opened }) => opened),
    closed: add(({ closed }) => closed),
    unopened: add(({ unopened }) => unopened),
    wire: add(({ wire }) => wire),
    durations: seen.durations.map((_, index) => add(({ durations }) => durations[index] ?? 0)),
  });
}
