// The mesh never steps back: what a list already told is not told again in an older state.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { virtualService } from '../../test/support/networking.ts';
import { until } from '../../test/support/until.ts';
import { decodeManifests } from '../api/decode.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import type { ObjectStore } from '../store/store.ts';
import { followStore, type MeshStep } from './follow-store.ts';

const group = 'networking.istio.io';
const objectsIn = (yaml: string) => decodeManifests(yaml, 'test.yaml').objects.map(({ object }) => object);
const rule = (name: string, host: string) =>
  objectsIn(virtualService(name, { hosts: [host], http: [{ route: [{ destination: { host: 'web.example' } }] }] }));
const entry = (name: string) => objectsIn(serviceEntry(name, { hosts: [`${name}.example`] }));

async function openStore(t: TestContext, keptEvents?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-follow-'));
  const store = await openLocalStore({
    file: join(folder, 'store.sqlite'),
    ...(keptEvents === undefined ? {} : { keptEvents }),
  });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return store;
}

/** What the steps brought, as `ADDED web.example`. */
function follow(t: TestContext, store: ObjectStore) {
  const life = new AbortController();
  const told: string[] = [];
  const onStep = ({ events }: MeshStep) => {
    for (const { type, object } of events) {
      if (object.kind === 'Namespace') continue;
      const { hosts = [] } = object.spec as { hosts?: readonly string[] };
      told.push(`${type} ${hosts.join()}`);
    }
  };
  const { done } = followStore(store, () => undefined, life.signal, { onStep });
  t.after(async () => {
    life.abort();
    await done;
  });
  return told;
}

/** A list of VirtualServices is made once `open` was called, `asked` resolves when it is asked for. */
function gated(store: ObjectStore) {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const list: ObjectStore['list'] = async (collection) => {
    if (collection.kind === 'VirtualService') {
      asked.resolve();
      await gate.promise;
    }
    return store.list(collection);
  };
  return { store: { ...store, list }, asked: asked.promise, open: gate.resolve };
}

test('changes between two lists are told once, and never in an older state', async (t) => {
  const store = await openStore(t);
  await store.apply([...rule('stays', 'old.example'), ...entry('web')]);
  const slow = gated(store);
  const told = follow(t, slow.store);
  await slow.asked;
  await store.apply([...rule('stays', 'between.example'), ...rule('flash', 'flash.example'), ...entry('late')]);
  await store.delete({ group, kind: 'VirtualService', namespace: 'default', name: 'flash' });
  await store.apply(rule('stays', 'new.example'));
  slow.open();
  await store.apply(entry('last'));
  await until('the last change', () => told.includes('ADDED last.example'));
  assert.deepEqual(told.toSorted(), [
    'ADDED last.example',
    'ADDED late.example',
    'ADDED new.example',
    'ADDED web.example',
  ]);
});
