// The signatures of security-facts 1.D, by lines as Envoy 1.40 wrote them (an HTTP listener on 80 and TCP ones), and who
// tells of an event.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signature } from '../../decision.ts';
import { blockAll, good, httpLine, readLine, tcpLine } from '../testing/record-lines.ts';

type Expected = readonly [Signature, 'blocked' | 'passthrough', string];

const cases: readonly (readonly [Readonly<Record<string, unknown>>, ...Expected])[] = [
  [httpLine({ ...blockAll, a: 'EVIL.test.', c: 502, m: 'GET', p: '/x' }), 'unknown-host', 'blocked', 'evil.test:80'],
  [httpLine({ ...blockAll, a: 'evil.test', c: 200, g: 14, m: 'POST' }), 'unknown-host', 'blocked', 'evil.test:80'],
  [
    httpLine({ a: 'nc.test', c: 503, d: 'cluster_not_found', f: 'NC', m: 'GET', r: 'default' }),
    'unknown-host',
    'blocked',
    'nc.test:80',
  ],
  [
    httpLine({ a: 'evil.test:443', c: 404, d: 'route_not_found', f: 'NR', m: 'CONNECT' }),
    'connect-refused',
    'blocked',
    'evil.test:80',
  ],
  [
    httpLine({ a: 'evil.test:443', c: 403, d: 'direct_response', m: 'CONNECT', o: null, r: 'block_connect' }),
    'connect-refused',
    'blocked',
    'evil.test:443',
  ],
  [
    httpLine({ ...blockAll, a: 'evil.test:443', c: 403, m: 'CONNECT', o: null }),
    'connect-refused',
    'blocked',
    'evil.test:443',
  ],
  [
    httpLine({ a: 'good.test', c: 403, d: 'upgrade_failed', m: 'GET', p: '/', r: 'default', u: good }),
    'upgrade-refused',
    'blocked',
    'good.test:80',
  ],
  [
    httpLine({ a: 'evil.test', c: 403, d: 'upgrade_failed', m: 'GET', p: '/', r: 'block_all' }),
    'upgrade-refused',
    'blocked',
    'evil.test:80',
  ],
  [httpLine({ c: 426, d: 'low_version', f: 'DPE', tx: 16 }), 'low-version', 'blocked', '93.184.216.34:80'],
  [httpLine({ c: 200, d: 'missing_host_header', g: 13 }), 'missing-host', 'blocked', '93.184.216.34:80'],
  [httpLine({ c: 400, d: 'missing_host_header', m: 'GET', p: '/' }), 'missing-host', 'blocked', '93.184.216.34:80'],
  ...[
    'http.invalid_authority',
    'http1.content_length_and_chunked_not_allowed',
    'http1.codec_error',
    'http1.invalid_characters',
    'http1.unexpected_underscore',
  ].map((d) => [httpLine({ c: 400, d, f: 'DPE' }), 'malformed-request', 'blocked', '93.184.216.34:80'] as const),
  [httpLine({ c: 0, d: 'http2.invalid.header.field', f: 'DPE' }), 'malformed-request', 'blocked', '93.184.216.34:80'],
  [
    httpLine({ a: 'good.test', c: 400, d: 'path_normalization_failed', m: 'GET', p: '/%00' }),
    'malformed-request',
    'blocked',
    'good.test:80',
  ],
  [
    httpLine({ a: 'good.test', c: 400, d: 'http1.codec_error', f: 'DPE', m: 'POST', r: 'default', u: good }),
    'malformed-request',
    'blocked',
    'good.test:80',
  ],
  [httpLine({ c: 431, d: 'http1.headers_too_large', f: 'DPE' }), 'headers-too-large', 'blocked', '93.184.216.34:80'],
  [httpLine({ c: 431, d: 'http1.too_many_headers', f: 'DPE' }), 'headers-too-large', 'blocked', '93.184.216.34:80'],
  [
    httpLine({ a: 'evil.test', c: 431, d: 'request_headers_too_large' }),
    'headers-too-large',
    'blocked',
    'evil.test:80',
  ],
  [
    httpLine({ c: 403, d: 'http1.https_url_on_plaintext_connection', f: 'DPE' }),
    'https-on-plaintext',
    'blocked',
    '93.184.216.34:80',
  ],
  [
    httpLine({
      a: 'Rebind.test',
      c: 403,
      d: 'rbac_access_denied_matched_policy[private]',
      h: '127.0.0.2:80',
      m: 'GET',
      r: 'default',
      u: 'outbound|80||rebind.test',
    }),
    'address-refused',
    'blocked',
    'rebind.test:80',
  ],
  [
    httpLine({
      a: 'pass.test',
      c: 403,
      d: 'rbac_access_denied_matched_policy[private]',
      r: 'allow_any',
      u: 'PassthroughCluster',
    }),
    'address-refused',
    'blocked',
    'pass.test:80',
  ],
  [httpLine({ a: 'evil.test', c: 503, d: 'overload', f: 'UO' }), 'refused', 'blocked', 'evil.test:80'],
  [
    httpLine({
      a: 'late.test:443',
      c: 503,
      d: 'cluster_not_ready',
      m: 'CONNECT',
      o: null,
      r: 'connect',
      u: '0.0.0.0_8443',
    }),
    'refused',
    'blocked',
    'late.test:443',
  ],
  [
    httpLine({ a: 'pass.test', c: 200, d: 'via_upstream', m: 'GET', r: 'allow_any', u: 'PassthroughCluster' }),
    'passed-unregistered',
    'passthrough',
    'pass.test:80',
  ],
  [
    httpLine({ a: 'pass.test', c: 431, d: 'via_upstream', m: 'GET', r: 'allow_any', u: 'PassthroughCluster' }),
    'passed-unregistered',
    'passthrough',
    'pass.test:80',
  ],
  [
    httpLine({
      a: 'pass.test',
      c: 0,
      d: 'http2.remote_reset',
      f: 'DR',
      m: 'GET',
      r: 'allow_any',
      u: 'PassthroughCluster',
    }),
    'passed-unregistered',
    'passthrough',
    'pass.test:80',
  ],
  [
    httpLine({
      a: 'pass.test:8443',
      c: 200,
      d: 'via_upstream',
      m: 'CONNECT',
      o: null,
      r: 'allow_any',
      u: 'PassthroughCluster',
    }),
    'passed-unregistered',
    'passthrough',
    'pass.test:8443',
  ],
  [tcpLine({ f: 'UH', s: 'Evil.test', u: 'BlackHoleCluster' }), 'unknown-sni', 'blocked', 'evil.test:443'],
  [tcpLine({ f: 'NC', s: 'evil.test' }), 'unknown-sni', 'blocked', 'evil.test:443'],
  [tcpLine({ f: 'UH', u: 'BlackHoleCluster' }), 'unknown-address', 'blocked', '93.184.216.34:443'],
  [
    tcpLine({ f: 'UH', o: '[2001:db8::1]:443', s: '-', u: 'BlackHoleCluster' }),
    'unknown-address',
    'blocked',
    '2001:db8::1:443',
  ],
  [
    tcpLine({ d: 'rbac_access_denied_matched_policy[private]', s: 'rebind.test' }),
    'address-refused',
    'blocked',
    'rebind.test:443',
  ],
  [
    tcpLine({ f: 'UF,URX', s: 'pass.test', u: 'PassthroughCluster' }),
    'passed-unregistered',
    'passthrough',
    'pass.test:443',
  ],
];

