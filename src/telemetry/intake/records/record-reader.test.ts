// Real files that grow, are renamed, cut and taken away while they are read.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parsePosition, positionText, type RecordPosition } from './record-position.ts';
import { createRecordReader } from './record-reader.ts';

const chunk = Buffer.alloc(64 * 1024);

/** Reads on each time as if we had been restarted: from the position's text alone. */
function start(t: TestContext, limit = 1_000_000) {
  const folder = mkdtempSync(join(tmpdir(), 'sp-records-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'records.log');
  const reader = createRecordReader(path, chunk);
  let position: RecordPosition | undefined;
  return {
    path,
    write: (text: string) => appendFileSync(path, text),
    async read() {
      const lines: string[] = [];
      const { position: next, ...rest } = await reader.read(position, limit, (line) => lines.push(line));
      position = next === undefined ? undefined : parsePosition(positionText(next));
      assert.deepEqual(position, next);
      return { lines, ...rest };
    },
  };
}

test('reads on where it stopped, and waits for the end of a line', async (t) => {
  const { write, read } = start(t);
  assert.deepEqual(await read(), { lines: [], unreadable: 0, bytes: 0, atEnd: true, lost: false });
  write('a\nb\nc');
  assert.deepEqual((await read()).lines, ['a', 'b']);
  assert.deepEqual((await read()).lines, []);
  write('c\n\nd\n');
  assert.deepEqual((await read()).lines, ['cc', 'd']);
  assert.equal((await read()).bytes, 0);
});

test('renamed files are read to their end before the newer ones, also after several renamings at once', async (t) => {
  const { path, write, read } = start(t);
  write('a\n');
  assert.deepEqual((await read()).lines, ['a']);
  write('b\n');
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, 'c\n');
  assert.deepEqual((await read()).lines, ['b', 'c']);
  appendFileSync(`${path}.1`, 'd\nhalf');
  assert.deepEqual((await read()).lines, ['d'], 'Envoy has not opened the new file yet');
  appendFileSync(`${path}.1`, ' of it\n');
  renameSync(`${path}.1`, `${path}.2`);
  write('e\n');
  renameSync(path, `${path}.1`);
  write('f\n');
  assert.deepEqual((await read()).lines, ['half of it', 'e', 'f']);
  assert.deepEqual((await read()).lines, []);
});

test('from the beginning: the oldest first', async (t) => {
  const { path, write, read } = start(t);
  for (const number of [10, 9, 2, 1]) writeFileSync(`${path}.${number}`, `${number}\n`);
  writeFileSync(`${path}.1.gz`, 'something else\n');
  write('0\n');
  assert.deepEqual((await read()).lines, ['10', '9', '2', '1', '0']);
});

test('a line that was never finished is counted once its file is left behind', async (t) => {
  const { path, write, read } = start(t);
  write('a\nhalf');
  await read();
  renameSync(path, `${path}.1`);
  write('b\n');
  const { lines, unreadable } = await read();
  assert.deepEqual({ lines, unreadable }, { lines: ['b'], unreadable: 1 });
});

test('a line that is too long is left out, however long', async (t) => {
  const { write, read } = start(t, 200_000);
  write(`a\n${'x'.repeat(17_000)}\nb\n${'y'.repeat(500_000)}`);
  const seen = { lines: [] as string[], unreadable: 0 };
  const readAll = async () => {
    for (let part = await read(); ; part = await read()) {
      seen.lines.push(...part.lines);
      seen.unreadable += part.unreadable;
      if (part.atEnd) return;
    }
  };
  await readAll();
  write(`${'y'.repeat(10)}\nc\n`);
  await readAll();
  assert.deepEqual(seen, { lines: ['a', 'b', 'c'], unreadable: 2 });
});

test('at most so many bytes at a time', async (t) => {
  const { write, read } = start(t, 100_000);
  const line = `${'z'.repeat(99)}\n`;
  write(line.repeat(3000));
  const counts: number[] = [];
  for (let more = true; more; ) {
    const { lines, atEnd } = await read();
    counts.push(lines.length);
    more = !atEnd;
  }
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    3000,
  );
  assert.ok(Math.max(...counts) < 2000, `${counts}`);
});

test('a file that was cut is read anew; one that is gone is left, and what came after it is read', async (t) => {
  const { path, write, read } = start(t);
  write('a\nb\n');
  await read();
  truncateSync(path);
  write('c\n');
  await read();
  assert.deepEqual(await read(), { lines: ['c'], unreadable: 0, bytes: 2, atEnd: true, lost: true });
  renameSync(path, `${path}.1`);
  write('d\n');
  assert.deepEqual((await read()).lines, ['d']);
  unlinkSync(path);
  write('e\n');
  assert.deepEqual((await read()).lines, [], 'it may be under way to another name');
  assert.deepEqual(await read(), { lines: ['e'], unreadable: 0, bytes: 2, atEnd: true, lost: true }, 'and not c again');
});

test('another file with the inode of one that is gone is another file', async (t) => {
  const { path, write, read } = start(t);
  write('a\nb\n');
  await read();
  // What a file system does that gives the inode anew: the same number, other content, and no shorter.
  writeFileSync(path, 'c\nd\ne\n');
  await read();
  const { lines, lost } = await read();
  assert.deepEqual({ lines, lost }, { lines: ['c', 'd', 'e'], lost: true });
});
