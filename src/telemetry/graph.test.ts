import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Flow } from './flow.ts';
import { trafficGraph } from './graph.ts';

const flow: Flow = {
  source: { namespace: 'shop', workload: 'web' },
  destination: { kind: 'external', host: 'api.example.com', port: 443, serviceEntry: 'shop/api' },
  via: [],
  protocol: 'http',
  requests: 10,
  connections: 0,
  responses: { 200: 8, 503: 2 },
  flags: { UF: 2 },
  bytesSent: 100,
  bytesReceived: 1000,
  open: 0,
  peers: [],
  firstSeen: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:00:05.000Z',
};

test('a flow through gateways is a chain, each of its edges with all counts', () => {
  const { nodes, edges } = trafficGraph([{ ...flow, via: ['istio-system/egress', 'edge/out'] }], 20);
  assert.deepEqual(
    nodes.map(({ id, kind }) => [id, kind]),
    [
      ['external/api.example.com', 'external'],
      ['workload/edge/out', 'gateway'],
      ['workload/istio-system/egress', 'gateway'],
      ['workload/shop/web', 'workload'],
    ],
  );
  assert.deepEqual(
    edges.map(({ id, requests, rate, errorShare }) => [id, requests, rate, errorShare]),
    [
      ['workload/edge/out->external/api.example.com:http', 10, 0.5, 0.2],
      ['workload/istio-system/egress->workload/edge/out:http', 10, 0.5, 0.2],
      ['workload/shop/web->workload/istio-system/egress:http', 10, 0.5, 0.2],
    ],
  );
});

test('what is behind a gateway is told by its relays, once, and each to the host it went to', () => {
  const via = ['istio-system/egress'];
  const gateway = { namespace: 'istio-system', workload: 'egress' };
  const to = (host: string, requests: number): Flow => {
    return { ...flow, by: 'relay', source: gateway, destination: { kind: 'external', host, port: 443 }, requests };
  };
  const flows = [
    { ...flow, via },
    { ...flow, via, source: { namespace: 'shop', workload: 'cart' } },
  ];
  const { nodes, edges } = trafficGraph([...flows, to('blue.test', 14), to('green.test', 6)], 1);
  assert.deepEqual(
    edges.map(({ source, target, requests }) => [source, target, requests]),
    [
      ['workload/istio-system/egress', 'external/blue.test', 14],
      ['workload/istio-system/egress', 'external/green.test', 6],
      ['workload/shop/cart', 'workload/istio-system/egress', 10],
      ['workload/shop/web', 'workload/istio-system/egress', 10],
    ],
  );
  assert.equal(nodes.find(({ id }) => id === 'workload/istio-system/egress')?.kind, 'gateway');
});

test('a gateway that is called from elsewhere is one too, and relays may lead to another gateway', () => {
  const ingress = { namespace: 'istio-system', workload: 'ingress' };
  const relay: Flow = { ...flow, by: 'relay', source: ingress, via: ['istio-system/egress'] };
  const { nodes, edges } = trafficGraph([{ ...flow, by: 'gateway', source: ingress }, relay], 1);
  assert.deepEqual(
    edges.map(({ id }) => id),
    [
      'workload/istio-system/egress->external/api.example.com:http',
      'workload/istio-system/ingress->external/api.example.com:http',
      'workload/istio-system/ingress->workload/istio-system/egress:http',
    ],
  );
  assert.deepEqual(
    nodes.filter(({ kind }) => kind === 'gateway').map(({ name }) => name),
    ['egress', 'ingress'],
  );
});

test('ports of a host share its node and its edge; a host that was blocked and then registered is two nodes', () => {
  const blocked = { kind: 'blocked', host: 'api.example.com', port: 80 } as const;
  const other = { ...flow.destination, port: 8443, serviceEntry: 'other/api' };
  const { nodes, edges } = trafficGraph([{ ...flow, destination: other }, flow, { ...flow, destination: blocked }], 1);
  assert.deepEqual(
    nodes.map(({ id, serviceEntries }) => [id, serviceEntries]),
    [
      ['blocked/api.example.com', []],
      ['external/api.example.com', ['other/api', 'shop/api']],
      ['workload/shop/web', []],
    ],
  );
  assert.deepEqual(
    edges.map(({ target, ports, requests, errors, responses }) => [target, ports, requests, errors, responses]),
    [
      ['blocked/api.example.com', [80], 10, 10, { 200: 8, 503: 2 }],
      ['external/api.example.com', [443, 8443], 20, 4, { 200: 16, 503: 4 }],
    ],
  );
});

