// EgressTests as people write them: what is refused, with place and mend, and what is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { egressTestKind } from './egress-test.ts';
import { decodeKind, findingsOf, type Spec } from './networking.fixture.ts';

const from = { workload: 'payments' };

for (const [title, spec, expected] of [
  ['one URL', { from, mayReach: ['https://api.test'] }, []],
  [
    'everything',
    {
      from: { labels: { app: 'pay' }, serviceAccount: 'pay' },
      mayReach: [
        'https://*.api.test',
        'tcp://db.test:5432',
        '192.0.2.1:6379',
        { url: 'http://api.test/v1/*', method: 'POST', headers: { 'x-team': 'shop' }, through: 'istio-system/egress' },
        { url: 'http://api.test', through: 'egress', tls: 'originated' },
      ],
      mayNotReach: ['http://evil.test', { url: 'http://api.test/v2', method: 'DELETE' }],
      nothingElse: true,
      nobodyElse: true,
    },
    [],
  ],
  ['nobody', { from: {}, nothingElse: true }, ['!SP2001 spec.from: nobody is named whose way out is to be tried']],
  [
    'a workload, and what it would have',
    { from: { workload: 'a*', serviceAccount: 'a' }, nothingElse: true },
    [
      '!SP2001 spec.from: a workload has labels and a service account of its own',
      '!SP2001 spec.from.workload: a* is not a name',
    ],
  ],
  ['no expectation', { from, mayReach: [] }, ['!SP2003 spec: nothing is expected']],
  [
    'others who may not do what nobody may',
    { from, nothingElse: true, nobodyElse: true },
    ['!SP2003 spec.nobodyElse: nobodyElse speaks of what stands in mayReach, and nothing does'],
  ],
  [
    'what cannot be called',
    { from, mayReach: ['api.test', 'ftp://api.test', { url: 'http://' }, 'tcp://a.test', 'http://a.test:99999'] },
    [
      '!SP2002 spec.mayReach[0]: api.test is nothing that can be called: it names no port',
      "!SP2002 spec.mayReach[1]: ftp://api.test is nothing that can be called: 'ftp://' is no way to call anything here",
      '!SP2002 spec.mayReach[2].url: http:// is nothing that can be called: it names no host',
      '!SP2002 spec.mayReach[3]: tcp://a.test is nothing that can be called: it names no port',
      '!SP2002 spec.mayReach[4]: http://a.test:99999 is nothing that can be called: port 99999 is not in the range 1..65535',
    ],
  ],
  [
    'requests where there are none',
    {
      from,
      mayReach: [
        { url: 'tcp://a.test:1', method: 'GET' },
        'tls://a.test/v1',
        { url: 'http://a.test/*/b', method: 'get' },
      ],
    },
    [
      '!SP2004 spec.mayReach[0].method: tcp has no method',
      '!SP2004 spec.mayReach[1]: tls has no paths',
      "!SP2002 spec.mayReach[2].url: a '*' stands at the end of a path alone",
      '!SP2004 spec.mayReach[2].method: get is not a method',
    ],
  ],
  [
    'a gateway that is none',
    { from, mayReach: [{ url: 'http://a.test', through: 'a/b/c' }] },
    ['!SP2005 spec.mayReach[0].through: a/b/c is not a name of a gateway'],
  ],
  [
    'both',
    { from, mayReach: ['http://A.test'], mayNotReach: [{ url: 'http://a.test:80' }] },
    ['!SP2006 spec.mayNotReach[0]: spec.mayReach[0] says that it may be reached'],
  ],
  [
    'fields that there are not',
    { from, mayReach: [{ url: 'http://a.test', gateway: 'egress', tls: 'simple' }, 7] },
    [
      "!SP0107 spec.mayReach[0].tls: unknown value 'simple'; expected one of as-sent, originated",
      "!SP0104 spec.mayReach[0].gateway: unknown field 'gateway'",
      '!SP0105 spec.mayReach[1]: expected a URL, or a mapping with url',
    ],
  ],
] satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(`${title}`, () => assert.deepEqual(findingsOf('EgressTest', spec), expected));
}

test('what is not written is shown', () => {
  const { object } = decodeKind('EgressTest', { from, mayReach: ['http://a.test'] });
  const found = egressTestKind.schema.parse(object);
  const { nothingElse, nobodyElse } = egressTestKind.withDefaults(found).spec;
  assert.deepEqual([nothingElse, nobodyElse], [false, false]);
  assert.deepEqual(
    egressTestKind.columns.map((column) => column.value(found)),
    ['payments', '1', '0', 'false', 'false'],
  );
});
