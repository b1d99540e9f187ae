// EgressPolicies as people write them: what is refused, with place and mend, and what is filled in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { egressPolicyKind } from './egress-policy.ts';
import { decodeKind, findingsOf, type Spec } from './networking.fixture.ts';

const hosts = ['api.test'];
const http = [{ number: 8080, protocol: 'HTTP' }];

for (const [title, spec, expected] of [
  ['a host', {}, []],
  [
    'everything',
    {
      from: [{ selector: { matchLabels: { app: 'pay' } }, serviceAccounts: ['pay'], namespaces: ['shop'] }],
      ports: http,
      methods: ['GET'],
      paths: ['/v1/*', '/health', '*'],
      gateway: 'istio-system/egress',
      tls: { mode: 'SIMPLE' },
      mode: 'report',
      expires: '2027-01-31T00:00:00+01:00',
    },
    [],
  ],
  ['no host', { hosts: [] }, ['!SP0108 spec.hosts: an EgressPolicy must have at least one host']],
  ['an address', { hosts: ['192.0.2.1'] }, ['!SP0305 spec.hosts[0]: host 192.0.2.1 is an address, not a name']],
  [
    'what chooses nobody',
    { from: [{}, { selector: {} }, { selector: { matchLabels: {} } }, { serviceAccounts: [] }, { namespaces: [] }] },
    [
      '!SP1901 spec.from[0]: an empty source chooses no workload',
      '!SP1901 spec.from[1].selector: a selector without labels chooses no workload',
      '!SP1901 spec.from[2].selector: a selector without labels chooses no workload',
      '!SP1901 spec.from[3].serviceAccounts: empty serviceAccounts choose no workload',
      '!SP1901 spec.from[4].namespaces: empty namespaces choose no workload',
    ],
  ],
  ['an empty from', { from: [] }, ['!SP1901 spec.from: an empty `from` chooses no workload']],
  [
    'patterns in place of names',
    { from: [{ serviceAccounts: ['*'] }] },
    ['!SP1902 spec.from[0].serviceAccounts[0]: * is not a name'],
  ],
  [
    'workloads of others',
    { from: [{ namespaces: ['other'] }] },
    ['!SP1903 spec.from[0].namespaces: a policy of shop does not choose workloads of other namespaces'],
  ],
  [
    'ports that say too little',
    { ports: [{ number: 443 }, { number: 8443 }, { number: 443 }, { number: 53, protocol: 'UDP' }] },
    ['!SP0315 spec.ports[3].protocol: unsupported protocol: UDP'],
  ],
  [
    'a port without protocol, and one twice',
    { ports: [{ number: 443 }, { number: 8443 }, { number: 443 }] },
    [
      '!SP1904 spec.ports[1]: port 8443 does not say what it speaks',
      '!SP0313 spec.ports[2].number: port 443 is named twice',
    ],
  ],
  [
    'a wildcard that nothing names',
    { hosts: ['*.db.test'], ports: [{ number: 5432, protocol: 'TCP' }] },
    ['!SP0312 spec.ports[0].protocol: nothing in TCP names the host, so a wildcard cannot be told from others'],
  ],
  [
    'methods inside TLS',
    { methods: ['GET'], ports: [{ number: 443 }] },
    ['!SP1906 spec.methods: methods cannot be seen on port 443'],
  ],
  [
    'methods and paths that are none',
    { methods: ['get'], paths: ['v1', '/a*b', '/?q'] },
    [
      '!SP1905 spec.methods[0]: get is not a method',
      '!SP1905 spec.paths[0]: v1 is not a path',
      '!SP1905 spec.paths[1]: /a*b is not a path',
      '!SP1905 spec.paths[2]: /?q is not a path',
    ],
  ],
  [
    'no methods at all',
    { methods: [], paths: [] },
    ['!SP1905 spec.methods: empty methods allow nothing', '!SP1905 spec.paths: empty paths allow nothing'],
  ],
  [
    'ports that a gateway cannot tell apart',
    {
      gateway: 'egress',
      ports: [
        { number: 80 },
        { number: 443 },
        { number: 8080, protocol: 'GRPC' },
        { number: 8443, protocol: 'HTTPS' },
        { number: 5432, protocol: 'TCP' },
      ],
    },
    [
      '!SP1911 spec.ports[2]: HTTP on port 8080 is not told from port 80 at the gateway',
      '!SP1911 spec.ports[3]: TLS on port 8443 is not told from port 443 at the gateway',
      '!SP1911 spec.ports[4]: TCP on port 5432 names no host, so that a gateway cannot tell where it goes',
    ],
  ],
  ['a gateway that is none', { gateway: 'a/b/c' }, ['!SP1907 spec.gateway: a/b/c is not a name of a gateway']],
  [
    'TLS in a mode of the mesh',
    { tls: { mode: 'ISTIO_MUTUAL' } },
    ['!SP1908 spec.tls.mode: TLS is originated in mode SIMPLE or MUTUAL'],
  ],
  [
    'TLS around TLS',
    { tls: { mode: 'SIMPLE' }, ports: [{ number: 443 }] },
    ['!SP1908 spec.tls: programs speak TLS themselves on port 443'],
  ],
  ['a time that is none', { expires: 'tomorrow' }, ['!SP1909 spec.expires: tomorrow is not a time']],
] satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(`an EgressPolicy with ${title}`, () => {
    assert.deepEqual(findingsOf('EgressPolicy', { hosts, ...spec }), expected);
  });
}

for (const [title, spec, ports] of [
  ['none', {}, ['80 HTTP', '443 TLS']],
  ['none where TLS is originated', { tls: { mode: 'SIMPLE' } }, ['80 HTTP']],
  ['none where methods are judged', { methods: ['GET'] }, ['80 HTTP']],
  ['one by its number', { ports: [{ number: 443 }] }, ['443 TLS']],
] satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(`ports of an EgressPolicy that names ${title}`, () => {
    const { object } = decodeKind('EgressPolicy', { hosts, ...spec });
    assert.ok(object !== undefined);
    const filled = egressPolicyKind.withDefaults(egressPolicyKind.schema.parse(object));
    assert.deepEqual(
      filled.spec.ports?.map(({ number, protocol }) => `${number} ${protocol}`),
      ports,
    );
    assert.equal(filled.spec.mode, 'enforce');
  });
}
