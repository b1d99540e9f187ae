// What traffic raises which alert, through a whole ledger.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AlertSettings, defaultAlertSettings } from '../../../api/alert-settings.ts';
import type { Ledger } from '../../ledger.ts';
import type { Observation } from '../../observation.ts';
import { openLedger } from '../open-ledger.ts';
import { hour, minute } from '../spans.ts';
import { batch, blocked, blockedDecision, observation, tenOClock, workload } from '../testing/events.ts';
import { ledgerFile } from '../testing/ledger-file.ts';

function opened(t: TestContext, said: Partial<AlertSettings> = {}, file = ledgerFile(t)): Ledger {
  const ledger = openLedger({
    file,
    clock: () => tenOClock,
    bounds: { alertsPerWorkload: 3 },
    surroundings: {
      settings: () => ({ ...defaultAlertSettings, ...said }),
      trustDomain: () => 'mesh.test',
      isInside: (address) => address.startsWith('10.'),
    },
  });
  t.after(() => ledger.close());
  return ledger;
}

const passed = (host: string, members: Partial<Observation> = {}): Observation =>
  observation({ destination: { kind: 'passthrough', host, port: 80 }, ...members });

function commit(ledger: Ledger, ...observations: readonly Observation[]): void {
  ledger.commit(batch({ observations }));
}

/** Kind, severity, host, count. */
function told(ledger: Ledger): readonly string[] {
  return ledger.alerts({}).map(({ kind, severity, destination, count }) => {
    return `${kind} ${severity} ${destination.host} ${count}`;
  });
}

/** Whoever was there before, and called something. */
function grownUp(ledger: Ledger, ...names: readonly string[]): void {
  const at = tenOClock - hour;
  for (const name of names) commit(ledger, passed('known.test', { at, source: workload(name) }));
}

test('a host that was never called before: by anybody, by this workload, and registered', (t) => {
  const ledger = opened(t);
  grownUp(ledger, 'echo', 'other');
  commit(ledger, passed('new.test'), passed('known.test'), observation());
  assert.deepEqual(told(ledger), ['first-seen warning new.test 1', 'first-seen info api.example.com 1']);
  commit(ledger, passed('new.test', { requests: 4 }), passed('new.test', { source: workload('other') }));
  assert.deepEqual(told(ledger), [
    'first-seen warning new.test 5',
    'first-seen info api.example.com 1',
    'first-seen info new.test 1',
  ]);
  const [alert] = ledger.alerts({});
  assert.deepEqual(alert?.source, {
    namespace: 'default',
    workload: 'echo',
    identity: 'spiffe://mesh.test/ns/default/sa/echo',
  });
  assert.match(alert?.reason ?? '', /^new\.test:80 was called for the first time from this namespace; nobody/);
  assert.deepEqual(alert?.next, [
    'sallyport logs --decisions deploy/echo -n default',
    'sallyport check echo http://new.test -n default',
    'sallyport suggest -n default --host new.test',
  ]);
});

test('what a new mesh calls in its first minutes is no news, nor what a new workload calls that others know', (t) => {
  const ledger = opened(t);
  commit(ledger, passed('a.test'), observation());
  commit(ledger, passed('b.test', { at: tenOClock + 9 * minute }));
  assert.deepEqual(told(ledger), []);
  const young = { source: workload('young'), at: tenOClock + hour };
  commit(ledger, passed('b.test', young), passed('c.test', young));
  assert.deepEqual(told(ledger), ['first-seen warning c.test 1']);
  commit(ledger, passed('a.test', { ...young, at: tenOClock + 2 * hour }));
  assert.deepEqual(told(ledger).slice(1), ['first-seen info a.test 1']);
});

test('two ports of a new host in one batch are one alert; a blocked host is none of those that were called', (t) => {
  const ledger = opened(t);
  grownUp(ledger, 'echo');
  const other = { kind: 'passthrough', host: 'new.test', port: 443 } as const;
  commit(ledger, blocked('new.test'));
  commit(ledger, passed('new.test'), observation({ destination: other, protocol: 'tls', requests: 0, opened: 2 }));
  assert.deepEqual(told(ledger), ['first-seen warning new.test 3']);
});

