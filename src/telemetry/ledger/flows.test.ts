import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../flow.ts';
import type { Ledger } from '../ledger.ts';
import type { Observation } from '../observation.ts';
import { batch, blocked, observation, tenOClock, workload } from './testing/events.ts';
import { ledgerFile, newLedger, reopened } from './testing/ledger-file.ts';

const minute = 60_000;
const hour = 60 * minute;
const ok = { code: 200, flags: '-', grpcStatus: '' };

/** One connection, opened. */
function opened(members: Partial<Observation> = {}): Observation {
  return observation({ protocol: 'tls', outcome: { ...ok, code: 0 }, requests: 0, opened: 1, ...members });
}

function closed(members: Partial<Observation> = {}): Observation {
  return opened({ opened: 0, closed: 1, ...members });
}

function only(flows: readonly Flow[]): Flow {
  assert.equal(flows.length, 1);
  const [flow] = flows;
  assert.ok(flow);
  return flow;
}

test('what happened between a workload and a destination is one flow, however it ended', (context) => {
  const ledger = newLedger(context);
  const via = ['istio-system/gateway'];
  const peer = { address: '198.51.100.1', locality: 'eu/west/a' };
  ledger.commit(
    batch({
      observations: [
        observation({ via, peer, requests: 12, at: tenOClock + 1, bytesSent: 5 }),
        observation({
          via,
          peer,
          requests: 2,
          at: tenOClock + 7,
          outcome: { code: 503, flags: 'UF,URX', grpcStatus: '' },
        }),
        // Bytes on the wire, of which metrics know nothing.
        { ...observation({ via, at: tenOClock + 3, requests: 0, bytesReceived: 900 }) },
      ],
    }),
  );
  assert.deepEqual(ledger.flows({ from: tenOClock }), [
    {
      source: { namespace: 'default', workload: 'echo' },
      destination: { kind: 'external', host: 'api.example.com', port: 443, serviceEntry: 'default/api' },
      via,
      protocol: 'http',
      requests: 14,
      connections: 0,
      responses: { 200: 12, 503: 2 },
      flags: { 'UF,URX': 2 },
      bytesSent: 5,
      bytesReceived: 900,
      open: 0,
      peers: [{ ...peer, requests: 14, connections: 0, bytesSent: 5, bytesReceived: 0 }],
      firstSeen: '2025-03-01T10:00:00.001Z',
      lastSeen: '2025-03-01T10:00:00.007Z',
    },
  ]);
});

test('another way, another protocol or another port is another flow; they are told in order', (context) => {
  const ledger = newLedger(context);
  const to = (kind: 'external' | 'blocked', host: string, port: number) => ({ destination: { kind, host, port } });
  const all = [
    observation({ source: workload('a'), ...to('blocked', 'x', 80) }),
    observation({ source: workload('a'), ...to('external', 'b', 80) }),
    observation({ source: workload('a'), ...to('external', 'b', 443), protocol: 'grpc' }),
    observation({ source: workload('a'), ...to('external', 'b', 443), protocol: 'http' }),
    observation({ source: workload('a'), ...to('external', 'b', 443), protocol: 'http', via: ['n/g'] }),
    observation({ source: workload('b'), ...to('blocked', 'a', 80) }),
    observation({ source: workload('a', 'later'), ...to('blocked', 'a', 80) }),
  ];
  ledger.commit(batch({ observations: all.toReversed() }));
  const told = ledger.flows({ from: tenOClock }).map(({ source, destination, protocol, via }) => {
    return [source.namespace, source.workload, destination.kind, destination.host, destination.port, protocol, ...via];
  });
  assert.deepEqual(told, [
    ['default', 'a', 'blocked', 'x', 80, 'http'],
    ['default', 'a', 'external', 'b', 80, 'http'],
    ['default', 'a', 'external', 'b', 443, 'grpc'],
    ['default', 'a', 'external', 'b', 443, 'http'],
    ['default', 'a', 'external', 'b', 443, 'http', 'n/g'],
    ['default', 'b', 'blocked', 'a', 80, 'http'],
    ['later', 'a', 'blocked', 'a', 80, 'http'],
  ]);
  assert.equal(ledger.flows({ from: tenOClock, namespace: 'later' }).length, 1);
  assert.equal(ledger.flows({ from: tenOClock, workload: 'a' }).length, 6);
  assert.equal(ledger.flows({ from: tenOClock, namespace: 'later', workload: 'b' }).length, 0);
});

test('flows are what callers saw: what the called ones tell makes none', (context) => {
  const ledger = newLedger(context);
  const told = [observation({ reporter: 'destination' }), observation({ source: undefined })];
  const flows: boolean[] = [];
  ledger.subscribe((committed) => flows.push(committed.flows));
  ledger.commit(batch({ observations: told }));
  ledger.commit(batch({ observations: [observation()] }));
  assert.deepEqual(flows, [false, true]);
  assert.equal(only(ledger.flows({ from: 0 })).requests, 1);
});

