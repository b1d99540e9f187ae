// Which endpoints a proxy prefers (istio-semantics 4.4): shares by locality, failover by distance and by mtls: undefined, labels.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocalitySetting } from '../mesh/load-balancer.ts';
import { localityOf } from '../mesh/locality.ts';
import { emptyTrafficPolicy } from '../mesh/traffic-policy.ts';
import { groupByLocality } from './locality-groups.ts';

const plain: LocalitySetting = { enabled: true, distribute: [], failover: new Map(), failoverPriority: [] };

interface Given {
  readonly setting?: Partial<LocalitySetting>;
  /** Failing endpoints are left out. */
  readonly outliers?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `a/1/x`, and `a/1/x=v2` of one whose `version` is that. */
function groups(endpoints: readonly string[], own: string, { setting, outliers = true, labels = {} }: Given = {}) {
  const loadBalancer = {
    simple: undefined,
    consistentHash: undefined,
    warmup: undefined,
    locality: setting === undefined ? undefined : { ...plain, ...setting },
  };
  const policy = { ...emptyTrafficPolicy, loadBalancer, outlierDetection: outliers ? {} : undefined };
  const all = endpoints.map((text, index) => {
    const [locality = '', version] = text.split('=');
    const named: Record<string, string> = version === undefined ? {} : { version };
    return { address: `192.0.2.${index}`, port: 80, weight: undefined, locality, labels: named, mtls: undefined };
  });
  const known = new Map(Object.entries(labels));
  return groupByLocality(all, policy, { key: '', locality: own, label: (key) => known.get(key) });
}

/** `locality@priority`. */
const ranks = (...args: Parameters<typeof groups>) =>
  groups(...args).map(({ locality, priority }) => `${locality}@${priority}`);
const shares = (...args: Parameters<typeof groups>) =>
  Object.fromEntries(groups(...args).map(({ locality, weight }) => [locality, weight / 10_000]));

const places = ['c/1/x', 'a/2/x', 'a/1/y', 'a/1/x', 'b/1/x'];

describe('failover', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'subzone, zone, region, elsewhere',
      ranks(places, 'a/1/x'),
      ['c/1/x@3', 'a/2/x@2', 'a/1/y@1', 'a/1/x@0', 'b/1/x@3'],
    ],
    ['no gaps where nobody is near', ranks(['b/1', 'a/2'], 'a/1'), ['b/1@1', 'a/2@0']],
    ['one priority where all are as far', ranks(['b/1', 'c/1'], 'a/1'), ['b/1@0', 'c/1@0']],
    [
      'another region first',
      ranks(places, 'a/1/x', { setting: { failover: new Map([['a', 'b']]) } }),
      ['c/1/x@4', 'a/2/x@2', 'a/1/y@1', 'a/1/x@0', 'b/1/x@3'],
    ],
    ['not without outlier detection', ranks(['b/1', 'a/1'], 'a/1', { outliers: false }), ['b/1@0', 'a/1@0']],
    ['not for a proxy that is nowhere', ranks(['b/1', 'a/1'], ''), ['b/1@0', 'a/1@0']],
    ['not where it is off', ranks(['b/1', 'a/1'], 'a/1', { setting: { enabled: false } }), ['b/1@0', 'a/1@0']],
    [
      'by labels of client and endpoint, in their order',
      ranks(['a/1=v1', 'a/2=v2', 'b/1=v2', 'a/1=v2'], 'a/1', {
        setting: { failoverPriority: ['version', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] },
        labels: { version: 'v2' },
      }),
      ['a/1@3', 'a/2@1', 'b/1@2', 'a/1@0'],
    ],
    [
      'by labels with values, whoever asks',
      ranks(['a/1=v1', 'b/1=v2'], '', { setting: { failoverPriority: ['version=v2'] } }),
      ['a/1@1', 'b/1@0'],
    ],
  ];
  for (const [what, actual, expected] of rows) it(what, () => assert.deepEqual(actual, expected));
});

describe('shares', () => {
  const distribute = [
    {
      from: 'a/1/*',
      to: new Map([
        ['a/1/*', 80],
        ['a/*', 15],
        ['b/1', 5],
      ]),
    },
    { from: '*', to: new Map([['b', 100]]) },
  ];
  const setting = { distribute };

  it('are those of the first entry for the proxy’s place, each locality by its narrowest one', () => {
    assert.deepEqual(shares(places, 'a/1/x', { setting }), { 'a/2/x': 15, 'a/1/y': 40, 'a/1/x': 40, 'b/1/x': 5 });
  });
  it('leave out what is not named, and do not need outlier detection', () => {
    assert.deepEqual(shares(places, 'c/1', { setting, outliers: false }), { 'b/1/x': 100 });
  });
  it('follow the number of endpoints within an entry', () => {
    const two = { distribute: [{ from: 'a', to: new Map([['*', 100]]) }] };
    assert.deepEqual(shares(['a', 'b', 'b', 'b'], 'a', { setting: two }), { a: 25, b: 75 });
  });
  it('need a place, and an entry for it', () => {
    const only = { distribute: [{ from: 'z', to: new Map([['b', 100]]) }] };
    for (const own of ['', 'a/1']) {
      assert.equal(groups(places, own, { setting: only }).length, places.length);
      assert.deepEqual(new Set(ranks(places, own, { setting: only }).map((text) => text.slice(-1))), new Set(['0']));
    }
  });
});

describe('a place', () => {
  const place = (labels: Readonly<Record<string, string>>) =>
    localityOf((key) => new Map(Object.entries(labels)).get(key));
  const region = 'topology.kubernetes.io/region';
  const zone = 'topology.kubernetes.io/zone';
  const rows: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{}, ''],
    [{ [region]: 'a' }, 'a'],
    [{ [region]: 'a', [zone]: 'b', 'topology.istio.io/subzone': 'c' }, 'a/b/c'],
    [{ 'istio-locality': 'x.y', [region]: 'a' }, 'x/y'],
  ];
  for (const [labels, expected] of rows) {
    it(`${JSON.stringify(labels)} is '${expected}'`, () => assert.equal(place(labels), expected));
  }
});
