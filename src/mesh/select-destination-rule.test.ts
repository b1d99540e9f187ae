// Which DestinationRule holds (istio-semantics 4.1): the order of namespaces, hosts within one, labels, merging.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { emptyMesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';
import { selectDestinationRule } from './select-destination-rule.ts';
import { matchesLabels } from './selector.ts';

interface Given {
  readonly namespace: string;
  readonly host: string;
  readonly subsets?: readonly string[];
  /** Load balancer. */
  readonly simple?: string;
  readonly exportTo?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Named r0, r1, … and each a second younger than the one before. */
function rulesOf(given: readonly Given[]) {
  const objects = given.map(
    ({ namespace, host, subsets = [], simple, exportTo, labels }, index): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: `r${index}`, namespace, creationTimestamp: `2026-01-01T00:00:0${index}Z` },
      spec: {
        host,
        subsets: subsets.map((name) => ({ name })),
        ...(simple === undefined ? {} : { trafficPolicy: { loadBalancer: { simple } } }),
        ...(exportTo === undefined ? {} : { exportTo }),
        ...(labels === undefined ? {} : { workloadSelector: { matchLabels: labels } }),
      },
    }),
  );
  const change = createMeshObjects().translate(objects.map((object) => ({ type: 'ADDED', object })));
  return updateMesh(emptyMesh, change).mesh.destinationRules;
}

function client(namespace: string, labels: Readonly<Record<string, string>> = {}) {
  return { namespace, matches: (selector: ReadonlyMap<string, string>) => matchesLabels(selector, labels) };
}

const host = 'api.example.com';
const table: readonly (readonly [string, readonly Given[], string, string | undefined])[] = [
  [
    'the client’s namespace comes first',
    [
      { namespace: 'svc', host },
      { namespace: 'app', host },
    ],
    'app',
    'r1',
  ],
  [
    'then the service’s',
    [
      { namespace: 'istio-system', host },
      { namespace: 'svc', host },
    ],
    'app',
    'r1',
  ],
  [
    'then the root’s',
    [
      { namespace: 'third', host },
      { namespace: 'istio-system', host },
    ],
    'app',
    'r1',
  ],
  ['a third namespace’s is never found', [{ namespace: 'third', host }], 'app', undefined],
  [
    'a wildcard near the client beats an exact host further away',
    [
      { namespace: 'svc', host },
      { namespace: 'app', host: '*.example.com' },
    ],
    'app',
    'r1',
  ],
  [
    'in one namespace the most specific host',
    [
      { namespace: 'app', host: '*.com' },
      { namespace: 'app', host: '*.example.com' },
      { namespace: 'app', host: '*' },
    ],
    'app',
    'r1',
  ],
  [
    'a private rule of the service’s namespace is not for others',
    [{ namespace: 'svc', host, exportTo: ['.'] }],
    'app',
    undefined,
  ],
  [
    'a client in the root namespace asks the service’s before the root’s',
    [
      { namespace: 'istio-system', host },
      { namespace: 'svc', host },
    ],
    'istio-system',
    'r1',
  ],
  [
    'but its own private rules first',
    [
      { namespace: 'svc', host },
      { namespace: 'istio-system', host, exportTo: ['.'] },
    ],
    'istio-system',
    'r1',
  ],
  ['labels that the client lacks', [{ namespace: 'app', host, labels: { app: 'other' } }], 'app', undefined],
  ['a selector does not reach out of its namespace', [{ namespace: 'svc', host, labels: {} }], 'app', undefined],
];

for (const [name, given, namespace, expected] of table) {
  test(name, () => {
    assert.equal(selectDestinationRule(rulesOf(given), host, 'svc', client(namespace))?.name, expected);
  });
}

test('a rule for the client’s labels beats an older one for all', () => {
  const rules = rulesOf([
    { namespace: 'app', host },
    { namespace: 'app', host, labels: { app: 'echo' } },
  ]);
  assert.equal(selectDestinationRule(rules, host, 'svc', client('app', { app: 'echo' }))?.name, 'r1');
  assert.equal(selectDestinationRule(rules, host, 'svc', client('app'))?.name, 'r0');
});

test('rules of one host and namespace give their subsets together, the oldest its policy; the result stays the same object', () => {
  const rules = rulesOf([
    { namespace: 'app', host, subsets: ['v1'] },
    { namespace: 'app', host, subsets: ['v1', 'v2'] },
    { namespace: 'app', host, subsets: ['v3'], exportTo: ['.'] },
  ]);
  const merged = selectDestinationRule(rules, host, 'svc', client('app'));
  assert.deepEqual([merged?.name, merged?.subsets.map(({ name }) => name)], ['r0', ['v1', 'v2']]);
  assert.equal(selectDestinationRule(rules, host, 'svc', client('app')), merged);
});

test('of merged rules the first policy holds, whole', () => {
  const rules = rulesOf([
    { namespace: 'app', host, subsets: ['v1'] },
    { namespace: 'app', host, simple: 'RANDOM' },
    { namespace: 'app', host, simple: 'ROUND_ROBIN', subsets: ['v2'] },
  ]);
  const merged = selectDestinationRule(rules, host, 'svc', client('app'));
  assert.equal(merged?.policy.loadBalancer?.simple, 'RANDOM');
  assert.deepEqual(
    merged?.subsets.map(({ name }) => name),
    ['v1', 'v2'],
  );
});

test('rules that are exported otherwise are not merged, nor those for chosen workloads', () => {
  const others: readonly Partial<Given>[] = [{ exportTo: ['.'] }, { labels: { app: 'echo' } }];
  for (const other of others) {
    const rules = rulesOf([
      { namespace: 'app', host },
      { namespace: 'app', host, simple: 'RANDOM', subsets: ['v2'], ...other },
    ]);
    const merged = selectDestinationRule(rules, host, 'svc', client('app'));
    assert.deepEqual([merged?.policy.loadBalancer, merged?.subsets], [undefined, []]);
  }
});