test('connections are those that were opened, of blocked ones those that were closed', (context) => {
  const ledger = newLedger(context);
  const outcome = { code: 0, flags: 'UH', grpcStatus: '' };
  const refused = blocked('x', { protocol: 'tls', outcome, requests: 0, closed: 3, unopened: 3, bytesSent: 7 });
  const refusedPeer = { ...refused, peer: { address: '192.0.2.9' } };
  ledger.commit(batch({ observations: [refusedPeer, opened({ opened: 5 }), closed({ closed: 2 })] }));
  const [stopped, passed] = ledger.flows({ from: 0 });
  assert.deepEqual(
    [stopped?.connections, stopped?.open, stopped?.responses, stopped?.flags, stopped?.peers[0]?.connections],
    [3, 0, {}, { UH: 3 }, 3],
  );
  assert.deepEqual([passed?.connections, passed?.open, passed?.responses, passed?.flags], [5, 3, {}, {}]);
});

test('what is open now is counted in whatever order it is heard, and never below none', (context) => {
  const ledger = newLedger(context);
  const open = () => ledger.flows({ from: 0 }).map((flow) => flow.open);
  ledger.commit(batch({ observations: [closed()] }));
  assert.deepEqual(open(), [0]);
  ledger.commit(batch({ observations: [opened({ opened: 2 })] }));
  assert.deepEqual(open(), [1]);
  // The destination could not be reached: closed, and never opened.
  ledger.commit(batch({ observations: [closed({ closed: 4, unopened: 4 })] }));
  assert.deepEqual(open(), [1]);
  ledger.commit(batch({ observations: [closed()] }));
  assert.deepEqual(open(), [0]);
});

test('an open connection is told of until now, however long nothing was heard of it', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  const at = tenOClock - 40 * minute;
  ledger.commit(batch({ observations: [opened({ at })] }));
  const now = only(ledger.flows({ from: tenOClock - 5 * minute }));
  assert.deepEqual([now.open, now.connections, now.lastSeen], [1, 0, new Date(at).toISOString()]);
  assert.deepEqual(ledger.flows({ from: tenOClock - 5 * minute, workload: 'other' }), []);
  assert.deepEqual(ledger.flows({ from: at - 20 * minute, to: at - 10 * minute }), []);
  ledger.close();
  const again = reopened(context, file);
  assert.equal(only(again.flows({ from: tenOClock })).open, 1);
  again.commit(batch({ observations: [closed()] }));
  assert.deepEqual(again.flows({ from: tenOClock + minute }), []);
});

test('a stretch is told in whole minutes', (context) => {
  const ledger = newLedger(context);
  const times = [-1, 0, 59_999, 60_000].map((offset) => tenOClock + offset);
  ledger.commit(batch({ observations: times.map((at) => observation({ at })) }));
  const requests = (from: number, to?: number) =>
    ledger.flows({ from, ...(to === undefined ? {} : { to }) }).reduce((sum, flow) => sum + flow.requests, 0);
  assert.equal(requests(tenOClock + 30_000, tenOClock + 30_000), 2);
  assert.equal(requests(tenOClock, tenOClock + minute), 2);
  assert.equal(requests(tenOClock, tenOClock + minute + 1), 3);
  assert.equal(requests(tenOClock - 1, tenOClock + 1), 3);
  assert.equal(requests(tenOClock), 3);
});

test('what the minutes no longer reach is told in whole hours, and nothing twice', (context) => {
  const ledger = newLedger(context);
  const peer = { address: '192.0.2.1' };
  const times = Array.from({ length: 180 }, (_, index) => tenOClock - index * minute);
  ledger.commit(batch({ observations: times.map((at) => observation({ at, peer })) }));
  for (let sweeps = 0; sweeps < 3; sweeps += 1) ledger.sweep(tenOClock + 30_000);
  // Late, so that its minute is gone already.
  ledger.commit(batch({ observations: [observation({ at: tenOClock - 100 * minute, peer })] }));
  const inMinutes = only(ledger.flows({ from: tenOClock - 30 * minute }));
  assert.equal(inMinutes.requests, 31);
  const inHours = only(ledger.flows({ from: tenOClock - 90 * minute }));
  assert.equal(inHours.requests, 122);
  assert.deepEqual(
    inHours.peers.map(({ requests }) => requests),
    [122],
  );
  assert.equal(only(ledger.flows({ from: tenOClock - 90 * minute, to: tenOClock - 70 * minute })).requests, 61);
  assert.equal(only(ledger.flows({ from: 0 })).requests, 181);
  assert.equal(only(ledger.flows({ from: tenOClock - 3 * hour, to: tenOClock - 2 * hour })).requests, 59);
});

