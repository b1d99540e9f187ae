// Mistakes of a VirtualService outside its HTTP rules, and what is accepted but not acted on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withinSeconds } from '../testing/work.ts';
import type { Spec } from './networking.fixture.ts';
import { findings, http, matching, rule, tcp, tls, to } from './virtual-service.fixture.ts';

const onMesh = 'wildcard host * is not allowed for virtual services bound to the mesh gateway';
const notActed = 'is accepted, but not acted on yet';
const prefix = (text: string, more: Spec = {}) => ({ match: [{ uri: { prefix: text }, ...more }], ...rule });

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  ['nothing', { hosts: ['a.example'] }, ['!SP0706 spec: http, tcp or tls must be provided in virtual service']],
  [
    'no hosts',
    { gateways: ['mesh'], http: [rule] },
    ['!SP0703 spec.hosts: virtual service must have at least one host'],
  ],
  [
    'no hosts, to delegate to',
    { http: [{ delegate: { name: 'b' } }, rule] },
    ['!SP0730 spec.http[0].delegate: a delegate cannot delegate'],
  ],
  ['* on the mesh', { ...http(rule), hosts: ['*'] }, [`!SP0302 spec.hosts[0]: ${onMesh}`]],
  ['* on the mesh too', { ...http(rule), hosts: ['*'], gateways: ['e', 'mesh'] }, [`!SP0302 spec.hosts[0]: ${onMesh}`]],
  [
    'hosts that are none',
    { ...http(rule), hosts: ['a.example:80', '*foo.com', 'http://a', ''] },
    [
      "!SP0301 spec.hosts[0]: host 'a.example:80' is not a DNS name",
      "!SP0303 spec.hosts[1]: host '*foo.com' has a partial wildcard",
      "!SP0301 spec.hosts[2]: host 'http://a' is not a DNS name",
      "!SP0301 spec.hosts[3]: host '' is not a DNS name",
    ],
  ],
  [
    'hosts that overlap',
    { ...http(rule), hosts: ['a.example', 'A.example.', '*.b.example', 'c.b.example', '*.d.b.example'] },
    [
      '!SP0704 spec.hosts[1]: duplicate hosts in virtual service: a.example & A.example.',
      '!SP0704 spec.hosts[3]: duplicate hosts in virtual service: *.b.example & c.b.example',
      '!SP0704 spec.hosts[4]: duplicate hosts in virtual service: *.b.example & *.d.b.example',
    ],
  ],
  [
    'gateways that are none',
    { ...http(rule), gateways: ['', '/a', 'a/', 'a/b/c', 'A'] },
    [
      "!SP0705 spec.gateways[0]: '' is not the name of a gateway",
      '!SP0705 spec.gateways[1]: config namespace and gateway name cannot be empty',
      '!SP0705 spec.gateways[2]: config namespace and gateway name cannot be empty',
      "!SP0705 spec.gateways[3]: 'a/b/c' is not the name of a gateway",
      "!SP0705 spec.gateways[4]: 'A' is not the name of a gateway",
    ],
  ],
  [
    'a gateway that is not bound',
    { ...matching({ gateways: ['other/a', 'mesh', 'shop/a'] }), gateways: ['a'] },
    [
      '?SP0725 spec.http[0].match[0].gateways[0]: gateway other/a is not among spec.gateways, so the match never holds for it',
      '?SP0725 spec.http[0].match[0].gateways[1]: gateway mesh is not among spec.gateways, so the match never holds for it',
    ],
  ],
  [
    'exportTo',
    { ...http(rule), exportTo: ['~', 'A'] },
    [
      "!SP0331 spec.exportTo[0]: exportTo '~' is no namespace",
      "!SP0331 spec.exportTo[1]: exportTo 'A' is no namespace",
    ],
  ],
  [
    'exportTo twice',
    { ...http(rule), exportTo: ['*', 'b', 'b'] },
    [
      '!SP0332 spec.exportTo[2]: duplicate entries in exportTo for entry b',
      '!SP0333 spec.exportTo: cannot have both public (*) and non-public exportTo values for a resource',
    ],
  ],
  [
    'TLS without SNI',
    tls({ sniHosts: [] }),
    ['!SP0108 spec.tls[0].match[0].sniHosts: TLS match must have at least one SNI host'],
  ],
  [
    'TLS without match',
    { hosts: ['a.example'], tls: [{ match: [], route: [to('a.example')] }] },
    ['!SP0108 spec.tls[0].match: TLS route must have at least one match condition'],
  ],
  [
    'foreign SNI',
    tls({ sniHosts: ['c.example', '*.example', 'b.example', '*', 'a b'] }),
    ['c.example', '*.example', 'b.example', '*']
      .map(
        (name, index) =>
          `!SP0721 spec.tls[0].match[0].sniHosts[${index}]: SNI host "${name}" is not a compatible subset of any of the virtual service hosts: [a.example *.b.example]`,
      )
      .concat("!SP0721 spec.tls[0].match[0].sniHosts[4]: SNI host 'a b' is not a DNS name"),
  ],
  ['TLS to nowhere', tls({ sniHosts: ['a.example'] }, { route: [] }), ['!SP0707 spec.tls[0]: TLS route is required']],
  ['TCP to nowhere', tcp({ route: [] }), ['!SP0707 spec.tcp[0]: TCP route is required']],
  [
    'ranges',
    tcp({ match: [{ destinationSubnets: ['10.0.0.0/8', '10/8'], sourceSubnet: 'a' }] }),
    [
      '!SP0722 spec.tcp[0].match[0].destinationSubnets[1]: 10/8 is not a valid CIDR block',
      '!SP0722 spec.tcp[0].match[0].sourceSubnet: a is not a valid CIDR block',
      `?SP0111 spec.tcp[0].match[0].sourceSubnet: sourceSubnet ${notActed}`,
    ],
  ],
  [
    'rules after the one for everything',
    http(rule, { name: 'late', ...prefix('/a') }, rule),
    [
      '?SP0723 spec.http[1]: virtualService rule late not used (rule #0 before it has no matches and takes everything)',
      '?SP0723 spec.http[2]: virtualService rule #2 not used (rule #0 before it has no matches and takes everything)',
    ],
  ],
  [
    'the same match, in another order and with another name',
    http(
      { match: [{ port: 80, uri: { exact: '/a' }, name: 'x' }], ...rule },
      { match: [{ uri: { exact: '/a' }, name: 'y', port: 80 }, { port: 81 }], ...rule },
    ),
    [
      '?SP0724 spec.http[1].match[0]: virtualService rule #1 match 0 is not used (duplicate/overlapping match in rule #0)',
    ],
  ],
  [
    'a longer prefix after a shorter one',
    http(prefix('/a'), prefix('/a/b'), prefix('/a/b', { port: 80 })),
    [
      '?SP0724 spec.http[1].match[0]: virtualService rule #1 match 0 is not used (duplicate/overlapping match in rule #0)',
      '?SP0723 spec.http[1]: virtualService rule #1 not used (all matches used by prior rules)',
    ],
  ],
  [
    'names for statistics, others to decide, and deprecated ways to say it',
    http(
      {
        match: [{ statPrefix: 'a' }],
        ...rule,
        mirror: { host: 'b.example' },
        mirrorPercent: 50,
        corsPolicy: { allowOrigin: ['https://a.example'], maxAge: '24h', allowCredentials: true },
        retries: { attempts: 1, retryRemoteLocalities: true, retryIgnorePreviousHosts: false, backoff: '25ms' },
      },
      { delegate: { name: 'b', namespace: 'c' } },
    ),
    [
      `?SP0111 spec.http[0].match[0].statPrefix: statPrefix ${notActed}`,
      '?SP0112 spec.http[0].corsPolicy.allowOrigin: using deprecated setting "allowOrigin", use "allowOrigins" instead',
      '?SP0112 spec.http[0].mirrorPercent: using deprecated setting "mirrorPercent", use "mirrorPercentage" instead',
    ],
  ],
  [
    'two ways of copies',
    http({ ...rule, mirror: { host: '*' }, mirrors: [{ destination: { host: 'b.example' } }] }),
    [
      '!SP0708 spec.http[0]: HTTP route cannot contain both mirror and mirrors',
      '!SP0709 spec.http[0].mirror.host: invalid destination host *',
    ],
  ],
  [
    'copies of what is not sent anywhere',
    http({ directResponse: { status: 200 }, mirrors: [{ destination: { host: 'b.example' } }] }),
    ['?SP0729 spec.http[0].mirrors: only requests that are routed are mirrored'],
  ],
  [
    'a CORS policy that no browser understands',
    http({
      ...rule,
      corsPolicy: {
        allowMethods: ['GET', 'get', '*'],
        allowHeaders: ['x-a', 'a b'],
        exposeHeaders: [':path'],
        maxAge: '1.5s',
      },
    }),
    [
      '?SP0728 spec.http[0].corsPolicy: no origin is allowed',
      '!SP0727 spec.http[0].corsPolicy.allowMethods[1]: "get" is not a supported HTTP method',
      "!SP0712 spec.http[0].corsPolicy.allowHeaders[1]: 'a b' is not the name of a header",
      "!SP0712 spec.http[0].corsPolicy.exposeHeaders[0]: ':path' is not the name of a header",
      '!SP0727 spec.http[0].corsPolicy.maxAge: max_age duration is accurate only to seconds precision',
    ],
  ],
  [
    'delegation beside a route',
    http({ ...rule, delegate: { name: 'b' } }),
    ['!SP0708 spec.http[0]: HTTP route cannot contain both delegate and route'],
  ],
  [
    'delegation to what has no such name',
    http({ delegate: { name: 'a b', namespace: 'c/d' } }, { delegate: { namespace: 'c' } }),
    [
      "!SP0730 spec.http[0].delegate.name: 'a b' is not the name of a delegate",
      "!SP0730 spec.http[0].delegate.namespace: 'c/d' is not the name of a namespace",
      '!SP0730 spec.http[1].delegate.name: delegate must have a name',
    ],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}

test('thousands of rules are looked through in no time', () => {
  const rules = Array.from({ length: 20_000 }, (_, index) => prefix(`/${index}/`));
  assert.deepEqual(
    withinSeconds(2, () => findings(http(...rules))),
    [],
  );
});

test('very many hosts, gateways and rules are read soon', () => {
  const count = 4000;
  const all = <T>(make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
  const route = [{ destination: { host: 'a.example' } }];
  const hosts = all((index) => `h${index}.example`);
  const tls = hosts.map((host) => ({ match: [{ sniHosts: [host], gateways: ['g0'] }], route }));
  const spec = { hosts, gateways: all((index) => `g${index}`), tls };
  withinSeconds(1, () => assert.deepEqual(findings(spec), []));
});
