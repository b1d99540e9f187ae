// What every object store does, whichever it is: each implementation runs this suite unchanged with a factory of
// its own. It relies on nothing but the interface: a resourceVersion is opaque, and other objects may exist.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type KubeObject, keyOf, type ObjectKey } from '../../src/api/object.ts';
import { GoneError, NotFoundError, OwnedByFileError } from '../../src/store/errors.ts';
import type { ApplyOptions, ObjectStore, WatchBatch } from '../../src/store/store.ts';

export interface StoreFixture {
  readonly store: ObjectStore;
  /** Makes every resourceVersion up to now too old to watch from. */
  forgetHistory(): Promise<void>;
  /** Removes what the fixture made; closes the store. */
  dispose(): Promise<void>;
}

const entries = { group: 'networking.istio.io', kind: 'ServiceEntry' };
const namespaces = { group: '', kind: 'Namespace' };

export function storeContract(name: string, createFixture: () => Promise<StoreFixture>): void {
  describe(`object store contract: ${name}`, () => {
    let fixture: StoreFixture;
    let store: ObjectStore;
    let namespace: string;

    beforeEach(async () => {
      fixture = await createFixture();
      store = fixture.store;
      namespace = `contract-${randomUUID().slice(0, 8)}`;
    });
    afterEach(() => fixture.dispose());

    function entry(
      objectName: string,
      hosts: readonly string[] = ['a.example'],
      more: Partial<KubeObject> = {},
    ): KubeObject {
      return {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: objectName, namespace },
        spec: { hosts },
        ...more,
      };
    }
    const key = (objectName: string): ObjectKey => ({ ...entries, namespace, name: objectName });

    async function applyOne(object: KubeObject, options?: ApplyOptions) {
      const [result] = await store.apply([object], options);
      assert.ok(result);
      return result;
    }
    async function get(objectName: string): Promise<KubeObject> {
      const object = await store.get(key(objectName));
      assert.ok(object, `${objectName} is there`);
      return object;
    }
    const items = async () => (await store.list({ ...entries, namespace })).items;

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
          metadata: { name: 'a', namespace, labels: { [value]: '1' }, annotations: { [value]: '2' } },
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
        await store.updateStatus(key('a'), { ok: true });
        const { object } = await applyOne(entry('a', ['b.example'], { status: { ok: false } }));
        assert.deepEqual(object.status, { ok: true });
      });

      test('answers in the order of the objects', async () => {
        await store.apply([entry('b')]);
        const results = await store.apply([entry('c'), entry('b'), entry('a')]);
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
          metadata: { name: 'm', namespace },
          data: { value },
        });
        assert.equal((await applyOne(map('1'))).outcome, 'created');
        assert.equal((await applyOne(map('1'))).outcome, 'unchanged');
        const { outcome, object } = await applyOne(map('2'));
        assert.equal(outcome, 'configured');
        assert.deepEqual(object.data, { value: '2' });
      });

      test('creates the Namespace of an object', async () => {
        await applyOne(entry('a'));
        const found = await store.get({ ...namespaces, namespace: '', name: namespace });
        assert.equal(found?.kind, 'Namespace');
      });

      test('names that mean something to JavaScript are plain names', async () => {
        const names = ['constructor', 'prototype', 'valueof'];
        await store.apply(names.map((name) => entry(name)));
        assert.deepEqual(
          (await items()).map(({ metadata }) => metadata.name),
          names,
        );
        assert.equal(await store.get(key('tostring')), undefined);
      });
    });

    describe('reading', () => {
      test('lists by namespace, then name, and only the collection', async () => {
        await store.apply(['c', 'a', 'b'].map((name) => entry(name)));
        await applyOne({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace }, data: {} });
        const other = `${namespace}-2`;
        await applyOne(entry('0', [], { metadata: { name: '0', namespace: other } }));
        assert.deepEqual(
          (await items()).map(({ metadata }) => metadata.name),
          ['a', 'b', 'c'],
        );
        const all = (await store.list(entries)).items.filter(({ metadata }) =>
          metadata.namespace?.startsWith(namespace),
        );
        assert.deepEqual(
          all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
          [`${namespace}/a`, `${namespace}/b`, `${namespace}/c`, `${other}/0`],
        );
      });

      test('knows no object that is not there', async () => {
        assert.equal(await store.get(key('missing')), undefined);
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

    describe('patch', () => {
      const accept = (patched: unknown) => Object(patched);

      test('merges into the stored object', async () => {
        await applyOne(entry('a', ['a.example'], { spec: { hosts: ['a.example'], location: 'MESH_EXTERNAL' } }));
        const { outcome, object } = await store.patch(
          key('a'),
          { metadata: { labels: { x: 'y' } }, spec: { location: null } },
          accept,
        );
        assert.equal(outcome, 'configured');
        assert.deepEqual(object.spec, { hosts: ['a.example'] });
        assert.deepEqual(object.metadata.labels, { x: 'y' });
        assert.equal(object.metadata.generation, 2);
        assert.equal(
          (await store.patch(key('a'), { metadata: { labels: { x: null } } }, accept)).object.metadata.labels,
          undefined,
        );
      });

      test('says when it changed nothing', async () => {
        await applyOne(entry('a'));
        assert.equal((await store.patch(key('a'), {}, accept)).outcome, 'unchanged');
      });

      test('stores nothing that validate refuses', async () => {
        const { object } = await applyOne(entry('a'));
        const refuse = () => {
          throw new RangeError('no');
        };
        await assert.rejects(store.patch(key('a'), { spec: { hosts: [] } }, refuse), RangeError);
        assert.deepEqual(await get('a'), object);
      });

      test('cannot rename an object', async () => {
        await applyOne(entry('a'));
        await assert.rejects(store.patch(key('a'), { metadata: { name: 'b' } }, accept));
        assert.equal(await store.get(key('b')), undefined);
      });

      test('needs an object', async () => {
        await assert.rejects(store.patch(key('a'), {}, accept), NotFoundError);
      });
    });

    describe('updateStatus', () => {
      test('replaces status and nothing else', async () => {
        const { object } = await applyOne(entry('a'));
        await store.updateStatus(key('a'), { first: 1, second: 1 });
        await store.updateStatus(key('a'), { first: 2 });
        const updated = await get('a');
        assert.deepEqual(updated.status, { first: 2 });
        assert.equal(updated.metadata.generation, 1);
        assert.notEqual(updated.metadata.resourceVersion, object.metadata.resourceVersion);
        assert.deepEqual(updated.spec, object.spec);
      });

      test('writes nothing when the status is equal', async () => {
        await applyOne(entry('a'));
        await store.updateStatus(key('a'), { x: 1, y: 2 });
        const before = await get('a');
        await store.updateStatus(key('a'), { y: 2, x: 1 });
        assert.deepEqual(await get('a'), before);
      });

      test('needs an object', async () => {
        await assert.rejects(store.updateStatus(key('a'), {}), NotFoundError);
      });
    });

    describe('delete', () => {
      test('removes the object; created again it is another one', async () => {
        const first = await applyOne(entry('a'));
        await store.delete(key('a'));
        assert.equal(await store.get(key('a')), undefined);
        const second = await applyOne(entry('a'));
        assert.equal(second.outcome, 'created');
        assert.notEqual(second.object.metadata.uid, first.object.metadata.uid);
        assert.equal(second.object.metadata.generation, 1);
      });

      test('needs an object', async () => {
        await assert.rejects(store.delete(key('a')), NotFoundError);
      });
    });

    describe('objects of files', () => {
      const ownerFile = '/etc/mesh/a.yaml';

      test('are refused to everybody else, with the name of the file', async () => {
        const { object } = await applyOne(entry('a'), { ownerFile });
        const refused = (error: unknown) => error instanceof OwnedByFileError && error.message.includes(ownerFile);
        await assert.rejects(store.apply([entry('a', ['b.example'])]), refused);
        await assert.rejects(store.apply([entry('a', ['b.example'])], { ownerFile: '/etc/mesh/b.yaml' }), refused);
        await assert.rejects(store.patch(key('a'), { spec: null }, Object), refused);
        await assert.rejects(store.delete(key('a')), refused);
        assert.deepEqual(await get('a'), object);
      });

      test('a refused object refuses the whole apply', async () => {
        await applyOne(entry('b'), { ownerFile });
        await assert.rejects(store.apply([entry('a'), entry('b', [])]), OwnedByFileError);
        assert.equal(await store.get(key('a')), undefined);
      });

      test('are changed and deleted by their file, and reported on by anybody', async () => {
        await applyOne(entry('a'), { ownerFile });
        assert.equal((await applyOne(entry('a', ['b.example']), { ownerFile })).outcome, 'configured');
        await store.updateStatus(key('a'), { ok: true });
        await store.delete(key('a'), { ownerFile });
        assert.equal((await applyOne(entry('a'))).outcome, 'created');
      });
    });

    describe('watch', () => {
      let stop: AbortController;
      beforeEach(() => {
        stop = new AbortController();
      });
      afterEach(() => stop.abort());

      async function watchFromNow(collections = [{ ...entries, namespace }]) {
        const { resourceVersion } = await store.list({ ...entries, namespace });
        return store.watch(collections, resourceVersion, stop.signal)[Symbol.asyncIterator]();
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
        await store.updateStatus(key('a'), { ok: true });
        await store.delete(key('a'));
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
        await store.delete(key('a'));
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
        const elsewhere = entry('x', [], { metadata: { name: 'x', namespace: `${namespace}-2` } });
        const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace }, data: {} };
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
        const later = store.watch([{ ...entries, namespace }], resourceVersion, stop.signal)[Symbol.asyncIterator]();
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
        await fixture.forgetHistory();
        await assert.rejects(batches.next(), GoneError);
        assert.deepEqual(
          (await items()).map((object) => keyOf(object).name),
          ['a'],
        );
      });
    });
  });
}
