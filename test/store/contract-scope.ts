// What the tests of the store's contract share: a store of their own each, in a namespace of their own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach } from 'node:test';
import type { KubeObject, ObjectKey } from '../../src/api/object.ts';
import type { ApplyOptions, ApplyResult, ObjectStore } from '../../src/store/store.ts';

export interface StoreFixture {
  readonly store: ObjectStore;
  /** Makes every resourceVersion up to now too old to watch from. */
  forgetHistory(): Promise<void>;
  /** Removes what the fixture made; closes the store. */
  dispose(): Promise<void>;
}

export interface ContractScope {
  readonly store: ObjectStore;
  /** There, and empty; so is `<namespace>-2`. */
  readonly namespace: string;
  /** A ServiceEntry. */
  readonly entry: (name: string, hosts?: readonly string[], more?: Partial<KubeObject>) => KubeObject;
  /** Its key. */
  readonly key: (name: string) => ObjectKey;
  readonly applyOne: (object: KubeObject, options?: ApplyOptions) => Promise<ApplyResult>;
  /** The ServiceEntry of this name, which has to be there. */
  readonly get: (name: string) => Promise<KubeObject>;
  /** The ServiceEntries of the namespace. */
  readonly items: () => Promise<readonly KubeObject[]>;
  readonly forgetHistory: () => Promise<void>;
}

export const entries = { group: 'networking.istio.io', kind: 'ServiceEntry' };

/** Within a `describe`: every test in it gets a fresh store. */
export function contractScope(createFixture: () => Promise<StoreFixture>): ContractScope {
  let fixture: StoreFixture | undefined;
  let namespace = '';

  function current(): StoreFixture {
    assert.ok(fixture, 'a test is running');
    return fixture;
  }

  beforeEach(async () => {
    fixture = await createFixture();
    namespace = `contract-${randomUUID().slice(0, 8)}`;
    const names = [namespace, `${namespace}-2`];
    await fixture.store.apply(names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  });
  afterEach(() => current().dispose());

  const key = (name: string): ObjectKey => ({ ...entries, namespace, name });
  return {
    get store() {
      return current().store;
    },
    get namespace() {
      return namespace;
    },
    entry: (name, hosts = ['a.example'], more = {}) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name, namespace },
      spec: { hosts },
      ...more,
    }),
    key,
    async applyOne(object, options) {
      const [result] = await current().store.apply([object], options);
      assert.ok(result);
      return result;
    },
    async get(name) {
      const object = await current().store.get(key(name));
      assert.ok(object, `${name} is there`);
      return object;
    },
    items: async () => (await current().store.list({ ...entries, namespace })).items,
    forgetHistory: () => current().forgetHistory(),
  };
}
