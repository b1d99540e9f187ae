// What a record says: as a decision to people, as an observation to flows and metrics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockAll, httpLine, now, readLine, tcpLine } from '../testing/record-lines.ts';

test('a decision says who, what, when, why and by which object', () => {
  const line = httpLine({ ...blockAll, a: 'Evil.test:8080', c: 502, m: 'GET', p: '/a b', rx: 3, tx: 5 });
  assert.deepEqual(readLine(line).event?.decision, {
    firstAt: 1_795_279_977_379,
    lastAt: 1_795_279_977_379,
    count: 1,
    source: {
      namespace: 'default',
      workload: 'web',
      pod: 'web-1',
      identity: 'spiffe://cluster.local/ns/default/sa/web',
    },
    verdict: 'blocked',
    destination: { kind: 'blocked', host: 'evil.test', port: 80 },
    address: '93.184.216.34:80',
    protocol: 'http',
    outcome: { code: 502, flags: '-', grpcStatus: '' },
    signature: 'unknown-host',
    reason: 'no ServiceEntry registers evil.test:80, and the mesh allows registered hosts only',
    object: 'Istio/istio-system/mesh',
    details: 'direct_response',
    method: 'GET',
    path: '/a\\x20b',
    bytesSent: 3,
    bytesReceived: 5,
  });
  const refused = readLine(
    httpLine({
      a: 'rebind.test',
      c: 403,
      d: 'rbac_access_denied_matched_policy[private]',
      u: 'outbound|80||rebind.test',
    }),
  );
  assert.equal(refused.event?.decision?.object, 'ServiceEntry/default/rebind');
  assert.equal(refused.event?.decision?.destination.serviceEntry, 'default/rebind');
  assert.equal(readLine(httpLine({ c: 426, d: 'low_version', f: 'DPE' })).event?.decision?.object, 'default');
});

test('connections: a blocked one was never opened, a passed one was, and CONNECT is one', () => {
  const counts = (line: Readonly<Record<string, unknown>>) => {
    const { protocol, requests, opened, closed, unopened, bytesSent, metrics, outcome } =
      readLine(line).event?.observation ?? {};
    return {
      protocol,
      requests,
      opened,
      closed,
      unopened,
      bytesSent,
      received: metrics?.receivedBytes,
      code: outcome?.code,
    };
  };
  assert.deepEqual(counts(tcpLine({ f: 'UH', s: 'evil.test', u: 'BlackHoleCluster' })), {
    ...{ protocol: 'tls', requests: 0, opened: 0, closed: 1, unopened: 1, bytesSent: 0, received: 0, code: 0 },
  });
  const passed = { requests: 0, opened: 1, closed: 1, unopened: undefined, bytesSent: 9, received: 9, code: 0 };
  assert.deepEqual(counts(tcpLine({ rx: 9, u: 'PassthroughCluster' })), { protocol: 'tcp', ...passed });
  const connect = httpLine({
    a: 'pass.test:443',
    c: 200,
    m: 'CONNECT',
    r: 'allow_any',
    rx: 9,
    u: 'PassthroughCluster',
  });
  assert.deepEqual(counts(connect), { protocol: 'tcp', ...passed });
});

test('CONNECT to a registered host that found nobody is a connection that was never opened', () => {
  const line = httpLine({ a: 'good.test:443', c: 503, m: 'CONNECT', o: null, r: 'connect', u: '0.0.0.0_443' });
  const { event, teller } = readLine(line);
  assert.equal(teller, 'records');
  assert.equal(event?.decision, undefined);
  const { destination, protocol, requests, opened, closed, unopened } = event?.observation ?? {};
  assert.deepEqual([destination?.serviceEntry, protocol], ['default/good', 'tls']);
  assert.deepEqual([requests, opened, closed, unopened], [0, 0, 1, 1]);
});

test('a host that is registered by now, or for another protocol, is told so', () => {
  const reason = (line: Readonly<Record<string, unknown>>) => readLine(line).event?.decision?.reason;
  const blocked = { ...blockAll, a: 'good.test', c: 502, m: 'GET' };
  assert.equal(reason(httpLine(blocked)), 'good.test:80 was not registered at that moment; it is by now');
  assert.equal(
    reason(httpLine({ ...blocked, o: '0.0.0.0:443' })),
    'good.test:443 is registered for TLS and was asked for by HTTP',
  );
});

test('an event does not end in the future, and has a time if its line has none', () => {
  const at = (t: unknown) => readLine(httpLine({ ...blockAll, a: 'evil.test', c: 502, t })).event?.observation.at;
  assert.deepEqual([at('1795279977.376'), at('9999999999.000'), at(null), at('x')], [1_795_279_977_379, now, now, now]);
});

test('an answer of the mesh’s own 403 says whether its request went by mTLS; one that nothing reached does not', () => {
  const told = (fields: Readonly<Record<string, unknown>>) =>
    readLine(httpLine({ a: 'mock.mesh', c: 403, u: 'outbound|80||mock.mesh', ...fields })).event?.observation?.mtls;
  const k = 'spiffe://cluster.local/ns/default/sa/web';
  assert.equal(told({ d: 'via_upstream', k }), true);
  assert.equal(told({ d: 'via_upstream', k: null }), false);
  assert.equal(told({ d: 'via_upstream' }), undefined);
  assert.equal(told({ d: 'rbac_access_denied_matched_policy[none]', k: null }), undefined);
});
