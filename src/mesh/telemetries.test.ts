// Which Telemetries hold for whom, and what they come to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMesh, updateMesh } from './mesh.ts';
import { accessLogOf, selectTelemetries } from './select-telemetry.ts';
import { matchesLabels } from './selector.ts';
import type { AccessLogRule, Telemetry } from './telemetry.ts';

function telemetry(place: string, more: Partial<Telemetry> = {}): Telemetry {
  const [namespace = '', name = ''] = place.split('/');
  const common = { createdAt: '', workloadSelector: undefined, isForOthers: false, accessLogging: [], metrics: [] };
  return { ...common, namespace, name, ...more };
}

function rule(more: Partial<AccessLogRule> = {}): AccessLogRule {
  return { modes: ['CLIENT', 'SERVER'], isOurs: undefined, disabled: false, filter: undefined, ...more };
}

const chosen = new Map([['app', 'web']]);
const { mesh } = updateMesh(emptyMesh, {
  telemetries: [
    {
      before: [],
      after: [
        telemetry('istio-system/root'),
        telemetry('istio-system/chosen', { workloadSelector: chosen }),
        telemetry('shop/late', { createdAt: '2026-01-02T00:00:00Z' }),
        telemetry('shop/early', { createdAt: '2026-01-01T00:00:00Z' }),
        telemetry('shop/b', { workloadSelector: chosen }),
        telemetry('shop/a', { workloadSelector: chosen }),
        telemetry('shop/gateway', { isForOthers: true }),
      ],
    },
  ],
});

test('the root namespace’s come first, then the namespace’s, then those that choose the workload', () => {
  for (const [namespace, app, expected] of [
    ['shop', 'web', 'root early a b'],
    ['shop', 'other', 'root early'],
    ['nowhere', 'web', 'root'],
    ['istio-system', 'web', 'root chosen'],
  ] as const) {
    const matches = (selector: ReadonlyMap<string, string>) => matchesLabels(selector, { app });
    const names = selectTelemetries(mesh.telemetries, { namespace, matches }).map(({ name }) => name);
    assert.equal(names.join(' '), expected, `${namespace} ${app}`);
  }
});

const filter = 'response.code >= 400';
for (const [title, rules, client, server] of [
  ['nothing', [], undefined, undefined],
  ['off', [rule({ disabled: true })], { enabled: false }, { enabled: false }],
  ['a filter', [rule({ filter })], { enabled: true, filter }, { enabled: true, filter }],
  ['one mode', [rule({ modes: ['SERVER'], disabled: true })], undefined, { enabled: false }],
  [
    'on again',
    [rule({ disabled: true }), rule({ isOurs: true, filter })],
    { enabled: true, filter },
    { enabled: true, filter },
  ],
  ['on again without filter', [rule({ filter }), rule({ isOurs: true })], { enabled: true }, { enabled: true }],
  ['another provider', [rule({ isOurs: false })], { enabled: false }, { enabled: false }],
  ['another provider’s filter', [rule({ isOurs: false }), rule({ filter })], { enabled: false }, { enabled: false }],
] as const) {
  test(`access logs: ${title}`, () => {
    const telemetries = [telemetry('shop/one', { accessLogging: rules })];
    assert.deepEqual(accessLogOf(telemetries, 'CLIENT'), client);
    assert.deepEqual(accessLogOf(telemetries, 'SERVER'), server);
  });
}
