// Which PeerAuthentication holds for a workload: the narrowest that says something, of several the oldest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MtlsMode, PeerAuthentication } from './peer-authentication.ts';
import { mtlsModeAt } from './peer-authentication.ts';
import { selectPeerMtls } from './select-peer-mtls.ts';
import { matchesLabels, selectorOf } from './selector.ts';

interface Given {
  readonly namespace?: string;
  readonly app?: string;
  readonly mode?: MtlsMode;
  readonly ports?: Readonly<Record<number, MtlsMode | undefined>>;
}

/** In the order of their age. */
function selected(given: readonly Given[], { namespace = 'shop', app = 'web' } = {}) {
  const all = given.map(
    ({ namespace: own = 'shop', app: chosen, mode, ports = {} }, index): PeerAuthentication => ({
      namespace: own,
      name: `p${index}`,
      createdAt: `2026-01-01T00:00:0${index}Z`,
      workloadSelector: chosen === undefined ? undefined : selectorOf({ app: chosen }),
      mode,
      ports: new Map(Object.entries(ports).map(([port, said]) => [Number(port), said])),
    }),
  );
  const byNamespace = { get: (name: string) => all.filter((one) => one.namespace === name) };
  return selectPeerMtls(byNamespace, { namespace, matches: (selector) => matchesLabels(selector, { app }) });
}

const root = 'istio-system';

const table: readonly (readonly [string, readonly Given[], MtlsMode | undefined])[] = [
  ['nobody', [], undefined],
  ['the mesh', [{ namespace: root, mode: 'STRICT' }], 'STRICT'],
  ['the namespace before the mesh', [{ namespace: root, mode: 'STRICT' }, { mode: 'DISABLE' }], 'DISABLE'],
  ['the workload before the namespace', [{ mode: 'STRICT' }, { app: 'web', mode: 'DISABLE' }], 'DISABLE'],
  ['not for another workload', [{ app: 'db', mode: 'STRICT' }], undefined],
  ['not for another namespace', [{ namespace: 'other', mode: 'STRICT' }], undefined],
  ['the oldest of the namespace', [{ mode: 'PERMISSIVE' }, { mode: 'STRICT' }], 'PERMISSIVE'],
  [
    'the oldest of the workload',
    [
      { app: 'web', mode: 'STRICT' },
      { app: 'web', mode: 'DISABLE' },
    ],
    'STRICT',
  ],
  ['what is left open is the next one’s', [{ namespace: root, mode: 'STRICT' }, {}, { app: 'web' }], 'STRICT'],
  ['the oldest that leaves it open hides the others of its level', [{}, { mode: 'STRICT' }], undefined],
  [
    'a choice of the root namespace holds for none elsewhere',
    [{ namespace: root, app: 'web', mode: 'STRICT' }],
    undefined,
  ],
];

for (const [name, given, expected] of table) {
  test(name, () => assert.equal(selected(given).mode, expected));
}

test('a workload of the root namespace is chosen there, and asked once for its namespace and the mesh', () => {
  const given = [
    { namespace: root, mode: 'STRICT' },
    { namespace: root, app: 'web', mode: 'DISABLE' },
  ] as const;
  assert.equal(selected(given, { namespace: root }).mode, 'DISABLE');
  assert.equal(selected(given, { namespace: root, app: 'db' }).mode, 'STRICT');
});

test('a port has the mode of the object that chooses the workload, else the workload’s, else the mesh’s', () => {
  const peers = selected([{ mode: 'STRICT' }, { app: 'web', ports: { 8080: 'DISABLE', 9000: undefined } }]);
  const modes = [8080, 9000, 80].map((port) => mtlsModeAt(port, peers, { mtlsMode: 'PERMISSIVE' }));
  assert.deepEqual(modes, ['DISABLE', 'STRICT', 'STRICT']);
  assert.equal(mtlsModeAt(80, selected([]), { mtlsMode: 'STRICT' }), 'STRICT');
});
