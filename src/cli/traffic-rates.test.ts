import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowBody, FlowsBody } from '../server/wire.ts';
import { createTrafficRates, meanRate } from './traffic-rates.ts';

const flow: FlowBody = {
  source: { namespace: 'shop', workload: 'web' },
  destination: { kind: 'external', host: 'a.example', port: 80 },
  via: [],
  protocol: 'http',
  requests: 0,
  connections: 0,
  responses: {},
  bytesSent: 0,
  bytesReceived: 0,
  firstSeen: '2026-01-01T00:04:00.000Z',
  lastSeen: '2026-01-01T00:05:00.000Z',
  flags: {},
  open: 0,
  peers: [],
};
const other: FlowBody = { ...flow, protocol: 'tcp', requests: 0 };

function answer(requests: number, from = '2026-01-01T00:00:00.000Z', flows: readonly FlowBody[] = []): FlowsBody {
  return { flows: [{ ...flow, requests }, ...flows], from, to: '2026-01-01T00:05:00.000Z' };
}

test('a rate is what a count grew by in the last seconds', () => {
  const rates = createTrafficRates();
  rates.add(answer(100), 0);
  assert.equal(rates.of(flow), undefined);
  rates.add(answer(110), 1000);
  assert.equal(rates.of(flow), undefined, 'one second is too short');
  rates.add(answer(130), 2000);
  assert.equal(rates.of(flow), 15);
  assert.equal(rates.of(other), 0);
  for (let second = 3; second <= 14; second += 1) rates.add(answer(130), second * 1000);
  assert.equal(rates.of(flow), 0, 'nothing in the last ten seconds');
});

test('a flow that is new began with nothing', () => {
  const rates = createTrafficRates();
  rates.add(answer(0), 0);
  rates.add(answer(0, undefined, [{ ...other, connections: 8 }]), 2000);
  assert.equal(rates.of(other), 4);
});

test('when the stretch moves on, the rates of before stay until there are new ones', () => {
  const rates = createTrafficRates();
  rates.add(answer(100), 0);
  rates.add(answer(120), 2000);
  const later = '2026-01-01T00:01:00.000Z';
  rates.add(answer(50, later), 3000);
  rates.add(answer(55, later), 4000);
  assert.equal(rates.of(flow), 10);
  rates.add(answer(60, later), 5000);
  assert.equal(rates.of(flow), 5);
});

test('the mean is taken over the stretch, or since anything was seen', () => {
  const body = answer(120);
  assert.equal(meanRate(body)(body.flows[0] ?? flow), 2);
  const busy = answer(300, undefined, [{ ...other, firstSeen: '2025-12-31T23:00:00.000Z' }]);
  assert.equal(meanRate(busy)(busy.flows[0] ?? flow), 1);
});