test('a flow has so many peers, the first of each minute or hour, those that are used most first', (context) => {
  const ledger = newLedger(context, { peers: 3 });
  const to = (address: string, requests: number) => observation({ peer: { address }, requests });
  ledger.commit(batch({ observations: [to('a', 1), to('b', 5), to('c', 3), to('d', 9)] }));
  ledger.commit(batch({ observations: [to('d', 9), to('a', 3)] }));
  const told = () => only(ledger.flows({ from: 0 })).peers.map(({ address, requests }) => `${address} ${requests}`);
  assert.deepEqual(told(), ['b 5', 'a 4', 'c 3']);
  ledger.commit(batch({ observations: [{ ...to('e', 7), at: tenOClock + minute }] }));
  assert.deepEqual(told(), ['e 7', 'b 5', 'a 4']);
  ledger.sweep(tenOClock + 2 * hour);
  assert.deepEqual(told(), ['b 5', 'a 4', 'c 3']);
});

test('a server that nobody registered makes up so many outcomes, and every response is counted', (context) => {
  const ledger = newLedger(context, { outcomes: 2 });
  const codes = [200, 201, 202, 404, 200].map((code) => ({ code, flags: code === 404 ? 'UF' : '-', grpcStatus: '' }));
  const passed = { destination: { kind: 'passthrough', host: 'x', port: 80 } } as const;
  ledger.commit(batch({ observations: codes.map((outcome) => observation({ ...passed, outcome })) }));
  ledger.commit(batch({ observations: codes.map((outcome) => observation({ outcome })) }));
  const [registered, chosen] = ledger.flows({ from: 0 });
  assert.deepEqual([chosen?.responses, chosen?.flags], [{ 200: 3, 201: 1, 400: 1 }, {}]);
  assert.deepEqual([registered?.responses, registered?.flags], [{ 200: 2, 201: 1, 202: 1, 404: 1 }, { UF: 1 }]);
});

test('the bytes of a peer are those that its connections had at their end', (context) => {
  const ledger = newLedger(context);
  const peer = { address: '192.0.2.1' };
  const wire = { ...opened({ opened: 0, bytesSent: 100, bytesReceived: 200 }) };
  const end = closed({ peer, metrics: { receivedBytes: 90, sentBytes: 180 } });
  ledger.commit(batch({ observations: [wire, end] }));
  const flow = only(ledger.flows({ from: 0 }));
  assert.deepEqual([flow.bytesSent, flow.bytesReceived], [100, 200]);
  assert.deepEqual(flow.peers, [
    { address: '192.0.2.1', requests: 0, connections: 0, bytesSent: 90, bytesReceived: 180 },
  ]);
});

test('what a gateway passed on is told only to those who ask for it, also after a restart', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  const gateway = workload('egress');
  ledger.commit(
    batch({
      observations: [
        observation({ via: ['default/egress'], requests: 5 }),
        observation({ by: 'relay', source: gateway, requests: 5 }),
        observation({ by: 'gateway', source: gateway, requests: 2 }),
      ],
    }),
  );
  const told = (reader: Ledger, relays: boolean) =>
    reader.flows({ from: tenOClock, relays }).map(({ by, source, requests }) => [by, source.workload, requests]);
  const flows = [
    [undefined, 'echo', 5],
    ['gateway', 'egress', 2],
  ];
  const all = [...flows, ['relay', 'egress', 5]];
  assert.deepEqual([told(ledger, false), told(ledger, true)], [flows, all]);
  ledger.close();
  const again = reopened(context, file);
  assert.deepEqual([told(again, false), told(again, true)], [flows, all]);
});

test('a flow says how much of it went by mTLS, by what is known', (context) => {
  const file = ledgerFile(context);
  const ledger = reopened(context, file);
  const part = (members: Partial<Observation>, host: string) => {
    const destination = { kind: 'service', host, port: 80 } as const;
    return observation({ destination, ...members });
  };
  const failed = { code: 503, flags: 'UF', grpcStatus: '' };
  ledger.commit(
    batch({
      observations: [
        part({ mtls: true, requests: 3 }, 'mixed'),
        part({ mtls: false, requests: 2 }, 'mixed'),
        part({ outcome: failed, requests: 7 }, 'mixed'),
        part({ mtls: true, protocol: 'tcp', requests: 0, opened: 4, closed: 4 }, 'all'),
        part({ mtls: false }, 'none'),
        part({ outcome: failed }, 'unreached'),
      ],
    }),
  );
  ledger.close();
  const told = reopened(context, file)
    .flows({ from: tenOClock })
    .map(({ destination: { host }, mtls, withMtls, withoutMtls }) => [host, mtls, withMtls, withoutMtls]);
  assert.deepEqual(told, [
    ['all', true, 4, 0],
    ['mixed', false, 3, 2],
    ['none', false, 0, 1],
    ['unreached', undefined, undefined, undefined],
  ]);
});
