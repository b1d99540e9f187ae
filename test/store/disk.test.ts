import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/store/local/database.ts';
import { createLocalStore } from '../../src/store/local/local-store.ts';
import { needs } from '../support/requires.ts';
import { entryKey, serviceEntry } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('a write that SQLite has no room for changes nothing; with room again it goes on', async (context) => {
  const file = join(temporaryFolder(context), 'store.sqlite');
  const database = openDatabase(file);
  const store = createLocalStore(database, { file });
  context.after(() => store.close());
  await store.apply([serviceEntry('a')]);
  const before = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  database.exec('PRAGMA max_page_count = 1');
  const big = serviceEntry(
    'big',
    Array.from({ length: 5000 }, (_, index) => `host-${index}.example`),
  );
  await assert.rejects(store.apply([serviceEntry('a', ['x.example']), big]), {
    code: 'SP_DISK_FULL',
    hint: /free some space/,
  });
  assert.deepEqual(await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' }), before);
  database.exec('PRAGMA max_page_count = 100000');
  await store.apply([big]);
  assert.ok(await store.get(entryKey('big')));
});

// In a mount namespace of the child's own, so that nothing stays mounted whatever happens to it.
function runOnSmallDisk(folder: string): Record<string, unknown> {
  const child = fileURLToPath(new URL('small-disk.ts', import.meta.url));
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$1"';
  const args = ['--mount', 'sh', '-c', mount, 'sh', folder, process.execPath, child];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', timeout: 30_000 });
  assert.ok(stdout.startsWith('{'), stderr);
  return JSON.parse(stdout);
}

test('a full disk, a read-only disk, and room again', needs('root'), (context) => {
  const folder = join(temporaryFolder(context), 'disk');
  mkdirSync(folder);
  assert.deepEqual(runOnSmallDisk(folder), {
    full: 'SP_DISK_FULL',
    servedWhileFull: true,
    reopenedWhileFull: true,
    openedWithoutReaders: 'SP_STORE_IN_USE',
    roomAgain: 'created',
    readOnly: 'SP_STORE_READ_ONLY',
  });
});
