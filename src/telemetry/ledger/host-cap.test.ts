import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewDecision } from '../decision.ts';
import type { Ledger } from '../ledger.ts';
import { batch, blocked, blockedDecision, tenOClock, workload } from './testing/events.ts';
import { ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

const day = 24 * 3_600_000;

function by(name: string): Pick<NewDecision, 'source'> {
  return { source: { namespace: 'default', workload: name, pod: `${name}-1`, identity: `spiffe://x/${name}` } };
}

/** Calls of one workload to hosts that nobody registered, a thousand in a batch. */
function call(ledger: Ledger, name: string, hosts: number, at = tenOClock): void {
  for (let from = 0; from < hosts; from += 1000) {
    const called = Array.from(
      { length: Math.min(1000, hosts - from) },
      (_, index) => `${name}-${from + index}.example`,
    );
    ledger.commit(
      batch({
        observations: called.map((host) => blocked(host, { source: workload(name), at, bytesSent: 1 })),
        decisions: called.map((host) => blockedDecision(host, { ...by(name), path: `/${host}`, lastAt: at })),
      }),
    );
  }
}

/** Hosts that the flows of a workload name, and its calls. */
function told(ledger: Ledger, name: string) {
  const flows = ledger.flows({ from: 0, workload: name });
  const named = flows.filter(({ destination }) => destination.host !== 'other').length;
  const rest = flows.filter(({ destination }) => destination.host === 'other');
  return {
    named,
    requests: flows.reduce((sum, flow) => sum + flow.requests, 0),
    rest: rest.map((flow) => flow.requests),
  };
}

test('a caller of thousands of hosts has its share of names, the rest is other, the counts are exact', (context) => {
  const ledger = newLedger(context);
  call(ledger, 'greedy', 15_000);
  call(ledger, 'second', 6000);
  call(ledger, 'modest', 3);
  assert.deepEqual(told(ledger, 'greedy'), { named: 500, requests: 15_000, rest: [14_500] });
  assert.deepEqual(told(ledger, 'second'), { named: 500, requests: 6000, rest: [5500] });
  assert.deepEqual(told(ledger, 'modest'), { named: 3, requests: 3, rest: [] });
  const [other] = ledger
    .flows({ from: 0, workload: 'greedy' })
    .filter(({ destination }) => destination.host === 'other');
  assert.deepEqual(other?.destination, { kind: 'blocked', host: 'other', port: 0 });
});

test('metric series name fewer hosts, and still every request', (context) => {
  const ledger = newLedger(context);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) call(ledger, name, 300);
  const named = new Map<string, number>();
  let requests = 0;
  for (const series of ledger.series()) {
    const { source_workload: name = '', destination_service: host } = series.labels;
    if (host !== 'other') named.set(name, (named.get(name) ?? 0) + 1);
    if (series.family === 'http') requests += series.requests;
  }
  assert.deepEqual(
    [...named],
    [...'abcde'].map((name) => [name, 200]),
  );
  assert.equal(requests, 7 * 300);
  assert.equal(told(ledger, 'g').named, 300);
});

test('decisions about the rest are one for each batch, with nothing in it that the caller chose', (context) => {
  const ledger = newLedger(context, { hostsPerWorkload: 2 });
  call(ledger, 'greedy', 3000);
  const decisions = ledger.decisions({});
  assert.deepEqual(
    decisions.map(({ destination, count }) => [destination.host, count]),
    [
      ['greedy-0.example', 1],
      ['greedy-1.example', 1],
      ['other', 998],
      ['other', 1000],
      ['other', 1000],
    ],
  );
  assert.doesNotMatch(JSON.stringify(decisions.slice(2)), /greedy-\d{2,}|192\.0\.2/);
});

test('joined decisions keep their first and last time and the sum of their bytes', (context) => {
  const ledger = newLedger(context, { hosts: 0 });
  const decision = (at: number, count: number) =>
    blockedDecision(`host-${at}`, { firstAt: at, lastAt: at + 5, count, bytesSent: 10, bytesReceived: 1 });
  ledger.commit(batch({ decisions: [decision(200, 2), decision(100, 3), decision(150, 4)] }));
  const [{ firstAt, lastAt, count, bytesSent, bytesReceived } = assert.fail()] = ledger.decisions({});
  assert.deepEqual([firstAt, lastAt, count, bytesSent, bytesReceived], [100, 205, 9, 30, 3]);
});

test('the mesh has a cap of its own, and registered hosts have none', (context) => {
  const ledger = newLedger(context, { hosts: 5 });
  call(ledger, 'a', 3);
  call(ledger, 'b', 3);
  assert.deepEqual([told(ledger, 'a').named, told(ledger, 'b').named], [3, 2]);
  const registered = Array.from({ length: 20 }, (_, index) =>
    blocked('', { source: workload('c'), destination: { kind: 'external', host: `api-${index}`, port: 443 } }),
  );
  ledger.commit(batch({ observations: registered }));
  assert.equal(told(ledger, 'c').named, 20);
});

test('places are the same after a restart, and free again when nothing of a host is kept', (context) => {
  const file = ledgerFile(context);
  const bounds = { hostsPerWorkload: 2, seriesHostsPerWorkload: 1 };
  let ledger = reopened(context, file, bounds);
  const restart = () => {
    ledger.close();
    ledger = reopened(context, file, bounds);
  };
  const later = (host: string, at: number) => {
    ledger.commit(batch({ observations: [blocked(host, { source: workload('a'), at })] }));
    return ledger.flows({ from: at, workload: 'a' }).map(({ destination }) => destination.host);
  };
  call(ledger, 'a', 2, tenOClock - 20 * day);
  restart();
  assert.deepEqual(later('new.example', tenOClock), ['other']);
  // One of the two is still called.
  later('a-1.example', tenOClock);
  restart();
  ledger.sweep(tenOClock + 10 * day);
  assert.deepEqual(later('new.example', tenOClock + 10 * day), ['other']);
  ledger.sweep(tenOClock + 12 * day);
  assert.deepEqual(later('new.example', tenOClock + 12 * day), ['new.example']);
  assert.deepEqual(later('newer.example', tenOClock + 13 * day), ['other']);
});
