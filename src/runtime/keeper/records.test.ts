import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needs } from '../../../test/support/requires.ts';
import { recordsFile as readersName } from '../../xds/record-line.ts';
import { isRecordsFolder, makeRecordsFolder, recordsFile, rotateRecords } from './records.ts';

const bounds = { largest: 8, most: 3, keepMs: 3_600_000 };
const ownUid = process.getuid?.() ?? 0;
const pod = { namespace: 'shop', name: 'web' };

function temporaryRecords(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-records-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const file = recordsFile(root, pod, 'uid-1');
  makeRecordsFolder(file, ownUid);
  return file;
}

/** Name and text of each file. */
function contents(file: string): Readonly<Record<string, string>> {
  const folder = dirname(file);
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

test('each pod has a folder of its own, under the name that readers and Envoys know', (t) => {
  const file = temporaryRecords(t);
  assert.equal(basename(file), readersName);
  assert.ok(isRecordsFolder(basename(dirname(file))));
  assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  assert.notEqual(recordsFile('/logs', pod, 'uid-1'), recordsFile('/logs', pod, 'uid-2'));
  assert.equal(dirname(dirname(recordsFile('/logs', pod, '../../etc'))), '/logs/shop/web');
});

test('a file that is too large is renamed, and its Envoy told until there is a new one', (t) => {
  const file = temporaryRecords(t);
  assert.equal(rotateRecords(file, bounds), false);
  writeFileSync(file, '12345678');
  assert.equal(rotateRecords(file, bounds), false);
  appendFileSync(file, '9');
  const { ino } = statSync(file);
  assert.equal(rotateRecords(file, bounds), true);
  assert.equal(rotateRecords(file, bounds), true);
  assert.equal(statSync(`${file}.1`).ino, ino);
  writeFileSync(file, '');
  assert.equal(rotateRecords(file, bounds), false);
  assert.deepEqual(contents(file), { 'records.log': '', 'records.log.1': '123456789' });
});

test('only so many are kept, the newest', (t) => {
  const file = temporaryRecords(t);
  for (const round of ['a', 'b', 'c', 'd', 'e']) {
    writeFileSync(file, round.repeat(9));
    rotateRecords(file, bounds);
  }
  const kept = { 'records.log.1': 'eeeeeeeee', 'records.log.2': 'ddddddddd', 'records.log.3': 'ccccccccc' };
  assert.deepEqual(contents(file), kept);
});

test('a number that is free is used before the oldest goes', (t) => {
  const file = temporaryRecords(t);
  for (const [name, text] of [
    ['', 'new-new-new'],
    ['.1', '1'],
    ['.3', '3'],
  ])
    writeFileSync(`${file}${name}`, text ?? '');
  rotateRecords(file, bounds);
  assert.deepEqual(contents(file), { 'records.log.1': 'new-new-new', 'records.log.2': '1', 'records.log.3': '3' });
});

test('what was rotated long ago goes', (t) => {
  const file = temporaryRecords(t);
  for (const name of ['', '.1', '.2']) writeFileSync(`${file}${name}`, 'x');
  const old = Date.now() / 1000 - 7200;
  for (const name of ['', '.2']) utimesSync(`${file}${name}`, old, old);
  rotateRecords(file, bounds);
  assert.deepEqual(Object.keys(contents(file)), ['records.log', 'records.log.1']);
});

test('a link in place of the file is not followed', (t) => {
  const file = temporaryRecords(t);
  const other = join(dirname(dirname(file)), 'other');
  writeFileSync(other, 'x'.repeat(5000));
  symlinkSync(other, file);
  rotateRecords(file, { ...bounds, largest: 1000 });
  assert.deepEqual(readdirSync(dirname(file)), ['records.log']);
});

test('an Envoy of another user gets the folder, and a file of its own', needs('root'), (t) => {
  const file = temporaryRecords(t);
  makeRecordsFolder(file, 61_000);
  writeFileSync(file, 'before', { mode: 0o644 });
  makeRecordsFolder(file, 61_001);
  assert.equal(statSync(dirname(file)).uid, 61_001);
  assert.deepEqual(contents(file), { 'records.log.1': 'before' });
});
