// The contract's part on changing and deleting objects, and on those that belong to a file.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConflictError, NotFoundError, OwnedByFileError } from '../../src/store/errors.ts';
import type { ContractScope } from './contract-scope.ts';

/** Registers its tests. */
export function changesContract(scope: ContractScope): void {
  const { entry, key, applyOne, get } = scope;
  describe('patch', () => {
    const accept = (patched: unknown) => Object(patched);

    test('merges into the stored object', async () => {
      await applyOne(entry('a', ['a.example'], { spec: { hosts: ['a.example'], location: 'MESH_EXTERNAL' } }));
      const { outcome, object } = await scope.store.patch(
        key('a'),
        { metadata: { labels: { x: 'y' } }, spec: { location: null } },
        accept,
      );
      assert.equal(outcome, 'configured');
      assert.deepEqual(object.spec, { hosts: ['a.example'] });
      assert.deepEqual(object.metadata.labels, { x: 'y' });
      assert.equal(object.metadata.generation, 2);
      assert.equal(
        (await scope.store.patch(key('a'), { metadata: { labels: { x: null } } }, accept)).object.metadata.labels,
        undefined,
      );
    });

    test('says when it changed nothing', async () => {
      await applyOne(entry('a'));
      assert.equal((await scope.store.patch(key('a'), {}, accept)).outcome, 'unchanged');
    });

    test('stores nothing that validate refuses', async () => {
      const { object } = await applyOne(entry('a'));
      const refuse = () => {
        throw new RangeError('no');
      };
      await assert.rejects(scope.store.patch(key('a'), { spec: { hosts: [] } }, refuse), RangeError);
      assert.deepEqual(await get('a'), object);
    });

    test('cannot rename an object', async () => {
      await applyOne(entry('a'));
      await assert.rejects(scope.store.patch(key('a'), { metadata: { name: 'b' } }, accept));
      assert.equal(await scope.store.get(key('b')), undefined);
    });

    test('needs an object', async () => {
      await assert.rejects(scope.store.patch(key('a'), {}, accept), NotFoundError);
    });
  });

  describe('patchStatus', () => {
    const messages = (key: ReturnType<typeof scope.key>, text: string | null) => ({ key, patch: { messages: text } });

    test('merges into the status of several objects, and leaves all else as it is', async () => {
      const { object } = await applyOne(entry('a'));
      await applyOne(entry('b'));
      await scope.store.updateStatus(key('a'), { other: 1 });
      await scope.store.patchStatus([messages(key('a'), 'x'), messages(key('gone'), 'x'), messages(key('b'), 'y')]);
      assert.deepEqual((await get('a')).status, { other: 1, messages: 'x' });
      assert.deepEqual((await get('b')).status, { messages: 'y' });
      assert.deepEqual((await get('a')).spec, object.spec);
      assert.equal((await get('a')).metadata.generation, 1);
      assert.equal((await applyOne(entry('a'))).outcome, 'unchanged');
      await scope.store.patchStatus([messages(key('a'), null), messages(key('b'), null)]);
      assert.deepEqual((await get('a')).status, { other: 1 });
      assert.equal((await get('b')).status, undefined);
    });

    test('writes nothing where nothing differs', async () => {
      await applyOne(entry('a'));
      await scope.store.patchStatus([messages(key('a'), 'x')]);
      const before = await get('a');
      await scope.store.patchStatus([messages(key('a'), 'x')]);
      assert.deepEqual(await get('a'), before);
    });
  });

  describe('updateStatus', () => {
    test('replaces status and nothing else', async () => {
      const { object } = await applyOne(entry('a'));
      await scope.store.updateStatus(key('a'), { first: 1, second: 1 });
      await scope.store.updateStatus(key('a'), { first: 2 });
      const updated = await get('a');
      assert.deepEqual(updated.status, { first: 2 });
      assert.equal(updated.metadata.generation, 1);
      assert.notEqual(updated.metadata.resourceVersion, object.metadata.resourceVersion);
      assert.deepEqual(updated.spec, object.spec);
    });

    test('writes nothing when the status is equal', async () => {
      await applyOne(entry('a'));
      await scope.store.updateStatus(key('a'), { x: 1, y: 2 });
      const before = await get('a');
      await scope.store.updateStatus(key('a'), { y: 2, x: 1 });
      assert.deepEqual(await get('a'), before);
    });

    test('needs an object', async () => {
      await assert.rejects(scope.store.updateStatus(key('a'), {}), NotFoundError);
    });
  });

  describe('delete', () => {
    test('removes the object; created again it is another one', async () => {
      const first = await applyOne(entry('a'));
      await scope.store.delete(key('a'));
      assert.equal(await scope.store.get(key('a')), undefined);
      const second = await applyOne(entry('a'));
      assert.equal(second.outcome, 'created');
      assert.notEqual(second.object.metadata.uid, first.object.metadata.uid);
      assert.equal(second.object.metadata.generation, 1);
    });

    test('needs an object', async () => {
      await assert.rejects(scope.store.delete(key('a')), NotFoundError);
    });

    test('spares what has changed since it was seen', async () => {
      const { object: seen } = await applyOne(entry('a'));
      const { object: changed } = await applyOne(entry('a', ['b.example']));
      const version = ({ metadata: { resourceVersion = '' } }: typeof seen) => ({ resourceVersion });
      await assert.rejects(scope.store.delete(key('a'), version(seen)), ConflictError);
      assert.deepEqual(await get('a'), changed);
      await scope.store.delete(key('a'), version(changed));
      assert.equal(await scope.store.get(key('a')), undefined);
    });
  });

  describe('objects of files', () => {
    const ownerFile = '/etc/mesh/a.yaml';

    test('are refused to everybody else, with the name of the file', async () => {
      const { object } = await applyOne(entry('a'), { ownerFile });
      const refused = (error: unknown) => error instanceof OwnedByFileError && error.message.includes(ownerFile);
      await assert.rejects(scope.store.apply([entry('a', ['b.example'])]), refused);
      await assert.rejects(scope.store.apply([entry('a', ['b.example'])], { ownerFile: '/etc/mesh/b.yaml' }), refused);
      await assert.rejects(scope.store.patch(key('a'), { spec: null }, Object), refused);
      await assert.rejects(scope.store.delete(key('a')), refused);
      assert.deepEqual(await get('a'), object);
    });

    test('a refused object refuses the whole apply', async () => {
      await applyOne(entry('b'), { ownerFile });
      await assert.rejects(scope.store.apply([entry('a'), entry('b', ['b.example'])]), OwnedByFileError);
      assert.equal(await scope.store.get(key('a')), undefined);
    });

    test('are changed and deleted by their file, and reported on by anybody', async () => {
      await applyOne(entry('a'), { ownerFile });
      assert.equal((await applyOne(entry('a', ['b.example']), { ownerFile })).outcome, 'configured');
      await scope.store.updateStatus(key('a'), { ok: true });
      await scope.store.delete(key('a'), { ownerFile });
      assert.equal((await applyOne(entry('a'))).outcome, 'created');
    });
  });
}
