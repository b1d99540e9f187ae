// How endpoints are chosen: what is accepted without a word, and each mistake with its message and its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../decode.ts';
import { withinASecond } from '../testing/work.ts';
import { findingsOf, type Spec } from './networking.fixture.ts';

const host = 'a.example';
const rule = (loadBalancer: Spec, more: Spec = {}): Spec => ({ host, trafficPolicy: { loadBalancer, ...more } });
const hash = (consistentHash: Spec) => rule({ consistentHash });
const localities = (localityLbSetting: Spec, more: Spec = {}) => rule({ localityLbSetting }, more);
const findings = (spec: Spec) => findingsOf('DestinationRule', spec);
const outlierDetection = { consecutive5xxErrors: 5 };
const at = 'spec.trafficPolicy.loadBalancer';
const cookie = {
  name: 'a',
  path: '/',
  ttl: '0s',
  attributes: [{ name: 'SameSite', value: 'Strict' }, { name: 'Secure' }],
};

const accepted: readonly (readonly [string, Spec])[] = [
  ['a header', hash({ httpHeaderName: 'x-user', ringHash: { minimumRingSize: 8_388_608 } })],
  ['a cookie', hash({ httpCookie: cookie, maglev: { tableSize: 5_000_011 } })],
  ['the caller', hash({ useSourceIp: true, maglev: {} })],
  ['a query parameter', hash({ httpQueryParameterName: 'id' })],
  ['warmup', rule({ simple: 'ROUND_ROBIN', warmup: { duration: '30s', minimumPercent: 20, aggression: 1.5 } })],
  [
    'shares',
    localities({
      distribute: [
        { from: 'a/*', to: { 'a/1/x': 80, 'b/*': 20 } },
        { from: 'b', to: { '*': 100 } },
      ],
    }),
  ],
  [
    'shares of some, and those of all others behind them',
    localities({ distribute: ['a/1', 'a/*', '*'].map((from) => ({ from, to: { a: 100 } })) }),
  ],
  ['failover', localities({ failover: [{ from: 'a', to: 'b' }] }, { outlierDetection })],
  ['labels', localities({ failoverPriority: ['topology.istio.io/network', 'version=v1'] }, { outlierDetection })],
];

for (const [what, spec] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(findings(spec), []));
}

