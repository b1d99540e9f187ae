// AuthorizationPolicies as people write them: what is refused, with place and mend, and what is accepted without effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundToAnnotation } from '../annotations.ts';
import { decodeObject } from '../decode.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';

const from = (source: Spec, action = 'ALLOW') => ({ action, rules: [{ from: [{ source }] }] });
const to = (operation: Spec, action = 'ALLOW') => ({ action, rules: [{ to: [{ operation }] }] });
const when = (key: string, values: readonly string[], action = 'ALLOW') => ({
  action,
  rules: [{ when: [{ key, values }] }],
});
const place = 'spec.rules[0]';

for (const [title, spec, expected] of [
  ['one that allows nothing', {}, []],
  ['an empty rule', { rules: [{}] }, []],
  [
    'all that can be asked for',
    {
      selector: { matchLabels: { app: 'web' } },
      action: 'DENY',
      rules: [
        {
          from: [
            {
              source: {
                principals: ['cluster.local/ns/shop/sa/*', '*/sa/web', '*'],
                notNamespaces: ['shop', 'team-*'],
              },
            },
            { source: { serviceAccounts: ['web', 'shop/web'], ipBlocks: ['192.0.2.0/24', '2001:db8::1'] } },
          ],
          to: [
            { operation: { hosts: ['api.example.com', '*.example.com'], ports: ['80'], methods: ['GET', 'POST*'] } },
            { operation: { hosts: ['2001:db8::1', '[2001:db8::2]', '192.0.2.1'] } },
            { operation: { paths: ['/a', '/b/*', '*.js', '*', '/c/{*}/d/{**}'] } },
          ],
          when: [
            { key: 'request.headers[X-Team]', values: ['a'], notValues: ['b*'] },
            { key: 'connection.sni', values: ['*.example.com'] },
          ],
        },
      ],
    },
    [],
  ],
  [
    'CUSTOM',
    { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] },
    ['!SP1801 spec.action: CUSTOM asks an external authorizer, and there is none here'],
  ],
  [
    'AUDIT',
    { action: 'AUDIT', rules: [{}] },
    ['!SP1801 spec.action: AUDIT asks for a record of what is let through, which is not made here'],
  ],
  [
    'a provider for nothing',
    { provider: { name: 'opa' } },
    ['!SP1801 spec.provider: `provider` must not be with non CUSTOM action, found ALLOW'],
  ],
  [
    'DENY of nothing',
    { action: 'DENY' },
    ['!SP1803 spec.rules: DENY action without `rules` is meaningless as it will never be triggered'],
  ],
  [
    'empty parts',
    { rules: [{ from: [], to: [], when: [] }] },
    [
      `!SP1802 ${place}.from: \`from\` cannot be empty`,
      `!SP1802 ${place}.to: \`to\` cannot be empty`,
      `!SP1802 ${place}.when: \`when\` cannot be empty`,
    ],
  ],
  ['an empty source', from({}), [`!SP1802 ${place}.from[0].source: \`source\` cannot be empty`]],
  ['an empty operation', to({}), [`!SP1802 ${place}.to[0].operation: \`operation\` cannot be empty`]],
  [
    'an empty list, which is none in Istio',
    from({ principals: [], namespaces: ['shop'] }),
    [`!SP1802 ${place}.from[0].source.principals: \`principals\` cannot be empty`],
  ],
  [
    'service accounts beside namespaces',
    from({ serviceAccounts: ['web'], namespaces: ['shop'] }),
    [`!SP1802 ${place}.from[0].source: serviceAccounts cannot be set with principals or namespaces`],
  ],
  [
    'values that never match',
    from({ principals: ['spiffe://cluster.local/ns/a/sa/b', 'a*b', '*a*', ''], ipBlocks: ['10.0.0.256'] }),
    [
      `!SP1804 ${place}.from[0].source.principals[0]: spiffe://cluster.local/ns/a/sa/b has a scheme, which principals are written without`,
      `!SP1804 ${place}.from[0].source.principals[1]: a*b has a '*' that is no pattern`,
      `!SP1804 ${place}.from[0].source.principals[2]: *a* has a '*' that is no pattern`,
      `!SP1804 ${place}.from[0].source.principals[3]: the value is empty`,
      `!SP1804 ${place}.from[0].source.ipBlocks[0]: 10.0.0.256 is neither an address nor a range`,
    ],
  ],
  [
    'operations that never match',
    to({
      hosts: ['a.test:80', 'a b'],
      ports: ['0', 'http'],
      methods: ['get'],
      paths: ['a', '/a?b', '/{*}x', '/{**}/{*}'],
    }),
    [
      `!SP1804 ${place}.to[0].operation.hosts[0]: a.test:80 has a port`,
      `!SP1804 ${place}.to[0].operation.hosts[1]: a b is not a host`,
      `!SP1804 ${place}.to[0].operation.ports[0]: 0 is not a port in the range 1..65535`,
      `!SP1804 ${place}.to[0].operation.ports[1]: http is not a port in the range 1..65535`,
      `!SP1804 ${place}.to[0].operation.methods[0]: get is not a method`,
      `!SP1804 ${place}.to[0].operation.paths[0]: a is not a path`,
      `!SP1804 ${place}.to[0].operation.paths[1]: /a?b is not a path`,
      `!SP1804 ${place}.to[0].operation.paths[2]: /{*}x is not a template of paths`,
      `!SP1804 ${place}.to[0].operation.paths[3]: /{**}/{*} is not a template of paths`,
    ],
  ],
  [
    'an unknown key',
    when('request.header[a]', ['b']),
    [`!SP1806 ${place}.when[0].key: unknown attribute: request.header[a]`],
  ],
  [
    'a key without values',
    { rules: [{ when: [{ key: 'source.ip' }] }] },
    [`!SP1806 ${place}.when[0]: at least one of \`values\` or \`notValues\` must be set for key source.ip`],
  ],
  [
    'a token that would allow',
    from({ requestPrincipals: ['*'] }),
    [
      `?SP1807 ${place}.from[0].source.requestPrincipals: requestPrincipals asks for a token (JWT), which is not read here: this rule allows nothing`,
    ],
  ],
  [
    'a token that would deny',
    from({ notRequestPrincipals: ['*'] }, 'DENY'),
    [
      `!SP1807 ${place}.from[0].source.notRequestPrincipals: notRequestPrincipals asks for a token (JWT), which is not read here: nothing would be denied by it`,
    ],
  ],
  [
    'a claim that would deny',
    when('request.auth.claims[iss]', ['a'], 'DENY'),
    [
      `!SP1807 ${place}.when[0].values: request.auth.claims[iss] asks for a token (JWT), which is not read here: nothing would be denied by it`,
    ],
  ],
  ['an empty selector', { selector: {} }, ['!SP1808 spec.selector: a selector without labels says nothing']],
  [
    'targets',
    { targetRefs: [{ kind: 'Gateway', name: 'a' }] },
    ['!SP1810 spec.targetRefs: targetRefs binds to waypoints and Gateways of the Gateway API, which are not here'],
  ],
] as const satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(`AuthorizationPolicy: ${title}`, () => {
    assert.deepEqual(findingsOf('AuthorizationPolicy', spec), expected);
  });
}

function findingsOfBound(bound: string, spec: Spec) {
  const metadata = { name: 'a', namespace: 'shop', annotations: { [boundToAnnotation]: bound } };
  const { diagnostics } = decodeObject({
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'AuthorizationPolicy',
    metadata,
    spec,
  });
  return diagnostics.map(({ code, message }) => `${code}: ${message}`);
}

test('what is bound to the outbound side does not ask who calls from where', () => {
  assert.deepEqual(findingsOfBound('outbound', to({ hosts: ['api.example.com'] })), []);
  assert.deepEqual(findingsOfBound('outbound', from({ ipBlocks: ['192.0.2.1'] })), [
    'SP1809: ipBlocks says nothing of what leaves a workload: it is the workload itself that asks',
  ]);
  assert.deepEqual(findingsOfBound('upward', {}), ['SP1809: upward is no side of a workload']);
});
