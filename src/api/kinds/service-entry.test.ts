// What is accepted as a ServiceEntry without a word: the nearest neighbours of all that is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  auto,
  decode,
  dns,
  dynamic,
  findings,
  fixed,
  http,
  https,
  none,
  robin,
  type Spec,
  tcp,
  tls,
} from './service-entry.fixture.ts';
import { type ServiceEntry, serviceEntryKind } from './service-entry.ts';

const accepted: readonly (readonly [string, Spec])[] = [
  ['an HTTP host resolved by DNS', dns],
  ['several HTTP and TLS hosts', { ...dns, hosts: ['a.example', 'b.example'], ports: [http, https] }],
  [
    'every protocol, in any case',
    {
      ...dns,
      ports: ['http', 'Https', 'http2', 'grpc', 'gRPC-Web', 'tls', 'UDP'].map((protocol, index) => ({
        number: index + 1,
        name: `p${index}`,
        protocol,
      })),
    },
  ],
  [
    'ports 1 and 65535',
    {
      ...dns,
      ports: [
        { ...http, number: 1 },
        { ...tls, number: 65535, targetPort: 65535 },
      ],
    },
  ],
  [
    'an address and TCP',
    { ...dns, addresses: ['192.0.2.1'], ports: [tcp, { number: 1, name: 'm', protocol: 'MONGO' }] },
  ],
  ['TCP without addresses, which is given one', { ...dns, ports: [tcp, auto] }],
  ['NONE with a range', { ...none, addresses: ['192.0.2.0/24', '2001:db8::/32'], ports: [tcp, auto] }],
  ['a host mask with DNS', { ...dns, addresses: ['192.0.2.1/32', '2001:db8::1/128'] }],
  ['a wide range for HTTP, which ignores addresses', { ...none, addresses: ['0.0.0.0/0'] }],
  ['a TCP range of /8', { ...none, addresses: ['10.0.0.0/8'], ports: [tcp] }],
  [
    'STATIC with endpoints',
    {
      ...fixed,
      endpoints: [
        {
          address: '192.0.2.1',
          ports: { http: 8080 },
          labels: { a: 'b' },
          locality: 'eu/de',
          weight: 2,
        },
      ],
    },
  ],
  ['STATIC with a socket', { ...fixed, endpoints: [{ address: 'unix:///run/a.sock' }] }],
  ['STATIC with a selector', { ...fixed, endpoints: [], workloadSelector: { labels: { app: 'a' } } }],
  [
    'DNS with endpoints by name and address',
    { ...dns, endpoints: [{ address: 'b.example' }, { address: '192.0.2.1' }] },
  ],
  ['a wildcard with DNS and endpoints', { ...dns, hosts: ['*.a.example'], endpoints: [{ address: 'b.example' }] }],
  ['DNS_ROUND_ROBIN with an endpoint', { ...robin, endpoints: [{ address: 'b.example' }] }],
  [
    'DYNAMIC_DNS',
    {
      ...dynamic,
      ports: [http, tls, { number: 1, name: 'g', protocol: 'grpc' }, { number: 2, name: 'h2', protocol: 'HTTP2' }],
    },
  ],
  ['a wildcard with NONE and addresses', { ...none, hosts: ['*.a.example'], ports: [tcp] }],
  ['an address as host, with addresses', { ...none, hosts: ['192.0.2.1'] }],
  ['several hosts on a TCP port with NONE', { ...none, hosts: ['a.example', 'b.example'], ports: [tcp] }],
  ['exportTo here', { ...dns, exportTo: ['.'] }],
  ['exportTo everywhere', { ...dns, exportTo: ['*'] }],
  ['exportTo nowhere', { ...dns, exportTo: ['~'] }],
  ['exportTo namespaces', { ...dns, exportTo: ['.', 'other', 'third'] }],
  ['subject names', { ...dns, subjectAltNames: ['a.example', 'spiffe://x/y'], location: 'MESH_INTERNAL' }],
];

for (const [what, spec] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(findings(spec), []));
}

test('the annotation gives resolution NONE back to the caller, and takes no other word', () => {
  const name = 'egress.sallyport.dev/original-destination';
  const wildcard = { hosts: ['*.a.example'], ports: [https], resolution: 'NONE' };
  assert.deepEqual(findings(wildcard, { [name]: 'trust' }), []);
  assert.deepEqual(findings(dns, { [name]: 'yes' }), [`!SP0335 metadata.annotations["${name}"]: unknown value 'yes'`]);
});

test('defaults are those of Istio, and what is written stays', () => {
  const entry = serviceEntryKind.schema.parse(decode(none).object);
  const minimal: ServiceEntry = { ...entry, spec: { hosts: ['a.example'], exportTo: [] } };
  const { location, resolution, exportTo } = serviceEntryKind.withDefaults(minimal).spec;
  assert.deepEqual([location, resolution, exportTo], ['MESH_EXTERNAL', 'NONE', ['*']]);
  const written: ServiceEntry = {
    ...entry,
    spec: { hosts: ['a.example'], location: 'MESH_INTERNAL', exportTo: ['.'] },
  };
  const kept = serviceEntryKind.withDefaults(written).spec;
  assert.deepEqual([kept.location, kept.exportTo], ['MESH_INTERNAL', ['.']]);
  assert.deepEqual(
    serviceEntryKind.columns.map(({ title }) => title),
    ['HOSTS', 'LOCATION', 'RESOLUTION', 'EXPIRES'],
  );
  assert.deepEqual(
    serviceEntryKind.columns.map((column) => column.value(written)),
    ['["a.example"]', 'MESH_INTERNAL', '', ''],
  );
});
