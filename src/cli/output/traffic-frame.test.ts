import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowBody } from '../../server/wire.ts';
import { type TrafficFrame, trafficFrame } from './traffic-frame.ts';

function flow(workload: string, kind: FlowBody['destination']['kind'], requests: number): FlowBody {
  return {
    source: { namespace: 'shop', workload },
    destination: { kind, host: 'a.example', port: 80 },
    via: [],
    protocol: 'http',
    requests,
    connections: 0,
    responses: {},
    bytesSent: 0,
    bytesReceived: 0,
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:00.000Z',
    flags: {},
    open: 0,
    peers: [],
  };
}

const frame: TrafficFrame = {
  flows: [
    flow('slow', 'external', 1),
    flow('fast', 'external', 100),
    flow('blocked', 'blocked', 2),
    flow('slower', 'service', 0),
    flow('passed', 'passthrough', 3),
  ],
  view: 'table',
  rate: ({ requests }) => requests,
  now: Date.parse('2026-01-01T00:00:05.000Z'),
  title: 'last 5m, all namespaces',
  width: 100,
  height: 20,
  notes: [],
  empty: 'No traffic.',
  paint: (_, text) => text,
};

function shownIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^shop\/(\w+)/.exec(line)?.[1] ?? []);
}

test('what is seen stands above the table', () => {
  const [title = '', sums, empty, header, ...rest] = trafficFrame(frame);
  assert.equal(title.length, frame.width);
  assert.match(title, /^sallyport traffic: last 5m, all namespaces +\d\d:\d\d:\d\d {2}q quits$/);
  assert.deepEqual([sums, empty], ['5 flows   106/s   1 blocked   1 passthrough', '']);
  assert.match(header ?? '', /^SOURCE /);
  assert.deepEqual(shownIn(rest), ['slow', 'fast', 'blocked', 'slower', 'passed']);
});

test('where not all have room, what wants an eye stays, in the order it had', () => {
  const lines = trafficFrame({ ...frame, height: 9, notes: ['note: something'] });
  assert.equal(lines.length, 9);
  assert.deepEqual(shownIn(lines), ['fast', 'blocked', 'passed']);
  assert.deepEqual(lines.slice(-2), ['… and 2 more; -n NAMESPACE shows fewer', 'note: something']);
});

test('no line is wider and no frame higher than the terminal', () => {
  for (const width of [20, 40, 80, 200]) {
    for (const height of [6, 8, 30]) {
      const lines = trafficFrame({ ...frame, width, height, notes: ['a note that is longer than twenty characters'] });
      assert.ok(lines.length <= Math.max(height, 7), `${lines.length} in ${height}`);
      for (const line of lines) assert.ok(line.length <= width, line);
    }
  }
});

test('where nothing is seen it says what to try', () => {
  assert.deepEqual(trafficFrame({ ...frame, flows: [], rate: () => undefined }).slice(1), [
    '0 flows',
    '',
    'No traffic.',
  ]);
});