test('four blocked calls within five minutes, again and again, are no burst', (t) => {
  const ledger = opened(t);
  for (let minutes = 0; minutes < 30; minutes += 3) {
    commit(ledger, blocked('evil.test', { at: tenOClock + minutes * minute, requests: 2 }));
  }
  assert.deepEqual(told(ledger), []);
});

test('a burst that comes by and by, and goes on', (t) => {
  const ledger = opened(t);
  for (let call = 0; call < 4; call += 1) commit(ledger, blocked('evil.test', { at: tenOClock + call * minute }));
  assert.deepEqual(told(ledger), []);
  commit(ledger, blocked('evil.test', { at: tenOClock + 4 * minute }));
  commit(ledger, blocked('evil.test', { at: tenOClock + 30 * minute, requests: 7 }));
  assert.deepEqual(told(ledger), ['blocked-burst warning evil.test 12']);
  assert.match(
    ledger.alerts({})[0]?.reason ?? '',
    /attempted exfiltration.*5 calls to evil\.test:80 .*BlackHoleCluster/,
  );
});

test('one call each to many blocked hosts is critical', (t) => {
  const ledger = opened(t, { blockedHosts: 4 });
  commit(ledger, blocked('a.test'), blocked('b.test'), blocked('c.test', { at: tenOClock - 10 * minute }));
  commit(ledger, blocked('d.test'));
  assert.deepEqual(told(ledger), []);
  commit(ledger, blocked('e.test', { at: tenOClock + minute }));
  commit(ledger, blocked('f.test', { at: tenOClock + minute }));
  assert.deepEqual(told(ledger), ['blocked-burst critical * 2']);
  assert.match(ledger.alerts({})[0]?.reason ?? '', /^attempted exfiltration.* 4 different hosts/);
});

test('bare addresses, but those of the mesh and those of names', (t) => {
  const ledger = opened(t, { off: ['first-seen', 'blocked-burst'] });
  const tcp = { protocol: 'tcp', requests: 0, opened: 1 } as const;
  commit(ledger, passed('192.0.2.7'), passed('10.1.2.3'), passed('1.2.3.4.nip.io'), passed('fine.test'));
  commit(ledger, passed('2001:db8::1', tcp), passed('192.0.2.7', { requests: 2 }), blocked('192.0.2.9'));
  assert.deepEqual(told(ledger), [
    'ip-literal warning 192.0.2.7 3',
    'ip-literal warning 2001:db8::1 1',
    'ip-literal info 192.0.2.9 1',
  ]);
  const reasons = ledger.alerts({}).map(({ reason }) => reason);
  assert.match(reasons[0] ?? '', /^HTTP asked for the bare address 192\.0\.2\.7:80/);
  assert.match(
    reasons[1] ?? '',
    /^a connection without SNI and without Host went to the bare address \[2001:db8::1\]:80/,
  );
});

const mebibyte = 2 ** 20;
const sent = (minutes: number, mebibytes: number, members: Partial<Observation> = {}) =>
  observation({ at: tenOClock + minutes * minute, bytesSent: mebibytes * mebibyte, ...members });

test('far more bytes out than in the stretches before', (t) => {
  const ledger = opened(t, { off: ['first-seen'] });
  for (const minutes of [0, 10, 20, 30, 40]) commit(ledger, sent(minutes, 3));
  commit(ledger, sent(50, 14));
  assert.deepEqual(told(ledger), []);
  commit(ledger, sent(51, 3));
  assert.deepEqual(told(ledger), ['bytes-out warning api.example.com 1']);
  assert.match(
    ledger.alerts({})[0]?.reason ?? '',
    /^17 MiB went out to api\.example\.com:443 within ten minutes, where 3 MiB in ten minutes are normal/,
  );
});

test('what an alert was raised for is not learned; what a person knows of is', (t) => {
  for (const [acknowledged, expected] of [
    [false, 2],
    [true, 1],
  ] as const) {
    const ledger = opened(t, { off: ['first-seen'], resolveAfterMs: minute });
    for (const minutes of [0, 10, 20]) commit(ledger, sent(minutes, 1));
    for (const minutes of [30, 31, 32]) commit(ledger, sent(minutes, 20));
    const [first] = ledger.alerts({});
    assert.ok(first);
    if (acknowledged) ledger.acknowledge(first.id);
    ledger.sweep(tenOClock + 36 * minute);
    commit(ledger, sent(55, 60));
    assert.equal(ledger.alerts({}).length, expected, `acknowledged: ${acknowledged}`);
  }
});

