// What counters and records mean where VirtualServices send requests, through gateways and elsewhere, and what gateways say
// themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '../observation.ts';
import { blockedLine, requests, startIntake, totals } from './testing/intake-harness.ts';

const rule = (host: string, port = 80) => `${host}:${port}|default/rule|0`;
const gateway = (port = 80) => `outbound|${port}||egress.mesh`;

const way = ({ by, destination, via, nextHop }: Observation) => [
  by,
  destination.kind,
  destination.host,
  destination.serviceEntry,
  via.join(),
  nextHop?.host,
];

test('to a gateway: what was asked for, and the gateway in its way', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([
    requests(`source;${gateway()};${rule('good.test')};200;-;;-`, 3),
    requests(`source;outbound|80|v1|egress.mesh;${rule('*.made-up.test')};503;UF;;-`, 2),
    requests(`source;${gateway()};default;404;-;;-`, 1),
  ]);
  await pass();
  assert.deepEqual(ledger.observations.map(way), [
    [undefined, 'external', 'good.test', 'default/good', 'default/egress', 'egress.mesh'],
    [undefined, 'external', '*.made-up.test', undefined, 'default/egress', 'egress.mesh'],
    // Nobody asked for more than the gateway itself.
    [undefined, 'service', 'egress.mesh', undefined, '', undefined],
  ]);
  assert.deepEqual(
    ledger.observations.map(({ peer }) => peer),
    [undefined, undefined, undefined],
  );
});

test('shifted: where it went; ended by the rule or led nowhere: what was asked for', async (t) => {
  const { ledger, send, write, pass } = startIntake(t);
  const asked = rule('rebind.test');
  send([
    requests(`source;outbound|80||good.test;${asked};200;-;;-`, 1),
    requests(`source;outbound|80||mock.mesh;${asked};200;-;;-`, 1),
    requests(`source;outbound|80||good.test;${asked};503;FI;;-`, 1),
    requests(`source;;${asked};301;-;;-`, 1),
    requests(`source;;${asked};503;NC;;-`, 1),
    requests(`source;outbound|80||mock.mesh;${asked};503;UH;;-`, 1),
  ]);
  // Their lines are the counters', too.
  write(blockedLine('rebind.test', { c: 503, f: 'NC', r: asked, d: 'cluster_not_found' }));
  await pass();
  assert.deepEqual(
    ledger.observations.map(({ destination, outcome }) => [destination.host, outcome.code, outcome.flags]),
    [
      ['good.test', 200, '-'],
      ['mock.mesh', 200, '-'],
      ['rebind.test', 503, 'FI'],
      ['rebind.test', 301, '-'],
      ['rebind.test', 503, 'NC'],
      ['rebind.test', 503, 'UH'],
    ],
  );
  assert.deepEqual(ledger.told, []);
});

test('a refusal that came back through a gateway is of what was asked for, and no decision of the sidecar', async (t) => {
  const { ledger, send, write, passes } = startIntake(t);
  const route = rule('good.test');
  send([requests(`source;${gateway()};${route};403;-;;-`, 1)]);
  write(blockedLine('good.test', { c: 403, u: gateway(), r: route, d: 'via_upstream' }));
  await passes(30);
  assert.deepEqual(ledger.observations.map(way), [
    [undefined, 'external', 'good.test', 'default/good', 'default/egress', 'egress.mesh'],
  ]);
  assert.deepEqual(ledger.told, []);
});

test('a gateway tells its own, and what the mesh sent as relays, in counters and in records', async (t) => {
  const { ledger, send, write, passes } = startIntake(t);
  const key = (reporter: string, rest: string) => `${reporter};${rest}`;
  send([
    requests(key('gateway', 'outbound|80||good.test;*:80|default/rule|0;200;-;;-'), 1),
    requests(key('relay', 'outbound|80||good.test;*:80|default/rule|0;200;-;;-'), 4),
    requests(key('gateway', ';-;404;NR;;-'), 2),
    requests(key('relay', ';-;404;NR;;-'), 1),
    requests(key('relay', `;${rule('good.test')};503;NC;;-`), 1),
  ]);
  const refused = { c: 404, f: 'NR', r: null, o: '0.0.0.0:80', d: 'route_not_found' };
  for (const address of ['192.0.2.1', '192.0.2.2'])
    write(blockedLine('lost.test', { ...refused, v: 'gateway', b: address }));
  write(blockedLine('lost.test', { ...refused, v: 'relay', b: '10.0.0.9' }));
  const misdirected = { c: 503, f: 'NC', r: rule('good.test'), o: '0.0.0.0:80', v: 'relay', b: '10.0.0.8' };
  write(blockedLine('good.test', misdirected));
  await passes(30);
  assert.deepEqual(
    ledger.observations.map(({ by, destination, requests: count }) => [by, destination.kind, destination.host, count]),
    [
      ['gateway', 'external', 'good.test', 1],
      ['relay', 'external', 'good.test', 4],
      ['gateway', 'blocked', 'lost.test', 2],
      ['relay', 'blocked', 'lost.test', 1],
      ['relay', 'blocked', 'good.test', 1],
    ],
    'and the balance holds: nothing is told as lost',
  );
  assert.deepEqual(
    ledger.told.map(({ signature, count, destination, object }) => [signature, count, destination.port, object]),
    [
      ['not-served', 2, 80, 'default'],
      ['not-served', 1, 80, 'default'],
      ['no-destination', 1, 80, 'default'],
    ],
  );
  assert.deepEqual(
    ledger.told.map(({ reason }) => / \(sent by (.+)\)$/.exec(reason)?.[1]),
    [undefined, 'default/caller', undefined],
  );
});

