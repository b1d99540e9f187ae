// Mistakes in the ports, endpoints and visibility of a ServiceEntry, each with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
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

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  [
    'a port name twice',
    { ...dns, ports: [http, { ...tls, name: 'http' }] },
    ['!SP0313 spec.ports[1].name: service entry port name "http" already defined'],
  ],
  [
    'a port number twice',
    { ...dns, ports: [http, { ...tls, number: 80 }] },
    ['!SP0313 spec.ports[1].number: service entry port 80 already defined'],
  ],
  [
    'a bad port name',
    { ...dns, ports: [{ ...http, name: 'ht_tp' }] },
    ['!SP0314 spec.ports[0].name: invalid port name: ht_tp'],
  ],
  [
    'a bad protocol',
    { ...dns, ports: [{ ...http, protocol: 'QUIC' }] },
    ['!SP0315 spec.ports[0].protocol: unsupported protocol: QUIC'],
  ],
  [
    'port 0 and 65536',
    { ...dns, ports: [{ ...http, number: 0, targetPort: 65536 }] },
    [
      '!SP0108 spec.ports[0].number: port number 0 must be in the range 1..65535',
      '!SP0108 spec.ports[0].targetPort: port number 65536 must be in the range 1..65535',
    ],
  ],
  ['no ports', { ...dns, ports: [] }, ['?SP0316 spec.ports: service entry has no ports and so allows nothing']],
  [
    'endpoints with NONE',
    { ...none, endpoints: [{ address: '192.0.2.1' }] },
    ['!SP0317 spec.endpoints: no endpoints should be provided for resolution type none'],
  ],
  [
    'endpoints with DYNAMIC_DNS',
    { ...dynamic, endpoints: [{ address: '192.0.2.1' }] },
    ['!SP0317 spec.endpoints: no endpoints should be provided for resolution mode DYNAMIC_DNS'],
  ],
  [
    'a name as STATIC endpoint',
    { ...fixed, endpoints: [{ address: 'b.example' }] },
    ['!SP0318 spec.endpoints[0].address: endpoint address "b.example" is not a valid IP address'],
  ],
  [
    'a relative socket',
    { ...fixed, endpoints: [{ address: 'unix://a.sock' }] },
    ['!SP0318 spec.endpoints[0].address: unix address "unix://a.sock" must be absolute'],
  ],
  [
    'a wildcard as DNS endpoint',
    { ...dns, endpoints: [{ address: '*.example' }] },
    ['!SP0318 spec.endpoints[0].address: endpoint address "*.example" is not a valid FQDN or an IP address'],
  ],
  [
    'an unknown endpoint port',
    { ...fixed, endpoints: [{ address: '192.0.2.1', ports: { other: 1 } }] },
    ['!SP0319 spec.endpoints[0].ports.other: endpoint port other is not defined by the service entry'],
  ],
  [
    'a socket for two ports',
    { ...fixed, ports: [http, tls], endpoints: [{ address: 'unix:///a.sock' }] },
    ['!SP0320 spec.endpoints[0]: exactly 1 service port required for unix endpoints'],
  ],
  [
    'two endpoints with DNS_ROUND_ROBIN',
    { ...robin, endpoints: [{ address: 'b.example' }, { address: 'c.example' }] },
    ['!SP0321 spec.endpoints: there must only be 0 or 1 endpoint for resolution mode DNS_ROUND_ROBIN'],
  ],
  [
    'a wildcard with DNS',
    { ...dns, hosts: ['*.a.example'] },
    ['!SP0322 spec.hosts[0]: hosts must be FQDN if no endpoints are provided for resolution mode DNS'],
  ],
  [
    'a wildcard with DNS_ROUND_ROBIN',
    { ...robin, hosts: ['*.a.example'] },
    ['!SP0322 spec.hosts[0]: hosts must be FQDN if no endpoints are provided for resolution mode DNS_ROUND_ROBIN'],
  ],
  [
    'an exact host with DYNAMIC_DNS',
    { ...dynamic, hosts: ['a.example'] },
    ['!SP0323 spec.hosts[0]: host must be a wildcard for resolution mode DYNAMIC_DNS'],
  ],
  [
    'addresses with DYNAMIC_DNS',
    { ...dynamic, addresses: ['192.0.2.1'] },
    ['!SP0324 spec.addresses: addresses are not allowed for resolution mode DYNAMIC_DNS'],
  ],
  [
    'HTTPS with DYNAMIC_DNS',
    { ...dynamic, ports: [https] },
    [
      '!SP0325 spec.ports[0].protocol: only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution mode DYNAMIC_DNS',
    ],
  ],
  [
    'several hosts, TCP and an address',
    { ...dns, hosts: ['a.example', 'b.example'], ports: [tcp], addresses: ['192.0.2.1'] },
    [
      '?SP0327 spec.hosts: service entry can not have more than one host specified simultaneously with address and tcp port',
      '!SP0326 spec.ports[0]: multiple hosts provided with non-HTTP, non-TLS ports',
    ],
  ],
  [
    'a selector and endpoints',
    { ...fixed, workloadSelector: { labels: { a: 'b' } } },
    ['!SP0328 spec.workloadSelector: only one of WorkloadSelector or Endpoints is allowed in Service Entry'],
  ],
  [
    'a selector without labels',
    { ...fixed, endpoints: [], workloadSelector: {} },
    [
      '?SP0329 spec.workloadSelector: service entry: workload selector specified without labels, will be applied to all services in namespace',
    ],
  ],
  [
    'a selector with NONE',
    { ...none, workloadSelector: { labels: { a: 'b' } } },
    ['?SP0330 spec.workloadSelector: workloadSelector should not be set when resolution mode is NONE'],
  ],
  [
    'a selector with DYNAMIC_DNS',
    { ...dynamic, workloadSelector: { labels: { a: 'b' } } },
    ['?SP0330 spec.workloadSelector: workloadSelector should not be set when resolution mode is DYNAMIC_DNS'],
  ],
  [
    'exportTo a wrong name',
    { ...dns, exportTo: ['a/b'] },
    ["!SP0331 spec.exportTo[0]: exportTo 'a/b' is no namespace"],
  ],
  [
    'exportTo twice',
    { ...dns, exportTo: ['a', 'a'] },
    ['!SP0332 spec.exportTo[1]: duplicate entries in exportTo for entry a'],
  ],
  [
    'exportTo here, twice',
    { ...dns, exportTo: ['.', 'shop'] },
    ['!SP0332 spec.exportTo[1]: duplicate entries in exportTo: . and current namespace'],
  ],
  [
    'exportTo everywhere and here',
    { ...dns, exportTo: ['*', '.'] },
    ['!SP0333 spec.exportTo: cannot have both public (*) and non-public exportTo values for a resource'],
  ],
  [
    'exportTo nowhere and here',
    { ...dns, exportTo: ['~', '.'] },
    ['!SP0333 spec.exportTo: cannot export service entry to no one (~) and someone'],
  ],
  [
    'STATIC without endpoints',
    { ...fixed, endpoints: [] },
    ['?SP0334 spec.resolution: resolution STATIC without endpoints reaches nothing'],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => {
    assert.deepEqual(findings(spec), expected);
    const { object, diagnostics } = decode(spec);
    assert.equal(
      object === undefined,
      expected.some((line) => line.startsWith('!')),
    );
    assert.ok(
      diagnostics.every(({ hint, code }) => hint !== undefined || code === 'SP0108'),
      'every finding has its mend',
    );
  });
}
