// Whatever is fed, in whatever batches, with failures and deaths between them: everything is counted once.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { openDatabase } from '../../store/local/database.ts';
import type { NewDecision } from '../decision.ts';
import type { Ledger } from '../ledger.ts';
import type { Observation } from '../observation.ts';
import type { SeenFlow } from '../seen-flow.ts';
import { createLedger } from './open-ledger.ts';
import { ledgerMigrations } from './schema.ts';
import { openSeenReader } from './seen-query.ts';
import { batch, blockedDecision, observation, tenOClock, workload } from './testing/events.ts';
import { copyOf, everythingIn, ledgerFile, reopened } from './testing/ledger-file.ts';

const minute = 60_000;
/** So few that the caps are reached. */
const bounds = { hosts: 12, hostsPerWorkload: 4, seriesHosts: 6, seriesHostsPerWorkload: 2, peers: 2 };
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const host = fc.oneof(name, fc.string({ unit: 'binary', maxLength: 400 }));
const count = fc.nat(50);
/** Of the last three hours, so that some come late. */
const time = fc.integer({ min: tenOClock - 180 * minute, max: tenOClock });

const someObservation: fc.Arbitrary<Observation> = fc
  .record({
    at: time,
    caller: name,
    reporter: fc.constantFrom('source' as const, 'source' as const, 'destination' as const),
    kind: fc.constantFrom('service' as const, 'external' as const, 'passthrough' as const, 'blocked' as const),
    host,
    protocol: fc.constantFrom('http' as const, 'grpc' as const, 'tls' as const, 'tcp' as const),
    code: fc.constantFrom(0, 200, 502),
    flags: fc.constantFrom('-', 'UF', 'UF,URX'),
    via: fc.constantFrom([], ['istio-system/gateway']),
    peer: fc.option(fc.ipV4(), { nil: undefined }),
    counts: fc.tuple(count, count, count, count),
    told: fc.boolean(),
  })
  .map(({ caller, kind, host: called, code, flags, peer, counts, told, ...rest }) => {
    const isHttp = rest.protocol === 'http' || rest.protocol === 'grpc';
    const { metrics: _metrics, ...shape } = observation();
    return {
      ...shape,
      ...rest,
      source: workload(caller),
      destination: { kind, host: called, port: 80 },
      outcome: { code, flags, grpcStatus: '' },
      requests: isHttp ? counts[0] : 0,
      opened: isHttp || kind === 'blocked' ? 0 : counts[0],
      closed: isHttp ? 0 : counts[1],
      bytesSent: counts[2],
      bytesReceived: counts[3],
      ...(peer === undefined ? {} : { peer: { address: peer } }),
      ...(told ? { metrics: { sentBytes: counts[3], durations: { buckets: [counts[0]], sum: counts[0] / 2 } } } : {}),
    };
  });

const someDecision: fc.Arbitrary<NewDecision> = fc
  .record({ at: time, host, count: fc.integer({ min: 1, max: 9 }), path: fc.string({ maxLength: 400 }) })
  .map(({ at, host: called, ...rest }) => blockedDecision(called, { ...rest, firstAt: at, lastAt: at }));

type Step =
  | {
      readonly kind: 'commit';
      readonly observations: readonly Observation[];
      readonly decisions: readonly NewDecision[];
    }
  | { readonly kind: 'commit without room'; readonly observations: readonly Observation[] }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'death' };