for (const [line, signature, verdict, place] of cases) {
  test(`${signature}: ${line['c'] ?? 'TCP'} ${line['f']} ${line['d']} on ${line['u']} of ${line['a'] ?? line['s']}`, () => {
    const { event, teller } = readLine(line);
    assert.equal(teller, 'records', 'the counters leave it to the records');
    const { decision, observation } = event ?? {};
    const { host, port } = decision?.destination ?? {};
    assert.deepEqual([decision?.signature, decision?.verdict, `${host}:${port}`], [signature, verdict, place]);
    assert.deepEqual(observation?.destination, decision?.destination);
    assert.deepEqual(observation?.outcome, decision?.outcome);
    assert.ok(decision?.reason.includes(host ?? '?'), decision?.reason);
  });
}

test('what the counters tell, or what was no event, is no record of ours', () => {
  for (const line of [
    httpLine({
      a: 'good.test',
      c: 503,
      d: 'upstream_reset_before_response_started{remote_connection_failure}',
      f: 'UF',
      r: 'default',
      u: good,
    }),
    httpLine({ a: 'good.test', c: 404, d: 'via_upstream', r: 'default', u: good }),
    tcpLine({ s: 'good.test', u: 'outbound|443||good.test', h: '10.1.0.1:443' }),
    tcpLine({ f: 'UH', s: 'nx.wild.test', u: 'outbound|443||*.wild.test' }),
  ]) {
    assert.equal(readLine(line).teller, 'counters', JSON.stringify(line));
  }
  assert.equal(readLine(httpLine({ c: 0, d: 'downstream_remote_disconnect', f: 'DC', ms: 302 })).teller, 'nobody');
  assert.equal(
    readLine(httpLine({ a: 'good.test:443', c: 200, m: 'CONNECT', r: 'connect', u: '0.0.0.0_443' })).teller,
    'nobody',
  );
  const redirect = { a: 'good.test', c: 301, d: 'direct_response', r: 'to-https' };
  assert.equal(readLine(httpLine(redirect)).teller, 'nobody', 'a route that answers by itself');
  assert.equal(readLine(tcpLine({ s: 'evil.test' })).event, undefined, 'the caller left before its cluster was chosen');
});

test('a 403 of the registered server itself is its answer, and no decision', () => {
  const { event, teller } = readLine(
    httpLine({ a: 'good.test', c: 403, d: 'via_upstream', m: 'GET', r: 'default', tx: 7, u: good }),
  );
  assert.equal(teller, 'records');
  assert.equal(event?.decision, undefined);
  const { destination, requests, bytesReceived, metrics, outcome } = event?.observation ?? {};
  assert.deepEqual([destination?.serviceEntry, requests, outcome?.code], ['default/good', 1, 403]);
  assert.deepEqual([bytesReceived, metrics?.responseSizes], [0, undefined], 'its bytes are counted by cluster');
  assert.equal(
    metrics?.durations?.buckets.reduce((sum, count) => sum + count, 0),
    1,
  );
});
