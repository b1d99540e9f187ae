// WorkloadEntry, and what stands by hand behind Services: what is taken, what is not, and how it is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../decode.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';
import { findings as entryFindings, fixed } from './service-entry.fixture.ts';
import { workloadEntryKind } from './workload-entry.ts';

const notActedOn = (field: string) => `?SP0111 spec.${field}: ${field} is accepted, but not acted on yet`;
const noAddress = (address: string) =>
  `!SP1302 spec.address: endpoint address "${address}" is not a valid FQDN or an IP address`;

const cases: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['an address', { address: '192.0.2.1', labels: { app: 'a' }, ports: { http: 8080 }, weight: 0, locality: 'eu' }, []],
  ['an IPv6 address', { address: '2001:db8::1' }, []],
  ['a name', { address: 'vm.example' }, []],
  ['a socket', { address: 'unix:///run/a.sock' }, []],
  ['no address', {}, ['!SP1301 spec.address: address is required']],
  ['an empty address', { address: '' }, ['!SP1301 spec.address: address is required']],
  [
    'a network in its place',
    { network: 'n' },
    ['?SP1301 spec.address: a workload without address is reached by nobody', notActedOn('network')],
  ],
  ['a service account', { address: '192.0.2.1', serviceAccount: 'a' }, [notActedOn('serviceAccount')]],
  ['a range', { address: '192.0.2.0/24' }, [noAddress('192.0.2.0/24')]],
  ['a wildcard', { address: '*.example' }, [noAddress('*.example')]],
  ['a name with a port', { address: 'vm.example:80' }, [noAddress('vm.example:80')]],
  ['a relative socket', { address: 'unix://a' }, ['!SP1302 spec.address: unix address "unix://a" must be absolute']],
  [
    'a socket with ports',
    { address: 'unix:///a', ports: { http: 80 } },
    ['!SP1303 spec.ports: unix addresses must not include ports'],
  ],
  [
    'a port that is no name',
    { address: '192.0.2.1', ports: { 'a.b': 80 } },
    ['!SP0314 spec.ports["a.b"]: invalid port name: a.b'],
  ],
  [
    'a port out of range',
    { address: '192.0.2.1', ports: { http: 0 } },
    ['!SP0108 spec.ports.http: port number 0 must be in the range 1..65535'],
  ],
];

for (const [what, spec, expected] of cases) {
  test(`a WorkloadEntry with ${what}`, () => assert.deepEqual(findingsOf('WorkloadEntry', spec), expected));
}

test('every version is taken and the address is shown', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
    const { object } = decodeObject({
      apiVersion: `networking.istio.io/${version}`,
      kind: 'WorkloadEntry',
      metadata: { name: 'a' },
      spec: { address: '192.0.2.1' },
    });
    assert.equal(object?.apiVersion, 'networking.istio.io/v1');
    const entry = workloadEntryKind.schema.parse(object);
    assert.deepEqual(
      workloadEntryKind.columns.map(({ title, value }) => [title, value(entry)]),
      [['ADDRESS', '192.0.2.1']],
    );
  }
});

test('endpoints of a ServiceEntry say that their network and account are not acted on', () => {
  const endpoints = [{ address: '192.0.2.1', network: 'n', serviceAccount: 's' }];
  assert.deepEqual(entryFindings({ ...fixed, endpoints }), [
    '?SP0111 spec.endpoints[0].network: network is accepted, but not acted on yet',
    '?SP0111 spec.endpoints[0].serviceAccount: serviceAccount is accepted, but not acted on yet',
  ]);
});

function codes(object: object): readonly string[] {
  const { diagnostics } = decodeObject({ metadata: { name: 'a' }, ...object });
  return diagnostics.map(({ code, path }) => `${code} ${path}`);
}

test('addresses behind a Service are those of servers', () => {
  const endpoints = (ip: string) => ({ apiVersion: 'v1', kind: 'Endpoints', subsets: [{ addresses: [{ ip }] }] });
  assert.deepEqual(codes(endpoints('10.0.0.1')), []);
  const refused = ['127.0.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0', '::1', 'fe80::1', '::ffff:127.0.0.1', 'a.b'];
  for (const ip of [...refused, '10.0.0.0/8']) {
    assert.deepEqual(codes(endpoints(ip)), ['SP0505 subsets[0].addresses[0].ip'], ip);
  }
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a', labels: { 'kubernetes.io/service-name': 'a' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ name: 'http', port: 80 }],
  };
  assert.deepEqual(codes(slice), []);
  assert.deepEqual(codes({ ...slice, endpoints: [{ addresses: ['127.0.0.1'] }] }), [
    'SP0505 endpoints[0].addresses[0]',
  ]);
  for (const [addressType, address] of [
    ['IPv4', '2001:db8::1'],
    ['IPv6', '192.0.2.1'],
  ]) {
    const other = { ...slice, addressType, endpoints: [{ addresses: [address] }] };
    assert.deepEqual(codes(other), ['SP0505 endpoints[0].addresses[0]']);
  }
  for (const labels of [{}, { 'kubernetes.io/service-name': '' }])
    assert.deepEqual(codes({ ...slice, metadata: { name: 'a', labels } }), [
      'SP0506 metadata.labels["kubernetes.io/service-name"]',
    ]);
  assert.deepEqual(codes({ ...slice, addressType: 'FQDN', endpoints: [] }), ['SP0111 addressType']);
});

test('an ExternalName needs a name', () => {
  const external = (externalName?: string) =>
    codes({ apiVersion: 'v1', kind: 'Service', spec: { type: 'ExternalName', ...(externalName && { externalName }) } });
  assert.deepEqual(external('httpbin.org'), []);
  for (const name of [undefined, '*.org', 'a b', 'http://a', '127.0.0.1', '[2001:db8::1]'])
    assert.deepEqual(external(name), ['SP0507 spec.externalName']);
});
