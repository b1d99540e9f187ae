import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../decode.ts';
import { deploymentKind } from './deployment.ts';
import { formatSelector, selectorMatches } from './deployment-selector.ts';
import { rolloutBounds } from './deployment-strategy.ts';

function codes(spec: Readonly<Record<string, unknown>>, apiVersion = 'apps/v1'): readonly string[] {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web' }] } };
  const whole = { selector: { matchLabels: { app: 'web' } }, template, ...spec };
  const { diagnostics } = decodeObject({ apiVersion, kind: 'Deployment', metadata: { name: 'web' }, spec: whole });
  return diagnostics.map(({ code, path }) => `${code} ${path}`);
}

test('a Deployment as people write it is accepted, with what has no effect here', () => {
  assert.deepEqual(codes({}), []);
  const more = { minReadySeconds: 3, revisionHistoryLimit: 2, progressDeadlineSeconds: 60, paused: true, replicas: 0 };
  assert.deepEqual(codes({ ...more, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: '50%' } } }), []);
});

for (const [what, spec, expected] of [
  ['a selector of other labels', { selector: { matchLabels: { app: 'other' } } }, 'SP0502 spec.selector'],
  ['an empty selector', { selector: {} }, 'SP0502 spec.selector'],
  [
    'an expression that does not fit',
    { selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } },
    'SP0502 spec.selector',
  ],
  ['a negative number', { replicas: -1 }, 'SP0108 spec.replicas'],
  [
    'a word for a number',
    { strategy: { rollingUpdate: { maxSurge: 'all' } } },
    'SP0109 spec.strategy.rollingUpdate.maxSurge',
  ],
  [
    'bounds under which nothing moves',
    { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
    'SP0503 spec.strategy.rollingUpdate',
  ],
  [
    'bounds of Recreate',
    { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    'SP0503 spec.strategy.rollingUpdate',
  ],
  [
    'pods that end',
    {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web' }], restartPolicy: 'Never' },
      },
    },
    'SP0504 spec.template.spec.restartPolicy',
  ],
  [
    'a label that is none',
    { template: { metadata: { labels: { app: 'web', b: '/' } }, spec: { containers: [{ name: 'web' }] } } },
    'SP0203 spec.template.metadata.labels.b',
  ],
] as const) {
  test(`${what} is named`, () => assert.deepEqual(codes(spec), [expected]));
}

test('versions of before apps/v1 are named with the right one', () => {
  assert.deepEqual(codes({}, 'extensions/v1beta1'), ['SP0102 apiVersion']);
  assert.deepEqual(codes({}, 'apps/v1beta2'), ['SP0103 apiVersion']);
});

test('expressions of a selector', () => {
  const labels = { app: 'web', tier: 'front' };
  for (const [operator, values, fits] of [
    ['In', ['front', 'back'], true],
    ['NotIn', ['front'], false],
    ['Exists', undefined, true],
    ['DoesNotExist', undefined, false],
  ] as const) {
    const part = { key: 'tier', operator, ...(values === undefined ? {} : { values }) };
    assert.equal(selectorMatches({ matchExpressions: [part] }, labels), fits, operator);
  }
  assert.equal(
    formatSelector({ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['d', 'e'] }] }),
    'a=b,c in (d,e)',
  );
});

test('bounds: a quarter above, rounded up, and a quarter missing, rounded down', () => {
  for (const [replicas, surge, unavailable] of [
    [1, 1, 0],
    [3, 1, 0],
    [4, 1, 1],
    [10, 3, 2],
  ] as const) {
    assert.deepEqual(rolloutBounds(undefined, replicas), { surge, unavailable });
  }
  assert.deepEqual(rolloutBounds({ rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } }, 3), {
    surge: 0,
    unavailable: 1,
  });
});

test('what is wrong stands in the notes', () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  const spec = { selector: {}, template: { spec: { containers: [{ name: 'web' }] } } };
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'NotReady', message: 'why\nlog' }];
  assert.deepEqual(deploymentKind.notes?.({ ...object, spec, status: { conditions } }), ['NotReady: why\nlog']);
  assert.deepEqual(deploymentKind.notes?.({ ...object, spec }), []);
});
