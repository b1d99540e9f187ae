import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { serviceEntry } from '../../../test/support/manifests.ts';
import { until } from '../../../test/support/until.ts';
import { openLocalStore } from '../../store/local/local-store.ts';
import { objectTopic } from './object-topic.ts';

test('a reader that falls behind what is kept is told how much it missed, and goes on', async (t) => {
  const folder = await temporaryDataFolder(t);
  const store = await openLocalStore({ file: folder.storeFile, keptEvents: 3 });
  t.after(() => store.close());
  let dropped = 0;
  const topic = objectTopic(store, (messages) => {
    dropped += messages;
  })(() => undefined);
  t.after(topic.close);
  const take = async () => (await until('a message', () => topic.take()[0])) ?? { data: '' };
  await take();
  await store.apply([serviceEntry('taken')]);
  // Asked for with the message before: it has this one already when the others come.
  assert.match((await take()).data, /"name":"taken"/);
  for (let index = 0; index < 10; index += 1) await store.apply([serviceEntry(`missed-${index}`)]);
  const seen: string[] = [];
  while (seen.at(-1) !== 'dropped') seen.push((await take()).event ?? '');
  await store.apply([serviceEntry('after')]);
  assert.match((await take()).data, /"name":"after"/);
  assert.equal(dropped + seen.length - 1, 10);
});
