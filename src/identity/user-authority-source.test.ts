// Where the user's authority is found: a folder whose files are replaced, and the Secret of the store.
import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDataFolder } from '../../test/support/control-plane.ts';
import { createJournal } from '../../test/support/journal.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import { type FollowAuthority, type FoundFiles, followFolder, followSecret } from './user-authority-source.ts';

function start(t: TestContext, follow: FollowAuthority) {
  const stop = new AbortController();
  const journal = createJournal<FoundFiles | undefined>('what was found');
  const done = follow((found) => journal.push(found), stop.signal);
  t.after(async () => {
    stop.abort();
    await done;
  });
  const certificate = (found: FoundFiles | undefined) => {
    const content = found?.files('ca-cert.pem');
    return content && Buffer.from(content).toString();
  };
  return {
    next: async () => certificate(await journal.next()),
    find: (text: string) => journal.find((one) => certificate(one) === text),
  };
}

test('a folder is read again when its files are others, also by renaming', async (t) => {
  const { path } = await temporaryDataFolder(t);
  const folder = join(path, 'authority');
  await mkdir(folder);
  const { next, find } = start(t, followFolder(folder));
  assert.equal(await next(), undefined);
  await writeFile(join(folder, 'ca-cert.pem'), 'one');
  await find('one');
  await writeFile(join(folder, 'new'), 'two');
  await rename(join(folder, 'new'), join(folder, 'ca-cert.pem'));
  await find('two');
});

test('the Secret cacerts of istio-system, and no other, in data or stringData; gone it is told', async (t) => {
  const folder = await temporaryDataFolder(t);
  const store = await openLocalStore({ file: folder.storeFile });
  t.after(() => store.close());
  const secret = (namespace: string, name: string, content: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    ...content,
  });
  const { next } = start(t, followSecret(store));
  assert.equal(await next(), undefined);
  const stringData = { 'ca-cert.pem': 'one' };
  await store.apply([secret('default', 'cacerts', { stringData: { 'ca-cert.pem': 'other' } })]);
  await store.apply([secret('istio-system', 'other', { stringData: { 'ca-cert.pem': 'other' } })]);
  await store.apply([secret('istio-system', 'cacerts', { stringData })]);
  assert.equal(await next(), 'one');
  const data = { 'ca-cert.pem': Buffer.from('two').toString('base64') };
  await store.apply([secret('istio-system', 'cacerts', { data })]);
  assert.equal(await next(), 'two');
  await store.delete({ group: '', kind: 'Secret', namespace: 'istio-system', name: 'cacerts' });
  assert.equal(await next(), undefined);
});
