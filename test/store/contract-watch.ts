// The contract's part on watching.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type KubeObject, keyOf } from '../../src/api/object.ts';
import { GoneError } from '../../src/store/errors.ts';
import type { WatchBatch } from '../../src/store/store.ts';
import { type ContractScope, entries } from './contract-scope.ts';

/** Registers its tests. */
export function watchContract(scope: ContractScope): void {
  const { entry, key, applyOne, items } = scope;
  describe('watch', () => {
    let stop: AbortController;
    beforeEach(() => {
      stop = new AbortController();
    });
    afterEach(() => stop.abort());

    async function watchFromNow(collections = [{ ...entries, namespace: scope.namespace }]) {
      const { resourceVersion } = await scope.store.list({ ...entries, namespace: scope.namespace });
      return scope.store.watch(collections, resourceVersion, stop.signal)[Symbol.asyncIterator]();
    }
    async function next(batches: AsyncIterator<WatchBatch>): Promise<WatchBatch> {
      const result = await batches.next();
      assert.ok(!result.done, 'another batch comes');
      return result.value;
    }
    const told = ({ events }: WatchBatch) => events.map(({ type, object }) => `${type} ${object.metadata.name}`);

    test('tells what happened since the list, in order', async () => {
      const batches = await watchFromNow();
      await applyOne(entry('a'));
      await applyOne(entry('a', ['b.example']));
      await scope.store.updateStatus(key('a'), { ok: true });
      await scope.store.delete(key('a'));
      assert.deepEqual(told(await next(batches)), ['ADDED a']);
      assert.deepEqual(told(await next(batches)), ['MODIFIED a']);
      assert.deepEqual(told(await next(batches)), ['MODIFIED a']);
      assert.deepEqual(told(await next(batches)), ['DELETED a']);
    });

    test('wakes one that waits', async () => {
      const batches = await watchFromNow();
      const waiting = next(batches);
      await applyOne(entry('a'));
      assert.deepEqual(told(await waiting), ['ADDED a']);
    });

    test('gives the object as it is and as it was', async () => {
      const { object: previous } = await applyOne(entry('a'));
      const batches = await watchFromNow();
      const { object } = await applyOne(entry('a', ['b.example']));
      assert.deepEqual((await next(batches)).events, [{ type: 'MODIFIED', object, previous }]);
      await scope.store.delete(key('a'));
      const [deleted] = (await next(batches)).events;
      assert.deepEqual(deleted?.object.spec, object.spec);
    });

    test('says nothing of what changed nothing', async () => {
      await applyOne(entry('a'));
      const batches = await watchFromNow();
      await applyOne(entry('a'));
      await applyOne(entry('b'));
      assert.deepEqual(told(await next(batches)), ['ADDED b']);
    });

    test('shows only the collections that were asked for', async () => {
      const batches = await watchFromNow();
      const elsewhere = entry('x', ['a.example'], { metadata: { name: 'x', namespace: `${scope.namespace}-2` } });
      const map: KubeObject = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'm', namespace: scope.namespace },
        data: {},
      };
      await applyOne(elsewhere);
      await applyOne(map);
      await applyOne(entry('a'));
      assert.deepEqual(told(await next(batches)), ['ADDED a']);
    });

    test('continues from the version of any batch', async () => {
      const batches = await watchFromNow();
      await applyOne(entry('a'));
      await applyOne(entry('b'));
      const { resourceVersion } = await next(batches);
      const later = scope.store
        .watch([{ ...entries, namespace: scope.namespace }], resourceVersion, stop.signal)
        [Symbol.asyncIterator]();
      assert.deepEqual(told(await next(later)), ['ADDED b']);
    });

    test('ends with the signal, without an error', async () => {
      const batches = await watchFromNow();
      const waiting = batches.next();
      stop.abort();
      assert.equal((await waiting).done, true);
    });

    test('refuses a version that is no longer kept', async () => {
      const batches = await watchFromNow();
      await applyOne(entry('a'));
      await scope.forgetHistory();
      await assert.rejects(batches.next(), GoneError);
      assert.deepEqual(
        (await items()).map((object) => keyOf(object).name),
        ['a'],
      );
    });
  });
}