test('connections that reached nobody are errors', () => {
  const tls: Flow = { ...flow, protocol: 'tls', requests: 0, connections: 4, responses: {}, flags: { 'UF,URX': 1 } };
  assert.equal(trafficGraph([tls], 1).edges[0]?.errorShare, 0.25);
});

const word = fc.constantFrom('a', 'b', '__proto__', 'x/y');
const count = fc.nat(1000);
const anyFlow: fc.Arbitrary<Flow> = fc.record({
  source: fc.record({ namespace: fc.constantFrom('shop', 'other'), workload: fc.constantFrom('web', 'db') }),
  destination: fc.record({
    kind: fc.constantFrom('service', 'external', 'passthrough', 'blocked'),
    host: word,
    port: fc.constantFrom(0, 80, 443),
  }),
  via: fc.array(fc.constantFrom('gw/one', 'gw/two', 'shop/web'), { maxLength: 2 }),
  protocol: fc.constantFrom('http', 'grpc', 'tls', 'tcp'),
  requests: count,
  connections: count,
  responses: fc.dictionary(fc.constantFrom('200', '502', '__proto__'), count),
  flags: fc.dictionary(fc.constantFrom('UF', 'DC', 'UF,URX'), count),
  bytesSent: count,
  bytesReceived: count,
  open: count,
  peers: fc.constant([]),
  firstSeen: fc.constant(flow.firstSeen),
  lastSeen: fc.constant(flow.lastSeen),
});

test('edges that end at destinations add up to the flows, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(anyFlow, { maxLength: 20 }), fc.integer({ min: 1, max: 1000 }), (flows, seconds) => {
      const graph = trafficGraph(flows, seconds);
      assert.deepEqual(trafficGraph(flows.toReversed(), seconds), graph);
      const kindOf = new Map(graph.nodes.map(({ id, kind }) => [id, kind]));
      for (const { source, target, errorShare } of graph.edges) {
        assert.ok(kindOf.has(source) && kindOf.has(target));
        assert.ok(errorShare >= 0 && errorShare <= 1);
      }
      const last = graph.edges.filter(({ target }) => !target.startsWith('workload/'));
      for (const field of ['requests', 'connections', 'bytesSent', 'bytesReceived', 'open'] as const) {
        assert.equal(sum(last.map((edge) => edge[field])), sum(flows.map((one) => one[field])), field);
      }
      const codes = (all: readonly Pick<Flow, 'responses'>[]) =>
        sum(all.flatMap((one) => Object.values(one.responses)));
      assert.equal(codes(last), codes(flows));
      const rate = sum(last.map((edge) => edge.rate));
      assert.ok(Math.abs(rate - sum(flows.map((one) => one.requests + one.connections)) / seconds) < 1e-6);
    }),
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

test('an edge says how much of it went by mTLS, which a flow knows of its first way alone', () => {
  const via = ['istio-system/egress'];
  const { edges } = trafficGraph(
    [
      { ...flow, via, mtls: true, withMtls: 10, withoutMtls: 0 },
      {
        ...flow,
        via,
        protocol: 'http',
        destination: { ...flow.destination, port: 80 },
        mtls: false,
        withMtls: 1,
        withoutMtls: 4,
      },
    ],
    1,
  );
  assert.deepEqual(
    edges.map(({ target, mtls, withMtls, withoutMtls }) => [target, mtls, withMtls, withoutMtls]),
    [
      ['external/api.example.com', undefined, undefined, undefined],
      ['workload/istio-system/egress', false, 11, 4],
    ],
  );
});