const observations = fc.array(someObservation, { maxLength: 12 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('commit' as const),
      observations,
      decisions: fc.array(someDecision, { maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant('commit without room' as const), observations }),
    fc.constant({ kind: 'sweep' as const }),
    fc.constant({ kind: 'death' as const }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** So much that pages must be added; no cap joins it. */
const flood = Array.from({ length: 200 }, (_, index) =>
  blockedDecision('a', {
    destination: { kind: 'external', host: 'a', port: 80 },
    path: `/${index}/${'x'.repeat(250)}`,
  }),
);

function sum<T>(all: Iterable<T>, count: (one: T) => number): number {
  return [...all].reduce((total, one) => total + count(one), 0);
}

function toldByFlows(all: readonly Observation[]): readonly Observation[] {
  return all.filter(({ reporter }) => reporter === 'source');
}

function assertCounted(ledger: Ledger, fed: readonly Observation[], decided: readonly NewDecision[]): void {
  const flows = ledger.flows({ from: 0 });
  const told = toldByFlows(fed);
  const connections = ({ destination, opened, closed }: Observation) =>
    destination.kind === 'blocked' ? closed : opened;
  const requests = ({ requests }: { readonly requests: number }) => requests;
  assert.equal(sum(flows, requests), sum(told, requests));
  assert.equal(
    sum(flows, ({ responses }) => sum(Object.values(responses), Number)),
    sum(told, requests),
  );
  assert.equal(
    sum(flows, (flow) => flow.connections),
    sum(told, connections),
  );
  for (const bytes of ['bytesSent', 'bytesReceived'] as const) {
    assert.equal(
      sum(flows, (flow) => flow[bytes]),
      sum(told, (seen) => seen[bytes]),
    );
  }
  const measured = fed.filter(({ metrics }) => metrics !== undefined);
  const series = [...ledger.series()];
  const http = series.filter((one) => one.family === 'http');
  const tcp = series.filter((one) => one.family === 'tcp');
  assert.equal(sum(http, requests), sum(measured, requests));
  assert.equal(
    sum(tcp, ({ opened, closed }) => opened + closed),
    sum(measured, ({ opened, closed }) => opened + closed),
  );
  assert.equal(
    sum(http, ({ durations }) => durations.sum),
    sum(measured, (seen) => seen.requests / 2),
  );
  assert.equal(
    sum(ledger.decisions({ limit: 100_000 }), (decision) => decision.count),
    sum(decided, (decision) => decision.count),
  );
}

/** What another connection reads in the file is what the ledger tells. */
function assertSeen(ledger: Ledger, file: string): void {
  const reader = openSeenReader(file);
  for (const since of [0, tenOClock - 90 * minute]) {
    const told = ledger.flows({ from: since });
    for (const kinds of [undefined, ['passthrough', 'blocked'] as const]) {
      const asked = told.filter(({ destination }) => kinds?.some((kind) => kind === destination.kind) !== false);
      const seen = reader.seen({ since, ...(kinds === undefined ? {} : { kinds }) });
      assert.deepEqual(seen.map(textOf).sort(), asked.map(textOf).sort());
    }
  }
  reader.close();
}

/** Of plain data whose members may stand in any order. */
function textOf(seen: SeenFlow): string {
  const { by, source, destination, via, protocol, requests, connections, firstSeen, lastSeen } = seen;
  const { kind, host: called, port, serviceEntry } = destination;
  return JSON.stringify([
    [by, source.namespace, source.workload, kind, called, port, serviceEntry, via, protocol],
    [requests, connections, firstSeen, lastSeen],
  ]);
}

test('everything that was committed is counted once, through failures, sweeps and deaths', (context) => {
  const folderOfAll = ledgerFile(context);
  let runs = 0;
  fc.assert(
    fc.property(steps, (all) => {
      runs += 1;
      const ends: (() => void)[] = [];
      const scope = { after: (end: () => void) => ends.push(end) };
      let file = `${folderOfAll}.${runs}`;
      const open = () => {
        const database = openDatabase(file, ledgerMigrations);
        return { database, ledger: createLedger(database, { file, bounds, clock: () => tenOClock }) };
      };
      let { database, ledger } = open();
      // Of no failure and no death: what they left behind would make a difference to it sooner or later.
      const sparedFile = `${file}.spared`;
      const spared = reopened(scope, sparedFile, bounds);
      const fed: Observation[] = [];
      const decided: NewDecision[] = [];
      const positions = new Map<string, string>();
      for (const [index, step] of all.entries()) {
        if (step.kind === 'commit') {
          positions.set('step', String(index));
          for (const each of [ledger, spared]) each.commit(batch({ ...step, positions }));
          fed.push(...step.observations);
          decided.push(...step.decisions);
        } else if (step.kind === 'commit without room') {
          const before = everythingIn(ledger);
          database.exec('PRAGMA max_page_count = 1');
          const refused = batch({ ...step, decisions: flood, positions: new Map([['step', 'refused']]) });
          assert.throws(() => ledger.commit(refused), { code: 'SP_DISK_FULL' });
          database.exec('PRAGMA max_page_count = 1000000');
          assert.deepEqual(everythingIn(ledger), before);
        } else if (step.kind === 'sweep') {
          for (const each of [ledger, spared]) each.sweep(tenOClock);
        } else {
          const before = everythingIn(ledger);
          const copy = copyOf(file);
          ledger.close();
          file = copy;
          ({ database, ledger } = open());
          assert.deepEqual(everythingIn(ledger), before);
        }
        assertCounted(ledger, fed, decided);
        assert.deepEqual(ledger.positions(), positions);
        assert.deepEqual(everythingIn(ledger), everythingIn(spared));
        assertSeen(spared, sparedFile);
      }
      ledger.close();
      for (const end of ends) end();
    }),
    { seed: 7, numRuns: 50 },
  );
});

test('nothing that a proxy can say stops a commit, and all of it is there after a restart', (context) => {
  const wild = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN), fc.constant(Number.POSITIVE_INFINITY));
  const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 400 });
  const histogram = fc.record({ buckets: fc.array(wild, { minLength: 20, maxLength: 20 }), sum: wild });
  const file = ledgerFile(context);
  let runs = 0;
  fc.assert(
    fc.property(text, wild, wild, histogram, (said, number, other, durations) => {
      runs += 1;
      const own = `${file}.${runs}`;
      const scope = { after: (end: () => void) => ends.push(end) };
      const ends: (() => void)[] = [];
      const ledger = reopened(scope, own);
      const seen: Partial<Observation> = {
        destination: { kind: 'passthrough', host: said, port: number },
        outcome: { code: other, flags: said, grpcStatus: said },
        peer: { address: said, locality: said },
        requests: number,
        opened: number,
        closed: other,
        unopened: number,
        bytesSent: other,
        bytesReceived: number,
        metrics: { durations, sentBytes: number, requestMessages: other },
      };
      const decision = blockedDecision(said, {
        address: said,
        details: said,
        path: said,
        count: number,
        lastAt: other,
      });
      const fed = batch({ observations: [observation(seen), observation({ at: number })], decisions: [decision] });
      ledger.commit(fed);
      const before = everythingIn(ledger);
      assert.deepEqual(everythingIn(reopened(scope, copyOf(own))), before);
      for (const end of ends) end();
      rmSync(own);
    }),
    { seed: 8, numRuns: 40 },
  );
});
