// What a VirtualService asks of those it speaks to, and what it says of copies and of other origins, in the mesh's words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import { translateVirtualService } from './translate-virtual-service.ts';

type Spec = Readonly<Record<string, unknown>>;

function translated(rule: Spec, annotations: Readonly<Record<string, string>> = {}) {
  const object = virtualServiceKind.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'a', namespace: 'shop', annotations },
    spec: { hosts: ['a.test'], http: [{ route: [{ destination: { host: 'a.test' } }], ...rule }] },
  });
  const [first] = translateVirtualService(object).http;
  return first ?? assert.fail();
}

test('labels and namespace are asked beside gateways, unless an annotation says as Istio does', () => {
  const match = [{ gateways: ['mesh'], sourceLabels: { app: 'a' }, sourceNamespace: 'b' }, { sourceNamespace: 'c' }];
  const asked = (annotations: Readonly<Record<string, string>>) =>
    translated({ match }, annotations).matches.map(({ sourceLabels, sourceNamespace }) => [
      sourceLabels?.get('app'),
      sourceNamespace,
    ]);
  assert.deepEqual(asked({}), [
    ['a', 'b'],
    [undefined, 'c'],
  ]);
  assert.deepEqual(asked({ 'egress.sallyport.dev/source-match': 'gateways-alone' }), [
    [undefined, undefined],
    [undefined, 'c'],
  ]);
});

const destination = { host: 'web' };
for (const [what, rule, percents] of [
  ['all without a word', { mirror: destination }, [100]],
  ['a share', { mirror: destination, mirrorPercentage: { value: 12.5 } }, [12.5]],
  ['none', { mirror: destination, mirrorPercentage: { value: 0 } }, []],
  ['none, by an empty percentage', { mirror: destination, mirrorPercentage: {} }, []],
  ['the deprecated share', { mirror: destination, mirrorPercent: 5 }, [5]],
  ['the deprecated share by its old name', { mirror: destination, mirror_percent: 6 }, [6]],
  [
    'not the deprecated share beside the other',
    { mirror: destination, mirrorPercent: 5, mirrorPercentage: { value: 7 } },
    [7],
  ],
  [
    'each its own',
    {
      mirrors: [{ destination }, { destination, percentage: { value: 0 } }, { destination, percentage: { value: 3 } }],
    },
    [100, 3],
  ],
] as const) {
  test(`copies: ${what}`, () => {
    const { mirrors } = translated(rule);
    assert.deepEqual(
      mirrors.map(({ percent }) => percent),
      percents,
    );
    for (const mirror of mirrors) assert.equal(mirror.destination.host, 'web.shop.svc.cluster.local');
  });
}

test('allowed origins count before the deprecated ones; times are whole seconds', () => {
  const cors = (corsPolicy: Spec) => translated({ corsPolicy }).cors;
  assert.deepEqual(cors({ allowOrigin: ['https://a.test', '*'] })?.origins, [
    { kind: 'exact', value: 'https://a.test' },
    { kind: 'exact', value: '*' },
  ]);
  const both = cors({ allowOrigin: ['*'], allowOrigins: [{ prefix: 'https://' }], maxAge: '1m1.9s' });
  assert.deepEqual([both?.origins, both?.maxAgeSeconds], [[{ kind: 'prefix', value: 'https://' }], 61]);
  for (const [unmatchedPreflights, forwarded] of [
    ['UNSPECIFIED', true],
    ['FORWARD', true],
    ['IGNORE', false],
  ] as const) {
    assert.equal(cors({ unmatchedPreflights })?.forwardsUnmatched, forwarded);
  }
});

test('retries keep their own words; without attempts none are left', () => {
  const { retries } = translated({
    retries: { attempts: 3, backoff: '40ms', retryIgnorePreviousHosts: false, retryRemoteLocalities: true },
  });
  assert.deepEqual(
    [retries?.attempts, retries?.backoffMs, retries?.ignorePreviousHosts, retries?.remoteLocalities],
    [3, 40, false, true],
  );
  for (const none of [{}, { attempts: 0 }]) {
    assert.equal(translated({ retries: none }).retries?.attempts, 0);
  }
});
