import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openDatabase, openForReading } from '../../src/store/local/database.ts';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import { storeMigrations } from '../../src/store/local/migrations.ts';
import { entryKey, serviceEntry } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';

const addNotes = `CREATE TABLE notes (text TEXT) STRICT; INSERT INTO notes SELECT name FROM objects;`;

const addCounts = 'CREATE TABLE counts (number INTEGER) STRICT;';

async function filledStore(folder: string): Promise<string> {
  const file = join(folder, 'store.sqlite');
  const store = await openLocalStore({ file });
  await store.apply([serviceEntry('a'), serviceEntry('b')]);
  await store.close();
  return file;
}

test('a new store is private to its user', async (context) => {
  const folder = join(temporaryFolder(context), 'deeper', 'data');
  const file = await filledStore(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('an older file is copied, then migrated', async (context) => {
  const folder = temporaryFolder(context);
  const file = await filledStore(folder);
  const database = openDatabase(file, [...storeMigrations, addNotes]);
  assert.deepEqual(
    database
      .prepare('SELECT text FROM notes ORDER BY text')
      .all()
      .map((row) => row['text']),
    ['a', 'b', 'default'],
  );
  database.close();
  const copy = await openLocalStore({ file: `${file}.v1.backup` });
  assert.ok(await copy.get(entryKey('a')));
  await copy.close();
});

test('a migration that fails leaves the file as it was', async (context) => {
  const file = await filledStore(temporaryFolder(context));
  assert.throws(() => openDatabase(file, [...storeMigrations, `${addNotes} SELECT * FROM nowhere;`]));
  const store = await openLocalStore({ file });
  assert.ok(await store.get(entryKey('a')));
  await store.close();
});

test('a file of a newer program is refused and left alone', async (context) => {
  const folder = temporaryFolder(context);
  const file = await filledStore(folder);
  openDatabase(file, [...storeMigrations, addNotes]).close();
  const before = readFileSync(file);
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_NEWER', hint: new RegExp(`${file}.v1.backup`) });
  assert.deepEqual(readFileSync(file), before);
});

test('beside the writer of a file for readers others read what is committed, and nobody else writes', (context) => {
  const file = join(temporaryFolder(context), 'traffic.sqlite');
  const writer = openDatabase(file, [addCounts], { readers: true });
  context.after(() => writer.close());
  const reader = openForReading(file);
  context.after(() => reader.close());
  const count = () => reader.prepare('SELECT count(*) AS rows FROM counts').get()?.['rows'];
  writer.exec('BEGIN IMMEDIATE; INSERT INTO counts VALUES (1)');
  assert.equal(count(), 0);
  writer.exec('COMMIT');
  assert.equal(count(), 1);
  reader.exec('BEGIN');
  assert.equal(count(), 1);
  writer.exec('INSERT INTO counts VALUES (2)');
  assert.equal(count(), 1, 'it reads what was there when it began');
  reader.exec('COMMIT');
  assert.equal(count(), 2);
  assert.throws(() => reader.exec('INSERT INTO counts VALUES (3)'), { errcode: 8 });
  for (const readers of [true, false]) {
    assert.throws(() => openDatabase(file, [addCounts], { readers }), { code: 'SP_STORE_IN_USE' });
  }
});

test('a file that its writer has to itself is not read beside it', (context) => {
  const file = join(temporaryFolder(context), 'store.sqlite');
  const writer = openDatabase(file, [addCounts]);
  context.after(() => writer.close());
  assert.throws(() => openForReading(file), { code: 'SP_STORE_IN_USE' });
});

test('a second opener is refused, in this process and in another', async (context) => {
  const file = join(temporaryFolder(context), 'store.sqlite');
  const store = await openLocalStore({ file });
  context.after(() => store.close());
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_IN_USE' });
  const module = new URL('../../src/store/local/local-store.ts', import.meta.url).href;
  const script = `import { openLocalStore } from ${JSON.stringify(module)};
    await openLocalStore({ file: ${JSON.stringify(file)} }).catch((error) => console.log(error.code));`;
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(other.stdout, 'SP_STORE_IN_USE\n', other.stderr);
  await store.apply([serviceEntry('a')]);
});

test('after a close the next one has it', async (context) => {
  const file = await filledStore(temporaryFolder(context));
  const store = await openLocalStore({ file });
  assert.ok(await store.get(entryKey('b')));
  await store.close();
});

test('a file that is no database is refused and left alone', async (context) => {
  const file = join(temporaryFolder(context), 'store.sqlite');
  writeFileSync(file, 'apiVersion: v1\n'.repeat(100));
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_CORRUPT' });
  assert.match(readFileSync(file, 'utf8'), /^apiVersion/);
});

test('a database of another program is refused and left alone', async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, 'store.sqlite');
  const foreign = new DatabaseSync(file);
  foreign.exec('CREATE TABLE songs (title TEXT)');
  foreign.close();
  const before = readFileSync(file);
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_CORRUPT', message: /another program/ });
  assert.deepEqual(readFileSync(file), before);
  assert.deepEqual(readdirSync(folder), ['store.sqlite']);
});

test('a file that has lost its end is refused', async (context) => {
  const file = await filledStore(temporaryFolder(context));
  truncateSync(file, statSync(file).size - 4096);
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_CORRUPT' });
});

test('a row that is no object is refused', async (context) => {
  const file = await filledStore(temporaryFolder(context));
  const database = openDatabase(file);
  database.exec(`UPDATE objects SET json = '{"kind":1}' WHERE name = 'a'`);
  database.close();
  await assert.rejects(openLocalStore({ file }), { code: 'SP_STORE_CORRUPT' });
});

test('a path that cannot be opened is refused', async (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, 'store.sqlite'));
  await assert.rejects(openLocalStore({ file: join(folder, 'store.sqlite') }), { code: 'SP_STORE_UNREADABLE' });
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(openLocalStore({ file: join(folder, 'file', 'store.sqlite') }), { code: 'SP_STORE_UNREADABLE' });
});
