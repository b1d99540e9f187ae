import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { serviceEntry } from '../../../test/support/manifests.ts';
import { streamLines } from '../../platform/unix-http.ts';

interface Batch {
  readonly resourceVersion: string;
  readonly events: readonly { readonly type: string; readonly object?: { metadata: { name: string } } }[];
}

/** `TYPE name` of every event, batch by batch, until `count` batches came. */
async function batches(socketPath: string, path: string, count: number, change: () => Promise<unknown>) {
  const enough = new AbortController();
  const found: string[][] = [];
  const lines = streamLines({ socketPath, path, signal: enough.signal });
  for await (const line of lines) {
    if (!line.startsWith('data: ')) continue;
    const { events } = JSON.parse(line.slice(6)) as Batch;
    found.push(events.map(({ type, object }) => `${type} ${object?.metadata.name}`));
    if (found.length === 1) await change();
    if (found.length === count) enough.abort();
  }
  return found;
}

test('a watch begins with what is there, then sends one message for each transaction', {
  timeout: 20_000,
}, async (t) => {
  const { folder, store } = await startControlPlane(t);
  await store.apply([serviceEntry('a')]);
  const found = await batches(folder.apiSocket, '/v1/watch/se?namespace=default', 3, async () => {
    await store.apply([serviceEntry('b'), serviceEntry('c'), serviceEntry('d', 'd.example.com', 'other')]);
    await store.delete({ group: 'networking.istio.io', kind: 'ServiceEntry', namespace: 'default', name: 'a' });
  });
  assert.deepEqual(found, [['ADDED a'], ['ADDED b', 'ADDED c'], ['DELETED a']]);
});

test('an object that leaves the selection is deleted for its reader', { timeout: 20_000 }, async (t) => {
  const { folder, store } = await startControlPlane(t);
  const entry = serviceEntry('a');
  await store.apply([{ ...entry, metadata: { ...entry.metadata, labels: { team: 'red' } } }]);
  const found = await batches(folder.apiSocket, '/v1/watch/se?labelSelector=team%3Dred', 2, () => store.apply([entry]));
  assert.deepEqual(found, [['ADDED a'], ['DELETED a']]);
});

test('a version that is no longer kept is told as an event', { timeout: 20_000 }, async (t) => {
  const { folder } = await startControlPlane(t);
  const lines: string[] = [];
  for await (const line of streamLines({ socketPath: folder.apiSocket, path: '/v1/watch/se?resourceVersion=999999' })) {
    lines.push(line);
  }
  assert.deepEqual(lines.slice(0, 3), ['retry: 1000', '', 'event: error']);
  assert.match(lines[3] ?? '', /"code":"SP_GONE"/);
});

test('a reader that goes away ends its watch of the store', { timeout: 20_000 }, async (t) => {
  const ended = Promise.withResolvers<void>();
  const { folder, store, deps } = await startControlPlane(t);
  const original = store.watch.bind(store);
  Object.assign(deps.store, {
    watch: (...[collections, version, signal]: Parameters<typeof store.watch>) => {
      signal.addEventListener('abort', () => ended.resolve());
      return original(collections, version, signal);
    },
  });
  await store.apply([serviceEntry('a')]);
  await batches(folder.apiSocket, '/v1/watch/se', 2, () => store.apply([serviceEntry('b')]));
  await ended.promise;
});
