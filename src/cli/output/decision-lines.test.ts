import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionBody } from '../../server/wire.ts';
import { createDecisionLines } from './decision-lines.ts';

const blocked: DecisionBody = {
  id: 1,
  firstAt: '2026-01-01T00:00:00.000Z',
  lastAt: '2026-01-01T00:00:01.000Z',
  count: 3,
  source: { namespace: 'shop', workload: 'web', pod: 'web-1', identity: 'spiffe://cluster.local/ns/shop/sa/default' },
  verdict: 'blocked',
  destination: { kind: 'blocked', host: 'evil.example.com', port: 80 },
  address: '192.0.2.66:80',
  protocol: 'http',
  outcome: { code: 502, flags: '-', grpcStatus: '' },
  signature: 'unknown-host',
  reason: 'no ServiceEntry registers evil.example.com',
  object: 'Istio/istio-system/mesh',
  details: 'direct_response',
  method: 'GET',
  path: '/secrets',
  bytesSent: 0,
  bytesReceived: 0,
};
const passed: DecisionBody = {
  ...blocked,
  count: 1000,
  source: { ...blocked.source, workload: 'notification' },
  verdict: 'passthrough',
  destination: { kind: 'passthrough', host: '2001:db8::1', port: 443 },
  reason: 'the policy lets out what nobody registered',
};
const plain = (_: string, text: string) => text;

test('a line says when, what, who, where to, how often and why', () => {
  const lines = createDecisionLines(false, plain);
  assert.deepEqual(lines.format([blocked, passed]), [
    '2026-01-01T00:00:01.000Z  blocked      shop/web           evil.example.com:80  ×3     no ServiceEntry registers evil.example.com',
    '2026-01-01T00:00:01.000Z  passthrough  shop/notification  [2001:db8::1]:443    ×1000  the policy lets out what nobody registered',
  ]);
});

test('columns grow with what comes, and never shrink', () => {
  const lines = createDecisionLines(false, plain);
  assert.match(lines.format([blocked])[0] ?? '', / {2}shop\/web {2}evil/);
  lines.format([passed]);
  assert.match(lines.format([blocked])[0] ?? '', / {2}shop\/web {11}evil/);
});

test('wide adds the request and who decided', () => {
  const [line = ''] = createDecisionLines(true, plain).format([blocked]);
  assert.match(line, / {2}\(GET \/secrets, pod web-1, to 192\.0\.2\.66:80, Istio\/istio-system\/mesh, unknown-host\)$/);
});

test('what a caller sent drives no terminal', () => {
  const lines = createDecisionLines(true, plain);
  const host = `\u001b[2J${'x'.repeat(300)}`;
  const hostile = { ...blocked, destination: { ...blocked.destination, host }, path: '/\u009b2J\n' };
  assert.doesNotMatch(lines.format([hostile]).join(''), /\p{Cc}/u);
  assert.match(lines.format([blocked]).join(''), /evil\.example\.com:80 {31}×3/);
});
