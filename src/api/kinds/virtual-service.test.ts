// What is accepted as a VirtualService without a word: the nearest neighbours of all that is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeKind, type Spec } from './networking.fixture.ts';
import { findings, http, matching, rule, tcp, tls, to } from './virtual-service.fixture.ts';
import { type VirtualService, virtualServiceKind } from './virtual-service.ts';

const everything = {
  name: 'm',
  uri: { prefix: '/api' },
  ignoreUriCase: true,
  scheme: { exact: 'https' },
  method: { regex: 'GET|POST' },
  authority: { exact: 'a.example' },
  headers: { 'x-a': { exact: '' }, 'x-b': {}, ':path': { prefix: '/' }, cookie: { regex: '^(.*;)?user=a(;.*)?$' } },
  withoutHeaders: { 'x-c': { regex: '.*' } },
  queryParams: { q: { exact: '1' }, other: {} },
  port: 80,
  gateways: ['mesh'],
  sourceLabels: { app: 'a' },
  sourceNamespace: 'shop',
};

const accepted: readonly (readonly [string, Spec])[] = [
  ['one rule', http(rule)],
  ['a wildcard and a short name', { ...http(rule), hosts: ['*.a.example', 'reviews', 'Xn--Bcher-kva.example.'] }],
  ['a host that is an address', { ...http(rule), hosts: ['192.0.2.1', '2001:db8::1'] }],
  ['every host at a gateway', { ...http(rule), hosts: ['*'], gateways: ['egress'] }],
  ['gateways of all forms', { ...http(rule), gateways: ['mesh', 'a', 'ns/b', 'a.istio-system'] }],
  ['every condition', matching(everything)],
  ['an empty condition', matching({})],
  ['weights', http({ route: [to('a.example', { weight: 0 }), to('b.example', { weight: 1 })] })],
  ['the weight that Istio writes for one', http({ route: [to('a.example', { weight: 100 })] })],
  [
    'a destination with all fields',
    http({ route: [{ destination: { host: '*.a.example', subset: 'v1', port: { number: 443 } } }] }),
  ],
  [
    'headers',
    http({
      ...rule,
      headers: {
        request: { set: { Host: 'b.example', 'x-a': '50%%' }, add: { 'x-b': '%HOSTNAME%' }, remove: ['x-c'] },
        response: { set: { 'x-d': 'é' }, add: { 'set-cookie': 'a=b' }, remove: ['server'] },
      },
    }),
  ],
  [
    'headers of a destination',
    http({ route: [to('a.example', { headers: { request: { set: { ':authority': 'b' } } } })] }),
  ],
  ['a redirect', http({ redirect: { uri: '/x', authority: 'b.example:8443', scheme: 'https', redirectCode: 308 } })],
  ['a redirect to a port', http({ redirect: { port: 8443 } })],
  ['a redirect to the port asked for', http({ redirect: { derivePort: 'FROM_REQUEST_PORT' } })],
  ['an answer', http({ directResponse: { status: 404, body: { string: 'no' } } })],
  ['an answer of bytes', http({ directResponse: { status: 200, body: { bytes: 'bm8=' } } })],
  ['a rewrite', http({ ...rule, rewrite: { uri: '/x', authority: 'b.example' } })],
  [
    'a rewrite by expression',
    http({ ...rule, rewrite: { uriRegexRewrite: { match: '^/a/(.*)$', rewrite: '/b/\\1' } } }),
  ],
  ['a time-out', http({ ...rule, timeout: '1.5s' })],
  ['retries', http({ ...rule, retries: { attempts: 3, perTryTimeout: '100ms', retryOn: '5xx, connect-failure,503' } })],
  ['no retries', http({ ...rule, retries: { attempts: 0 } })],
  [
    'faults',
    http({
      ...rule,
      fault: {
        abort: { httpStatus: 418, percentage: { value: 0.1 } },
        delay: { fixedDelay: '5s', percentage: { value: 100 } },
      },
    }),
  ],
  ['a gRPC fault', http({ ...rule, fault: { abort: { grpcStatus: 'UNAVAILABLE', percentage: { value: 1 } } } })],
  [
    'a fault of an answer',
    http({ directResponse: { status: 200 }, fault: { delay: { fixedDelay: '1s', percentage: {} } } }),
  ],
  ['the catch-all last', http({ match: [{ uri: { prefix: '/a' } }], ...rule }, rule)],
  [
    'the seed: to the egress gateway and on from it',
    {
      hosts: ['httpbin.org'],
      gateways: ['egress', 'mesh'],
      http: [
        { match: [{ gateways: ['mesh'], port: 80 }], route: [to('egress.default.svc.cluster.local')] },
        { match: [{ gateways: ['shop/egress'], port: 80 }], route: [to('httpbin.org')] },
      ],
    },
  ],
  ['TLS', tls({ sniHosts: ['a.example', '*.b.example', 'X.b.example'], port: 443, sourceLabels: {} })],
  ['TCP', tcp({ match: [{ port: 27017, gateways: ['mesh'], sourceNamespace: 'a' }] })],
  ['TCP without conditions', tcp({})],
  ['exportTo', { ...http(rule), exportTo: ['.', 'other'] }],
];

for (const [what, spec] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(findings(spec), []));
}

test('what is written comes out as it was, whatever the names of parameters', () => {
  const queryParams: Spec = JSON.parse('{"__proto__": {"exact": "1"}, "a": {}}');
  const spec = matching({ headers: { 'x-a': {} }, queryParams });
  const { object } = decodeKind('VirtualService', spec);
  assert.ok(object !== undefined && 'spec' in object);
  assert.equal(JSON.stringify(object.spec), JSON.stringify(spec));
});

test('defaults are those of Istio, and what is written stays', () => {
  const metadata = { name: 'a', namespace: 'shop' };
  const head = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata };
  const minimal: VirtualService = { ...head, spec: { hosts: ['a.example'], gateways: [], exportTo: [] } };
  const filled = virtualServiceKind.withDefaults(minimal).spec;
  assert.deepEqual([filled.gateways, filled.exportTo], [['mesh'], ['*']]);
  const written: VirtualService = { ...head, spec: { hosts: ['a.example'], gateways: ['egress'], exportTo: ['.'] } };
  assert.deepEqual(virtualServiceKind.withDefaults(written), written);
  const row = (service: VirtualService) =>
    virtualServiceKind.columns.map((column) => `${column.title} ${column.value(service)}`);
  assert.deepEqual(row(written), ['GATEWAYS ["egress"]', 'HOSTS ["a.example"]']);
  assert.deepEqual(row({ ...head, spec: {} }), ['GATEWAYS ', 'HOSTS ']);
});