test('who called a gateway is told by the certificate that it showed, each apart', async (t) => {
  const { ledger, write, passes } = startIntake(t);
  const refused = {
    c: 403,
    r: null,
    o: '0.0.0.0:80',
    d: 'rbac_access_denied_matched_policy[none]',
    z: 'denied',
    v: 'relay',
  };
  const policies = { y: 'AuthorizationPolicy/istio-system/out' };
  for (const [address, account] of [
    ['10.0.0.9', 'web'],
    ['10.0.0.9', 'web'],
    ['10.0.0.9', 'batch'],
    ['10.0.0.8', 'web\u0007'],
  ]) {
    write(
      blockedLine('a.test', { ...refused, ...policies, b: address, i: `spiffe://cluster.local/ns/shop/sa/${account}` }),
    );
  }
  await passes(30);
  const identity = (account: string) => `spiffe://cluster.local/ns/shop/sa/${account}`;
  assert.deepEqual(
    ledger.told.map(({ count, callerIdentity, reason }) => [
      count,
      callerIdentity,
      / \(sent by (.+)\)$/.exec(reason)?.[1],
    ]),
    [
      [2, identity('web'), `default/caller, ${identity('web')}`],
      [1, identity('batch'), `default/caller, ${identity('batch')}`],
      [1, identity('web\\x07'), identity('web\\x07')],
    ],
  );
});

test('connections of which a policy lets none through are refused by it, and not led nowhere', async (t) => {
  const { ledger, write, passes } = startIntake(t);
  const refusal = {
    z: 'denied',
    y: '',
    d: 'rbac_access_denied_matched_policy[AuthorizationPolicy/istio-system/none[0]]',
  };
  const line = { t: '1795279977.376', s: 'good.test', f: 'NC', u: null, h: null, o: '0.0.0.0:443', v: 'relay' };
  write(`${JSON.stringify({ ...line, ...refusal, r: rule('good.test', 443) })}\n`);
  await passes(30);
  assert.deepEqual(
    ledger.told.map(({ signature, object }) => [signature, object]),
    [['policy-denied', 'AuthorizationPolicy/istio-system/none']],
  );
});

test('a lost record of a relay is told as one', async (t) => {
  const { ledger, send, passes } = startIntake(t);
  send([requests('relay;;-;404;NR;;-', 2)]);
  await passes(30);
  assert.deepEqual(
    ledger.observations.map(({ by, destination, requests: count }) => [by, destination.kind, destination.host, count]),
    [['relay', 'blocked', 'other', 2]],
  );
});

test('bytes of a gateway’s cluster are told of what it was used for', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([
    requests(`source;${gateway()};${rule('good.test')};200;-;;-`, 3),
    requests(`source;${gateway()};${rule('rebind.test')};200;-;;-`, 1),
    { name: `cluster.${gateway()}.upstream_cx_tx_bytes_total`, value: 1000 },
  ]);
  await pass();
  const wire = ledger.observations.filter(({ bytesSent }) => bytesSent > 0);
  assert.deepEqual(
    wire.map(({ destination, via, bytesSent }) => [destination.host, via, bytesSent]),
    [
      ['good.test', ['default/egress'], 750],
      ['rebind.test', ['default/egress'], 250],
    ],
  );
});

test('connections through a gateway die with their Envoy under what they were for', async (t) => {
  const { ledger, send, pass, restart } = startIntake(t);
  const key = `source;${gateway(443)};${rule('good.test', 443)};0;-;;10.0.0.3:8443`;
  const opened = { name: 'istio.istio_tcp_connections_opened_total', key, value: 2 };
  send([opened]);
  await pass();
  restart();
  send([requests('source;outbound|80||good.test;default;200;-;;-', 1)], 2);
  await pass();
  assert.deepEqual(totals(ledger), { requests: 1, opened: 2, closed: 2, unopened: 0 });
  const connections = ledger.observations.filter(({ protocol }) => protocol === 'tls');
  const expected = [undefined, 'external', 'good.test', 'default/good', 'default/egress', 'egress.mesh'];
  assert.deepEqual(connections.map(way), [expected, expected]);
});

test('CONNECT that a VirtualService sends elsewhere is a connection', async (t) => {
  const { ledger, send, pass } = startIntake(t);
  send([requests(`source;${gateway(443)};connect ${rule('good.test', 443)};200;-;;-`, 2)]);
  await pass();
  const [tunnel] = ledger.observations;
  assert.deepEqual([tunnel?.protocol, tunnel?.requests, tunnel?.closed], ['tls', 0, 2]);
  assert.deepEqual([tunnel?.destination.host, tunnel?.via], ['good.test', ['default/egress']]);
});

test('connections that a rule leads nowhere: to a sidecar how they ended, to a gateway its decision', async (t) => {
  const { ledger, send, write, passes } = startIntake(t);
  const name = 'istio.istio_tcp_connections_closed_total';
  const route = rule('good.test', 443);
  send(['source', 'relay'].map((reporter) => ({ name, key: `${reporter};;${route};0;NC;-;`, value: 1 })));
  const line = { t: '1795279977.376', s: 'good.test', f: 'NC', d: null, u: null, h: null, o: '0.0.0.0:443', r: route };
  write(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, v: 'relay', b: '10.0.0.9' })}\n`);
  await passes(30);
  assert.deepEqual(
    ledger.observations.map((seen) => [...way(seen).slice(0, 3), seen.protocol, seen.closed, seen.unopened]),
    [
      [undefined, 'external', 'good.test', 'tls', 1, 1],
      ['relay', 'blocked', 'good.test', 'tls', 1, 1],
    ],
  );
  assert.deepEqual(
    ledger.told.map(({ signature, count }) => [signature, count]),
    [['no-destination', 1]],
  );
});
