import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { OwnedByFileError } from '../../src/store/errors.ts';
import type { WatchBatch } from '../../src/store/store.ts';
import { followedFolder, manifest, writeManifest } from './followed-folder.ts';
import { entryKey, serviceEntry } from './objects.ts';

const limit = { timeout: 20_000 };
const bad = (name: string) => `ServiceEntry/default/${name}`;

test('a folder is read at any depth, and its objects belong to their files', limit, async (context) => {
  const { path, store, start, hosts } = await followedFolder(context);
  mkdirSync(join(path, 'team', 'shop'), { recursive: true });
  writeManifest(join(path, 'a.yaml'), ['a=1']);
  writeManifest(join(path, 'team', 'b.yml'), ['b=1']);
  writeManifest(join(path, 'team', 'shop', 'c.json'), ['c=1', 'd=1']);
  writeManifest(join(path, '.hidden.yaml'), ['no=1']);
  writeManifest(join(path, 'notes.txt'), ['no=1']);
  writeManifest(join(path, 'a.yaml~'), ['no=1']);
  mkdirSync(join(path, '.git'));
  writeManifest(join(path, '.git', 'e.yaml'), ['no=1']);
  await start().ready;
  assert.deepEqual(await hosts(), ['a=1', 'b=1', 'c=1', 'd=1']);
  await assert.rejects(store.delete(entryKey('b')), (error: unknown) => {
    return error instanceof OwnedByFileError && error.message.includes(join(path, 'team', 'b.yml'));
  });
});

test('changes, new files and folders, and removals are followed', limit, async (context) => {
  const { path, start, untilHosts } = await followedFolder(context);
  writeManifest(join(path, 'a.yaml'), ['a=1', 'b=1']);
  await start().ready;
  writeManifest(join(path, 'a.yaml'), ['a=2', 'b=1']);
  await untilHosts('a=2', 'b=1');
  mkdirSync(join(path, 'sub', 'deep'), { recursive: true });
  writeManifest(join(path, 'sub', 'deep', 'c.yaml'), ['c=1']);
  await untilHosts('a=2', 'b=1', 'c=1');
  writeManifest(join(path, 'a.yaml'), ['b=1']);
  await untilHosts('b=1', 'c=1');
  rmSync(join(path, 'sub'), { recursive: true });
  await untilHosts('b=1');
  mkdirSync(join(path, 'sub', 'deep'), { recursive: true });
  writeManifest(join(path, 'sub', 'deep', 'c.yaml'), ['c=2']);
  await untilHosts('b=1', 'c=2');
  writeFileSync(join(path, 'a.yaml'), '');
  await untilHosts('c=2');
});

test('where objects stand is known, and told anew when a file changed', limit, async (context) => {
  const { path, start, until, diagnostics } = await followedFolder(context);
  const file = join(path, 'a.yaml');
  writeManifest(file, ['a=1'], [bad('b')]);
  const source = start();
  await source.ready;
  assert.deepEqual(source.locate(bad('a'))?.([]), { file, line: 1, column: 1 });
  assert.equal(source.locate(bad('b')), undefined);
  const before = diagnostics();
  assert.equal(before.length, 1);
  writeFileSync(file, `\n${manifest(['a=1'], [bad('b')])}`);
  await until(() => diagnostics() !== before);
  assert.deepEqual(diagnostics(), before);
  writeManifest(file, [], [bad('a')]);
  await until(() => source.locate(bad('a')) === undefined);
});

test('a file that an editor renames into place is followed', limit, async (context) => {
  const { path, start, untilHosts, store } = await followedFolder(context);
  const file = join(path, 'a.yaml');
  writeManifest(file, ['a=1']);
  await start().ready;
  const before = await store.get(entryKey('a'));
  for (const host of ['2', '3', '4']) {
    writeManifest(join(path, '.a.yaml.swp'), [`a=${host}`]);
    renameSync(join(path, '.a.yaml.swp'), file);
    await untilHosts(`a=${host}`);
  }
  assert.equal((await store.get(entryKey('a')))?.metadata.uid, before?.metadata.uid);
});

test('a single file is followed whatever its name', limit, async (context) => {
  const { path, start, untilHosts } = await followedFolder(context);
  const file = join(path, 'mesh.conf');
  writeManifest(file, ['a=1']);
  writeManifest(join(path, 'other.yaml'), ['no=1']);
  await start(file).ready;
  writeManifest(`${file}.new`, ['a=2']);
  renameSync(`${file}.new`, file);
  await untilHosts('a=2');
});