const found: readonly (readonly [string, Spec, readonly string[]])[] = [
  [
    'two load balancers',
    rule({ simple: 'LEAST_CONN', consistentHash: {}, warmup: { duration: '1m' }, warmupDurationSecs: '1s' }),
    [
      `!SP0802 ${at}: a load balancer cannot have both simple and consistentHash`,
      `?SP0112 ${at}.simple: using deprecated setting "LEAST_CONN", use "LEAST_REQUEST" instead`,
      `!SP0802 ${at}.consistentHash: consistentHash needs exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName`,
      `!SP0802 ${at}: a load balancer cannot have both warmup and warmupDurationSecs`,
      `?SP0815 ${at}.warmup: consistentHash does not use warmup`,
    ],
  ],
  [
    'two algorithms',
    hash({ httpCookie: cookie, ringHash: {}, maglev: {} }),
    [`!SP0802 ${at}.consistentHash: consistentHash cannot have both ringHash and maglev`],
  ],
  [
    'two sizes',
    hash({ useSourceIp: true, minimumRingSize: 1024, maglev: { tableSize: 65_537 } }),
    [
      `?SP0112 ${at}.consistentHash.minimumRingSize: using deprecated setting "minimumRingSize", use "ringHash.minimumRingSize" instead`,
      `!SP0802 ${at}.consistentHash: only one of minimumRingSize or Maglev/Ringhash can be specified`,
    ],
  ],
  [
    'sizes that Envoy refuses',
    hash({ useSourceIp: true, minimumRingSize: 8_388_609, ringHash: { minimumRingSize: 8_388_609 } }),
    [
      `?SP0112 ${at}.consistentHash.minimumRingSize: using deprecated setting "minimumRingSize", use "ringHash.minimumRingSize" instead`,
      `!SP0802 ${at}.consistentHash: only one of minimumRingSize or Maglev/Ringhash can be specified`,
      `!SP0812 ${at}.consistentHash.minimumRingSize: a ring of 8388609 is too large`,
      `!SP0812 ${at}.consistentHash.ringHash.minimumRingSize: a ring of 8388609 is too large`,
    ],
  ],
  ...[65_536, 1, 5_000_077].map((tableSize): readonly [string, Spec, readonly string[]] => [
    `a table of ${tableSize}`,
    hash({ useSourceIp: true, maglev: { tableSize } }),
    [`!SP0812 ${at}.consistentHash.maglev.tableSize: tableSize must be a prime number for maglev`],
  ]),
  [
    'names that are none',
    hash({ httpCookie: { name: 'a;b', path: '/;x', attributes: [{ name: '', value: '\n' }] } }),
    [
      `!SP0812 ${at}.consistentHash.httpCookie.name: 'a;b' is not the name of a cookie or of an attribute`,
      `!SP0812 ${at}.consistentHash.httpCookie.attributes[0].name: '' is not the name of a cookie or of an attribute`,
      `!SP0812 ${at}.consistentHash.httpCookie.path: '/;x' cannot stand in a cookie`,
      `!SP0812 ${at}.consistentHash.httpCookie.attributes[0].value: '\n' cannot stand in a cookie`,
    ],
  ],
  [
    'no header and no parameter',
    hash({ httpHeaderName: 'a b', httpQueryParameterName: '' }),
    [
      `!SP0802 ${at}.consistentHash: consistentHash needs exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName`,
      `!SP0812 ${at}.consistentHash.httpHeaderName: 'a b' is not the name of a header`,
      `!SP0812 ${at}.consistentHash.httpQueryParameterName: the name of a query parameter cannot be empty`,
    ],
  ],
  [
    'warmup by chance',
    rule({ simple: 'RANDOM', warmupDurationSecs: '1s' }),
    [
      `?SP0112 ${at}.warmupDurationSecs: using deprecated setting "warmupDurationSecs", use "warmup.duration" instead`,
      `?SP0815 ${at}.warmupDurationSecs: RANDOM does not use warmupDurationSecs`,
    ],
  ],
  [
    'warmup that shrinks',
    rule({ warmup: { duration: '1s', aggression: 0.5 } }),
    [`!SP0802 ${at}.warmup.aggression: aggression should be greater than or equal to 1`],
  ],
  [
    'two ways to prefer localities',
    localities({ distribute: [{ from: 'a', to: { 'b/*': 100 } }], failover: [{ from: 'a', to: 'b' }] }),
    [
      `!SP0802 ${at}.localityLbSetting: only one of distribute, failover or failoverPriority can be set`,
      `?SP0816 ${at}.localityLbSetting: locality failover has no effect without outlierDetection`,
    ],
  ],
  [
    'shares that do not add up',
    localities({
      distribute: [{ from: 'a/*', to: { 'b*/c': 50, 'a/b/c/d': 40 } }, { from: 'a/b', to: { a: 100 } }, { to: {} }],
    }),
    [
      `!SP0811 ${at}.localityLbSetting.distribute[0].to["b*/c"]: 'b*/c' is not a locality`,
      `!SP0811 ${at}.localityLbSetting.distribute[0].to["a/b/c/d"]: 'a/b/c/d' is not a locality`,
      `!SP0811 ${at}.localityLbSetting.distribute[0].to: total locality weight 90 != 100`,
      `!SP0811 ${at}.localityLbSetting.distribute[1].from: locality a/b overlaps a/*`,
      `!SP0811 ${at}.localityLbSetting.distribute[2].from: '' is not a locality`,
      `!SP0811 ${at}.localityLbSetting.distribute[2].to: total locality weight 0 != 100`,
    ],
  ],
  [
    'shares of what others took before',
    localities({ distribute: ['a', 'a/b/c', 'a/*', '*', 'b'].map((from) => ({ from, to: { a: 100 } })) }),
    [
      `!SP0811 ${at}.localityLbSetting.distribute[1].from: locality a/b/c overlaps a`,
      `!SP0811 ${at}.localityLbSetting.distribute[2].from: locality a/* overlaps a`,
      `!SP0811 ${at}.localityLbSetting.distribute[4].from: locality b overlaps *`,
    ],
  ],
  [
    'a share of nothing',
    localities({ distribute: [{ from: 'a', to: { b: 100, c: 0 } }] }),
    [`!SP0811 ${at}.localityLbSetting.distribute[0].to.c: locality weight must be in range [1, 100]`],
  ],
  [
    'failover to nowhere',
    localities(
      {
        failover: [
          { from: 'a', to: 'a' },
          { from: 'a/b', to: '*' },
        ],
      },
      { outlierDetection },
    ),
    [
      `!SP0811 ${at}.localityLbSetting.failover[0]: locality lb failover settings must specify different regions`,
      `!SP0811 ${at}.localityLbSetting.failover[1].from: 'a/b' is not a region`,
      `!SP0811 ${at}.localityLbSetting.failover[1].to: '*' is not a region`,
    ],
  ],
  [
    'a label without name',
    localities({ failoverPriority: ['=a'] }, { outlierDetection }),
    [`!SP0811 ${at}.localityLbSetting.failoverPriority: a label has no name`],
  ],
  [
    'PASSTHROUGH',
    {
      ...rule({ simple: 'PASSTHROUGH' }),
      subsets: [
        {
          name: 'a',
          trafficPolicy: {
            portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: 'PASSTHROUGH' } }],
          },
        },
      ],
    },
    [
      `?SP0814 ${at}.simple: PASSTHROUGH is not followed: connections go to the host's own addresses`,
      `?SP0814 spec.subsets[0].trafficPolicy.portLevelSettings[0].loadBalancer.simple: PASSTHROUGH is not followed: connections go to the host's own addresses`,
    ],
  ],
];

for (const [what, spec, expected] of found) {
  test(`found: ${what}`, () => assert.deepEqual(findings(spec), expected));
}

test('very many shares are read soon', () => {
  const distribute = Array.from({ length: 20_000 }, (_, index) => ({ from: `a/${index}`, to: { a: 100 } }));
  withinASecond(() => assert.deepEqual(findings(localities({ distribute })), []));
});

test('callers are followed where the annotation says so, and it says nothing else', () => {
  const withAnnotation = (value: string) =>
    decodeObject({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'a', annotations: { 'egress.sallyport.dev/original-destination': value } },
      spec: rule({ simple: 'PASSTHROUGH' }),
    }).diagnostics.map(({ code, path }) => `${code} ${path}`);
  assert.deepEqual(withAnnotation('trust'), []);
  assert.deepEqual(withAnnotation('yes'), [
    `SP0814 ${at}.simple`,
    'SP0335 metadata.annotations["egress.sallyport.dev/original-destination"]',
  ]);
});
