import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePodKey, parseRequest, podSpecSchema } from './requests.ts';

const spec = {
  uid: 'u',
  workload: 'w',
  hostname: 'w-1',
  command: ['true'],
  env: { PATH: '/bin' },
  cwd: '/',
  user: { uid: 0, gid: 0, groups: [] },
  ports: [],
  bootstrap: '{}',
  envoyArgs: [],
  restartPolicy: 'Always',
};

test('names that would leave their folder are refused', () => {
  assert.deepEqual(parsePodKey('default', 'web-1.a'), { namespace: 'default', name: 'web-1.a' });
  for (const name of ['..', '.', '', 'a/b', '../x', 'A', 'a\0', `${'a'.repeat(300)}`, '-a', 'a-']) {
    assert.throws(() => parsePodKey('default', name), { code: 'SP_BAD_REQUEST' }, name);
    assert.throws(() => parsePodKey(name, 'a'), { code: 'SP_BAD_REQUEST' }, name);
  }
});

test('a spec is taken as it is, or the first fault is named', () => {
  assert.deepEqual(parseRequest(podSpecSchema, spec), spec);
  const faults = [
    [{ ...spec, cwd: 'here' }, /^cwd: must be an absolute path/],
    [{ ...spec, command: ['a\0b'] }, /^command\.0: must not contain NUL/],
    [{ ...spec, user: { uid: -1, gid: 0, groups: [] } }, /^user\.uid: /],
    [{ ...spec, more: 1 }, /more/],
    [undefined, /^body: /],
  ] as const;
  for (const [body, message] of faults) {
    assert.throws(() => parseRequest(podSpecSchema, body), { code: 'SP_BAD_REQUEST', message });
  }
});