test('a mounted ConfigMap is followed through its swapped link', limit, async (context) => {
  const { path, start, untilHosts } = await followedFolder(context);
  const publish = (version: string, names: readonly string[]) => {
    mkdirSync(join(path, version));
    writeManifest(join(path, version, 'a.yaml'), names);
    symlinkSync(version, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
  };
  publish('..2026_01', ['a=1', 'b=1']);
  symlinkSync('..data/a.yaml', join(path, 'a.yaml'));
  await start().ready;
  await untilHosts('a=1', 'b=1');
  publish('..2026_02', ['a=2']);
  rmSync(join(path, '..2026_01'), { recursive: true });
  await untilHosts('a=2');
});

test(
  'a link to a file elsewhere is followed, a circle of links ends, a link to nothing deletes nothing',
  limit,
  async (context) => {
    const { path, start, until, untilHosts, diagnostics, hosts } = await followedFolder(context);
    const elsewhere = join(dirname(path), 'elsewhere');
    mkdirSync(elsewhere);
    writeManifest(join(elsewhere, 'a.yaml'), ['a=1']);
    symlinkSync(join(elsewhere, 'a.yaml'), join(path, 'a.yaml'));
    symlinkSync(path, join(path, 'again'));
    await start().ready;
    writeManifest(join(elsewhere, 'a.yaml'), ['a=2']);
    await untilHosts('a=2');
    rmSync(join(elsewhere, 'a.yaml'));
    await until(() => diagnostics().some(({ code }) => code === 'SP0601'));
    assert.deepEqual(await hosts(), ['a=2']);
  },
);

test('a link on the way to the folder is followed when it is turned to another one', limit, async (context) => {
  const { path, start, untilHosts } = await followedFolder(context);
  for (const release of ['1', '2']) {
    mkdirSync(join(path, release, 'mesh'), { recursive: true });
    writeManifest(join(path, release, 'mesh', 'a.yaml'), [`a=${release}`]);
  }
  symlinkSync('1', join(path, 'current'));
  await start(join(path, 'current', 'mesh')).ready;
  await untilHosts('a=1');
  symlinkSync('2', join(path, 'next'));
  renameSync(join(path, 'next'), join(path, 'current'));
  await untilHosts('a=2');
});

test('a bad object keeps its last good version, and only that one', limit, async (context) => {
  const { path, start, until, untilHosts, diagnostics } = await followedFolder(context);
  const file = join(path, 'a.yaml');
  writeManifest(file, ['a=1', 'b=1', 'c=1']);
  await start().ready;
  writeManifest(file, ['b=2'], [bad('a')]);
  await untilHosts('a=1', 'b=2');
  await until(() => diagnostics().length > 0);
  assert.deepEqual(
    diagnostics().map(({ resource }) => resource),
    [bad('a')],
  );
  writeManifest(file, ['b=2', 'a=3']);
  await untilHosts('a=3', 'b=2');
  await until(() => diagnostics().length === 0);
});

test(
  'a mistyped kind keeps the object, and a mistake of no known object keeps all of its file',
  limit,
  async (context) => {
    const { path, start, until, diagnostics, hosts } = await followedFolder(context);
    writeManifest(join(path, 'a.yaml'), ['a=1']);
    writeManifest(join(path, 'b.yaml'), ['b=1']);
    await start().ready;
    writeManifest(join(path, 'a.yaml'), [], ['ServiceEntri/default/a']);
    writeManifest(join(path, 'b.yaml'), [], ['']);
    await until(() => diagnostics().length === 2);
    assert.deepEqual(await hosts(), ['a=1', 'b=1']);
  },
);

test('what changed while nobody followed is found: removed, new and bad', limit, async (context) => {
  const { path, start, stop, hosts } = await followedFolder(context);
  writeManifest(join(path, 'a.yaml'), ['a=1', 'b=1', 'c=1']);
  writeManifest(join(path, 'gone.yaml'), ['d=1']);
  await start().ready;
  await stop();
  writeManifest(join(path, 'a.yaml'), ['a=2', 'e=1'], [bad('b')]);
  rmSync(join(path, 'gone.yaml'));
  await start().ready;
  assert.deepEqual(await hosts(), ['a=2', 'b=1', 'e=1']);
});

test('a folder that vanishes keeps everything and says so; when it is back it counts', limit, async (context) => {
  const { path, start, stop, until, untilHosts, diagnostics, hosts } = await followedFolder(context);
  writeManifest(join(path, 'a.yaml'), ['a=1']);
  await start().ready;
  renameSync(path, `${path}.away`);
  await until(() => diagnostics().some(({ code, source }) => code === 'SP0601' && source?.file === path));
  assert.deepEqual(await hosts(), ['a=1']);
  await stop();
  await start().ready;
  assert.deepEqual(await hosts(), ['a=1']);
  writeManifest(join(`${path}.away`, 'a.yaml'), ['a=2']);
  renameSync(`${path}.away`, path);
  await untilHosts('a=2');
  await until(() => diagnostics().length === 0);
  rmSync(join(path, 'a.yaml'));
  await untilHosts();
});

test('a path that was never there is refused, and followed once it is', limit, async (context) => {
  const { path, start, untilHosts } = await followedFolder(context);
  const missing = join(path, 'later');
  await assert.rejects(start(missing).ready, { code: 'SP_FILES_UNREADABLE' });
  mkdirSync(missing);
  writeManifest(join(missing, 'a.yaml'), ['a=1']);
  await untilHosts('a=1');
});

test('an object moved to another file keeps its identity and is never gone', limit, async (context) => {
  const { path, start, store, untilHosts } = await followedFolder(context);
  writeManifest(join(path, 'b.yaml'), ['a=1', 'b=1']);
  await start().ready;
  const { items, resourceVersion } = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  renameSync(join(path, 'b.yaml'), join(path, 'c.yaml'));
  writeManifest(join(path, 'z.yaml'), ['z=1']);
  await untilHosts('a=1', 'b=1', 'z=1');
  const owners = new Map(store.ownerships().map(({ key, file }) => [key.name, file]));
  assert.equal(owners.get('a'), join(path, 'c.yaml'));
  assert.equal((await store.get(entryKey('a')))?.metadata.uid, items[0]?.metadata.uid);
  const watched = store.watch(
    [{ group: 'networking.istio.io', kind: 'ServiceEntry' }],
    resourceVersion,
    context.signal,
  );
  const { value } = await watched[Symbol.asyncIterator]().next();
  assert.deepEqual(
    (value as WatchBatch).events.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['ADDED z'],
  );
});

test('an object in two files belongs to the first; when that one lets go, to the second', limit, async (context) => {
  const { path, start, untilHosts, until, diagnostics } = await followedFolder(context);
  writeManifest(join(path, 'a.yaml'), ['x=1']);
  writeManifest(join(path, 'b.yaml'), ['x=2', 'y=2', 'y=3']);
  await start().ready;
  await untilHosts('x=1', 'y=2');
  assert.deepEqual(
    diagnostics().map(({ code, resource }) => `${code} ${resource}`),
    [`SP0602 ${bad('y')}`, `SP0602 ${bad('x')}`],
  );
  rmSync(join(path, 'a.yaml'));
  await untilHosts('x=2', 'y=2');
  await until(() => diagnostics().length === 1);
});

test('objects of nobody are taken over, those of other files outside are not', limit, async (context) => {
  const { path, store, start, hosts, diagnostics } = await followedFolder(context);
  await store.apply([serviceEntry('mine', ['0'])]);
  await store.apply([serviceEntry('theirs', ['0'])], { ownerFile: '/elsewhere/theirs.yaml' });
  writeManifest(join(path, 'a.yaml'), ['mine=1', 'theirs=1']);
  await start().ready;
  assert.deepEqual(await hosts(), ['mine=1', 'theirs=0']);
  assert.deepEqual(
    diagnostics().map(({ code, resource }) => `${code} ${resource}`),
    [`SP0602 ${bad('theirs')}`],
  );
});

test('a file or folder that is there but cannot be read keeps its objects', limit, async (context) => {
  const { path, start, until, untilHosts, diagnostics, hosts } = await followedFolder(context);
  const file = join(path, 'a.yaml');
  const sub = join(path, 'sub');
  mkdirSync(sub);
  writeManifest(file, ['a=1']);
  writeManifest(join(sub, 'b.yaml'), ['b=1']);
  await start().ready;
  // A link to itself is unreadable for root too.
  symlinkSync('a.yaml', join(path, '.loop'));
  renameSync(join(path, '.loop'), file);
  rmSync(sub, { recursive: true });
  symlinkSync('sub', sub);
  writeManifest(join(path, 'c.yaml'), ['c=1']);
  await until(() => diagnostics().filter(({ code }) => code === 'SP0601').length === 2);
  await until(async () => (await hosts()).includes('c=1'));
  assert.deepEqual(await hosts(), ['a=1', 'b=1', 'c=1']);
  rmSync(sub);
  await untilHosts('a=1', 'c=1');
});
