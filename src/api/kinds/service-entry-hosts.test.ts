// Mistakes in the hosts and addresses of a ServiceEntry, each with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auto, decode, dns, dynamic, findings, http, none, type Spec, tcp } from './service-entry.fixture.ts';

const noAddress =
  'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled';
const nameDecides = 'resolution NONE without addresses: the host name decides and is resolved here';

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['no hosts', { ...dns, hosts: [] }, ['!SP0108 spec.hosts: service entry must have at least one host']],
  [
    '257 hosts',
    { ...dns, hosts: Array.from({ length: 257 }, (_, index) => `h${index}.example`) },
    ['!SP0108 spec.hosts: has more than 256 entries'],
  ],
  ['host *', { ...dns, hosts: ['*'] }, ['!SP0302 spec.hosts[0]: invalid host *']],
  ['*foo.com', { ...dns, hosts: ['*foo.com'] }, ["!SP0303 spec.hosts[0]: host '*foo.com' has a partial wildcard"]],
  ['a.*.com', { ...dns, hosts: ['a.*.com'] }, ["!SP0303 spec.hosts[0]: host 'a.*.com' has a partial wildcard"]],
  ['exam*', { ...dns, hosts: ['exam*'] }, ["!SP0303 spec.hosts[0]: host 'exam*' has a partial wildcard"]],
  ['*.com', { ...dynamic, hosts: ['*.com'] }, ['?SP0304 spec.hosts[0]: *.com allows every name under a public suffix']],
  [
    '*.co.uk',
    { ...dynamic, hosts: ['*.co.uk'] },
    ['?SP0304 spec.hosts[0]: *.co.uk allows every name under a public suffix'],
  ],
  [
    'a URL as host',
    { ...dns, hosts: ['http://a.example'] },
    ["!SP0301 spec.hosts[0]: host 'http://a.example' is not a DNS name"],
  ],
  [
    'an address as host',
    { ...dns, hosts: ['192.0.2.1'] },
    ['!SP0305 spec.hosts[0]: host 192.0.2.1 is an address, not a name'],
  ],
  [
    'an IPv6 address as host',
    { ...dns, hosts: ['2001:db8::1'] },
    ['!SP0305 spec.hosts[0]: host 2001:db8::1 is an address, not a name'],
  ],
  [
    'a host twice',
    { ...dns, hosts: ['a.example', 'A.example.'] },
    ['?SP0306 spec.hosts[1]: host a.example is named twice'],
  ],
  [
    'an address that is none',
    { ...none, addresses: ['a.example', '192.0.2.0/33'] },
    [
      '!SP0307 spec.addresses[0]: a.example is not a valid IP address',
      '!SP0307 spec.addresses[1]: 192.0.2.0/33 is not a valid CIDR block',
    ],
  ],
  [
    'a range with DNS',
    { ...dns, addresses: ['192.0.2.0/24'] },
    ['!SP0308 spec.addresses[0]: CIDR addresses are allowed only for NONE/STATIC resolution types'],
  ],
  [
    'TCP to everywhere',
    { ...none, addresses: ['0.0.0.0/0'], ports: [tcp] },
    ['!SP0309 spec.addresses[0]: a TCP port for 0.0.0.0/0 opens it to every address'],
  ],
  [
    'TCP to everywhere by IPv6',
    { ...none, addresses: ['::/0'], ports: [tcp] },
    ['!SP0309 spec.addresses[0]: a TCP port for ::/0 opens it to every address'],
  ],
  [
    'undeclared protocol to everywhere',
    { ...none, addresses: ['0.0.0.0/0'], ports: [auto] },
    ['!SP0309 spec.addresses[0]: a TCP port for 0.0.0.0/0 opens it to every address'],
  ],
  [
    'TCP to half of everywhere',
    { ...none, addresses: ['128.0.0.0/1'], ports: [tcp] },
    ['!SP0309 spec.addresses[0]: a TCP port for 128.0.0.0/1 opens it to far too many addresses'],
  ],
  [
    'TCP of a wildcard without addresses, which is given none',
    { ...dns, hosts: ['*.a.example'], endpoints: [{ address: 'b.example' }], ports: [tcp] },
    [`?SP0310 spec.ports[0]: ${noAddress}`],
  ],
  [
    'no protocol and no addresses, of a wildcard',
    { ...dns, hosts: ['*.a.example'], endpoints: [{ address: 'b.example' }], ports: [auto] },
    [`?SP0310 spec.ports[0]: ${noAddress}`],
  ],
  ['NONE without addresses', { ...none, addresses: [] }, [`?SP0311 spec.resolution: ${nameDecides}`]],
  [
    'no resolution and no addresses',
    { hosts: ['a.example'], ports: [http] },
    [`?SP0311 spec.resolution: ${nameDecides}`],
  ],
  [
    'a wildcard with TCP and NONE',
    { hosts: ['*.a.example'], ports: [tcp] },
    [
      '!SP0312 spec.ports[0]: a TCP port says no host, so a wildcard host cannot be resolved for it',
      `?SP0311 spec.resolution: ${nameDecides}`,
    ],
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
