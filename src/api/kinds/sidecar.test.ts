// Sidecars as people write them: what is refused, with place and mend, and what is accepted without effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withinASecond } from '../testing/work.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';

const all = [{ hosts: ['*/*'] }];

for (const [title, spec, expected] of [
  ['everything', { egress: all }, []],
  [
    'hosts in every form',
    { egress: [{ hosts: ['./*', 'shop/a.example.com', '*/*.example.org', '~shop/b.example.org'] }] },
    [],
  ],
  ['nothing at all', { egress: [{ hosts: ['~/*'] }] }, []],
  ['policies', { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } }, []],
  ['an egress proxy', policy({ mode: 'ALLOW_ANY', egressProxy: { host: 'p.example.com', port: { number: 1 } } }), []],
  ['an empty spec', {}, ['!SP1201 spec: sidecar: empty configuration provided']],
  [
    'a listener without hosts',
    { egress: [{}] },
    ['!SP1202 spec.egress[0].hosts: sidecar: egress listener must contain at least one host'],
  ],
  [
    'hosts in wrong forms',
    { egress: [{ hosts: ['a.example.com', '/a.example.com', './', 'No_Name/*', './reviews', './*a.example.com'] }] },
    [
      '!SP1203 spec.egress[0].hosts[0]: host must be of form namespace/dnsName',
      '!SP1203 spec.egress[0].hosts[1]: config namespace and dnsName in host entry cannot be empty',
      '!SP1203 spec.egress[0].hosts[2]: config namespace and dnsName in host entry cannot be empty',
      '!SP1203 spec.egress[0].hosts[3]: invalid namespace value "No_Name" in sidecar',
      '!SP1203 spec.egress[0].hosts[4]: short names (non FQDN) are not allowed',
      "!SP0303 spec.egress[0].hosts[5]: host '*a.example.com' has a partial wildcard",
    ],
  ],
  [
    'hosts that others cover',
    { egress: [{ hosts: ['./*', './a.example.com', 'b/c.example.com', 'b/c.example.com'] }] },
    [
      '?SP1204 spec.egress[0].hosts[1]: duplicated egress host: ./a.example.com',
      '?SP1204 spec.egress[0].hosts[3]: duplicated egress host: b/c.example.com',
    ],
  ],
  [
    'all beside others',
    { egress: [{ hosts: ['./*', '*/*'] }] },
    ['?SP1204 spec.egress[0].hosts[1]: `*/*` host select all resources, no other hosts can be added'],
  ],
  [
    'a listener for all ports that is not the last',
    { egress: [...all, ...all] },
    ['!SP1205 spec.egress[0]: sidecar: the egress listener with empty port should be the last listener in the list'],
  ],
  [
    'two listeners of one port',
    { egress: [port({ number: 80 }), port({ number: 80 })] },
    ['!SP1206 spec.egress[1].port: sidecar: ports on IP bound listeners must be unique'],
  ],
  [
    'ports that are none',
    {
      egress: [
        port({ number: 80, protocol: 'HTTP' }),
        port({ number: 81, protocol: 'QUIC' }),
        port({ number: 82, targetPort: 8080 }),
        port({ protocol: 'HTTP' }),
        { ...port({ number: 83 }), bind: 'here' },
      ],
    },
    [
      '?SP1207 spec.egress[0].port.protocol: the protocol of an egress port has no effect: that of the service counts',
      '!SP0315 spec.egress[1].port.protocol: unsupported protocol: QUIC',
      '!SP1208 spec.egress[2].port.targetPort: targetPort has no impact on Sidecars',
      '!SP1208 spec.egress[3].port.number: sidecar: ports with 0 value must have a unix domain socket bind address',
      '!SP1208 spec.egress[4].bind: here is not a valid IP',
      '?SP0111 spec.egress[4].bind: bind is accepted, but not acted on yet',
    ],
  ],
  [
    'what is not acted on',
    {
      ingress: [{ port: { number: 80, protocol: 'HTTP', name: 'http' }, defaultEndpoint: '127.0.0.1:8080' }],
      inboundConnectionPool: { tcp: { maxConnections: 1 } },
      egress: [{ hosts: ['./*'], captureMode: 'NONE', bind: '127.0.0.1' }],
    },
    [
      '?SP0111 spec.ingress: ingress is accepted, but not acted on yet',
      '?SP0111 spec.inboundConnectionPool: inboundConnectionPool is accepted, but not acted on yet',
      '?SP0111 spec.egress[0].bind: bind is accepted, but not acted on yet',
      '?SP0111 spec.egress[0].captureMode: captureMode NONE is accepted, but not acted on yet',
    ],
  ],
  [
    'an ingress listener without port',
    { ingress: [{}] },
    [
      '!SP1208 spec.ingress[0]: sidecar: port is required for ingress listeners',
      '?SP0111 spec.ingress: ingress is accepted, but not acted on yet',
    ],
  ],
  [
    'a selector without labels',
    { workloadSelector: {}, egress: all },
    [
      '?SP1210 spec.workloadSelector: sidecar: workload selector specified without labels, will be applied to all services in namespace',
    ],
  ],
  [
    'a policy without mode',
    policy({}),
    ['?SP1209 spec.outboundTrafficPolicy: a policy without mode means REGISTRY_ONLY, whatever the mesh allows'],
  ],
  [
    'an egress proxy of a closed policy, by a short name, without port',
    policy({ egressProxy: { host: 'proxy' } }),
    [
      '?SP1209 spec.outboundTrafficPolicy: a policy without mode means REGISTRY_ONLY, whatever the mesh allows',
      '!SP1211 spec.outboundTrafficPolicy.egressProxy: sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode',
      '!SP1211 spec.outboundTrafficPolicy.egressProxy.host: the host of an egress proxy must be a full name',
      '!SP1211 spec.outboundTrafficPolicy.egressProxy.port: sidecar: egress_proxy port must be non-nil',
    ],
  ],
  ...['*.example.com', '192.0.2.1', '2001:db8::1'].map((host): readonly [string, Spec, readonly string[]] => [
    `an egress proxy at ${host}`,
    policy({ mode: 'ALLOW_ANY', egressProxy: { host, port: { number: 80 } } }),
    ['!SP1211 spec.outboundTrafficPolicy.egressProxy.host: the host of an egress proxy must be a full name'],
  ]),
  [
    'an unknown field, and a mode of the mesh’s',
    { ...policy({ mode: 'ALLOW_ANY_DYNAMIC_DNS' }), egres: [] },
    [
      "!SP0107 spec.outboundTrafficPolicy.mode: unknown value 'ALLOW_ANY_DYNAMIC_DNS'; expected one of REGISTRY_ONLY, ALLOW_ANY",
      "!SP0104 spec.egres: unknown field 'egres'",
    ],
  ],
] satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(title, () => assert.deepEqual(findingsOf('Sidecar', spec), expected));
}

test('very many hosts are read soon', () => {
  const hosts = Array.from({ length: 50_000 }, (_, index) => `./${index}.example.com`);
  withinASecond(() => assert.deepEqual(findingsOf('Sidecar', { egress: [{ hosts }] }), []));
});

function policy(outboundTrafficPolicy: Spec): Spec {
  return { outboundTrafficPolicy };
}

function port(of: Spec): Spec {
  return { port: of, hosts: ['./*'] };
}