test('a job of every hour is no news, though nothing went out in the stretches before', (t) => {
  const ledger = opened(t, { off: ['first-seen'] });
  for (let hours = 0; hours < 6; hours += 1) {
    for (let minutes = 0; minutes < 60; minutes += 5)
      commit(ledger, sent(hours * 60 + minutes, minutes === 55 ? 40 : 0.01));
    ledger.sweep(tenOClock + (hours + 1) * hour);
  }
  // Of the first hours nothing was known.
  const known = ledger.alerts({}).filter(({ firstAt }) => firstAt > tenOClock + 4 * hour);
  assert.deepEqual(known, []);
});

test('a hundred megabytes to a host that nobody knows need no history', (t) => {
  const ledger = opened(t, { off: ['first-seen'] });
  commit(ledger, passed('drop.test', { bytesSent: 99 * mebibyte }), sent(0, 500));
  assert.deepEqual(told(ledger), []);
  commit(ledger, passed('drop.test', { bytesSent: 30 * mebibyte }));
  assert.deepEqual(told(ledger), ['bytes-out critical drop.test 1']);
});

test('an alert of which nothing more is seen is resolved, and then another; one that is acknowledged stays', (t) => {
  const ledger = opened(t, { off: ['first-seen'] });
  const changes: boolean[] = [];
  ledger.subscribe(({ alerts }) => changes.push(alerts));
  const states = () => ledger.alerts({}).map(({ id, state }) => `${id} ${state}`);
  commit(ledger, passed('192.0.2.7'));
  ledger.sweep(tenOClock + hour);
  assert.deepEqual(states(), ['1 open']);
  ledger.sweep(tenOClock + hour + 1);
  assert.deepEqual(states(), ['1 resolved']);
  commit(ledger, passed('192.0.2.7', { at: tenOClock + 2 * hour }));
  assert.deepEqual(states(), ['1 resolved', '2 open']);
  assert.equal(ledger.acknowledge(2)?.state, 'acknowledged');
  assert.equal(ledger.acknowledge(7), undefined);
  ledger.sweep(tenOClock + 9 * hour);
  commit(ledger, passed('192.0.2.7', { at: tenOClock + 9 * hour }), passed('fine.test'));
  assert.deepEqual(states(), ['1 resolved', '2 acknowledged']);
  assert.equal(ledger.alerts({ state: 'acknowledged' })[0]?.count, 2);
  assert.deepEqual(changes, [true, true, true, true, true]);
});

test('a workload that makes up hosts has so many alerts of a kind, and one about the rest', (t) => {
  const ledger = opened(t, { blockedHosts: 1000 });
  grownUp(ledger, 'echo');
  for (let host = 0; host < 50; host += 1) commit(ledger, passed(`${host}.test`));
  assert.deepEqual(told(ledger), [
    'first-seen warning 0.test 1',
    'first-seen warning 1.test 1',
    'first-seen warning 2.test 1',
    'first-seen warning other 47',
  ]);
});

test('a setting that changes counts at once', (t) => {
  let blockedCalls = 100;
  const ledger = openLedger({
    file: ledgerFile(t),
    surroundings: {
      settings: () => ({ ...defaultAlertSettings, blockedCalls }),
      trustDomain: () => '',
      isInside: () => false,
    },
  });
  t.after(() => ledger.close());
  commit(ledger, blocked('evil.test', { requests: 20 }));
  assert.deepEqual(told(ledger), []);
  blockedCalls = 21;
  commit(ledger, blocked('evil.test'));
  assert.deepEqual(told(ledger), ['blocked-burst warning evil.test 21']);
});

test('a decision that names differ is an alert, with its own count', (t) => {
  const ledger = opened(t);
  const differ = blockedDecision('fronted.test', { signature: 'names-differ', count: 2 });
  ledger.commit(batch({ decisions: [differ, blockedDecision('plain.test')] }));
  ledger.commit(batch({ decisions: [differ] }));
  assert.deepEqual(told(ledger), ['name-mismatch warning fronted.test 4']);
  assert.equal(opened(t, { off: ['name-mismatch'] }).alerts({}).length, 0);
});
