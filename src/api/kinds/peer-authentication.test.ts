// PeerAuthentication as people write it: what is taken, what is refused, and where.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../decode.ts';

function found(spec: unknown, apiVersion = 'security.istio.io/v1'): readonly string[] {
  const object = { apiVersion, kind: 'PeerAuthentication', metadata: { name: 'a', namespace: 'shop' }, spec };
  return decodeObject(object).diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

const selector = { matchLabels: { app: 'web' } };
const STRICT = { mode: 'STRICT' };

const table: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['nothing at all', undefined, []],
  ['a mode for a namespace', { mtls: STRICT }, []],
  ['a mode by port', { selector, mtls: { mode: 'UNSET' }, portLevelMtls: { 8080: { mode: 'DISABLE' } } }, []],
  ['a selector without labels', { selector: {}, mtls: STRICT }, ['warning SP1701 spec.selector']],
  ['ports of nobody', { portLevelMtls: { 80: STRICT } }, ['error SP1702 spec.portLevelMtls']],
  [
    'ports of a selector without labels',
    { selector: { matchLabels: {} }, portLevelMtls: { 80: STRICT } },
    ['warning SP1701 spec.selector', 'error SP1702 spec.portLevelMtls'],
  ],
  ['no port', { selector, portLevelMtls: {} }, ['error SP1703 spec.portLevelMtls']],
  [
    'what is no port',
    { selector, portLevelMtls: { 0: STRICT, 65536: STRICT, http: STRICT } },
    ['0', '65536', 'http'].map((port) => `error SP1703 spec.portLevelMtls${port === 'http' ? '.http' : `["${port}"]`}`),
  ],
  ['an unknown mode', { mtls: { mode: 'MUTUAL' } }, ['error SP0107 spec.mtls.mode']],
  ['an unknown field', { mtls: STRICT, portLevelMTLS: {} }, ['error SP0104 spec.portLevelMTLS']],
];

for (const [name, spec, expected] of table) {
  test(name, () => assert.deepEqual(found(spec), expected));
}

test('v1beta1 is taken too, and no other version', () => {
  assert.deepEqual(found({ mtls: STRICT }, 'security.istio.io/v1beta1'), []);
  assert.match(found({ mtls: STRICT }, 'security.istio.io/v1alpha1').join(), /SP0103/);
});
