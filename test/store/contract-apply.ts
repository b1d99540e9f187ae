// The contract's part on applying and reading objects.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../src/api/object.ts';
import { type ContractScope, entries } from './contract-scope.ts';

/** Registers its tests. */
export function applyContract(scope: ContractScope): void {
  const { entry, key, applyOne, get, items } = scope;
  describe('apply', () => {
    test('creates an object with uid, generation 1, creation time and a resourceVersion', async () => {
      const { outcome, object } = await applyOne(entry('a'));
      assert.equal(outcome, 'created');
      assert.match(object.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(object.metadata.generation, 1);
      assert.match(object.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(object.metadata.resourceVersion);
      assert.deepEqual(await get('a'), object);
      assert.deepEqual(object.spec, { hosts: ['a.example'] });
    });

    test('grows generation with spec and keeps uid and creation time', async () => {
      const first = await applyOne(entry('a'));
      const second = await applyOne(entry('a', ['b.example']));
      assert.equal(second.outcome, 'configured');
      assert.equal(second.object.metadata.generation, 2);
      assert.equal(second.object.metadata.uid, first.object.metadata.uid);
      assert.equal(second.object.metadata.creationTimestamp, first.object.metadata.creationTimestamp);
      assert.notEqual(second.object.metadata.resourceVersion, first.object.metadata.resourceVersion);
    });

    test('replaces labels and annotations without a new generation', async () => {
      const marks = (value: string) => ({
        metadata: { name: 'a', namespace: scope.namespace, labels: { [value]: '1' }, annotations: { [value]: '2' } },
      });
      await applyOne(entry('a', ['a.example'], marks('x')));
      const { outcome, object } = await applyOne(entry('a', ['a.example'], marks('y')));
      assert.equal(outcome, 'configured');
      assert.equal(object.metadata.generation, 1);
      assert.deepEqual(object.metadata.labels, { y: '1' });
      assert.deepEqual(object.metadata.annotations, { y: '2' });
      const bare = await applyOne(entry('a'));
      assert.equal(bare.object.metadata.labels, undefined);
    });

    test('changes nothing when nothing differs, in whatever order the keys stand', async () => {
      const first = await applyOne(entry('a', [], { spec: { hosts: ['a'], ports: [{ number: 80, name: 'http' }] } }));
      const again = await applyOne(entry('a', [], { spec: { ports: [{ name: 'http', number: 80 }], hosts: ['a'] } }));
      assert.equal(again.outcome, 'unchanged');
      assert.deepEqual(again.object, first.object);
    });

    test('does not mistake the order of a list for nothing', async () => {
      await applyOne(entry('a', ['x.example', 'y.example']));
      assert.equal((await applyOne(entry('a', ['y.example', 'x.example']))).outcome, 'configured');
    });

    test('ignores what only the store sets, so that its own output can be applied', async () => {
      const { object } = await applyOne(entry('a'));
      assert.equal((await applyOne(object)).outcome, 'unchanged');
      const metadata = { ...object.metadata, uid: randomUUID(), generation: 77 };
      assert.equal((await applyOne({ ...object, metadata })).outcome, 'unchanged');
    });

    test('keeps status and takes none', async () => {
      await applyOne(entry('a', ['a.example'], { status: { smuggled: true } }));
      assert.equal((await get('a')).status, undefined);
      await scope.store.updateStatus(key('a'), { ok: true });
      const { object } = await applyOne(entry('a', ['b.example'], { status: { ok: false } }));
      assert.deepEqual(object.status, { ok: true });
    });

    test('answers in the order of the objects', async () => {
      await scope.store.apply([entry('b')]);
      const results = await scope.store.apply([entry('c'), entry('b'), entry('a')]);
      assert.deepEqual(
        results.map(({ key, outcome }) => [key.name, outcome]),
        [
          ['c', 'created'],
          ['b', 'unchanged'],
          ['a', 'created'],
        ],
      );
    });

    test('data counts as spec does', async () => {
      const map = (value: string): KubeObject => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'm', namespace: scope.namespace },
        data: { value },
      });
      assert.equal((await applyOne(map('1'))).outcome, 'created');
      assert.equal((await applyOne(map('1'))).outcome, 'unchanged');
      const { outcome, object } = await applyOne(map('2'));
      assert.equal(outcome, 'configured');
      assert.deepEqual(object.data, { value: '2' });
    });

    test('names that mean something to JavaScript are plain names', async () => {
      const names = ['constructor', 'prototype', 'valueof'];
      await scope.store.apply(names.map((name) => entry(name)));
      assert.deepEqual(
        (await items()).map(({ metadata }) => metadata.name),
        names,
      );
      assert.equal(await scope.store.get(key('tostring')), undefined);
    });
  });

  describe('reading', () => {
    test('lists by namespace, then name, and only the collection', async () => {
      await scope.store.apply(['c', 'a', 'b'].map((name) => entry(name)));
      await applyOne({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'x', namespace: scope.namespace },
        data: {},
      });
      const other = `${scope.namespace}-2`;
      await applyOne(entry('0', ['a.example'], { metadata: { name: '0', namespace: other } }));
      assert.deepEqual(
        (await items()).map(({ metadata }) => metadata.name),
        ['a', 'b', 'c'],
      );
      const all = (await scope.store.list(entries)).items.filter(({ metadata }) =>
        metadata.namespace?.startsWith(scope.namespace),
      );
      assert.deepEqual(
        all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
        [`${scope.namespace}/a`, `${scope.namespace}/b`, `${scope.namespace}/c`, `${other}/0`],
      );
    });

    test('knows no object that is not there', async () => {
      assert.equal(await scope.store.get(key('missing')), undefined);
      assert.deepEqual(await items(), []);
    });

    test('hands out objects that cannot be changed', async () => {
      const given = { hosts: ['a.example'] };
      await applyOne(entry('a', [], { spec: given }));
      given.hosts.push('late.example');
      const object = await get('a');
      assert.deepEqual(object.spec, { hosts: ['a.example'] });
      assert.throws(
        () => Reflect.apply(Array.prototype.push, Reflect.get(Object(object.spec), 'hosts'), ['x']),
        TypeError,
      );
      assert.equal(Reflect.set(object.metadata, 'name', 'x'), false);
    });
  });
}
