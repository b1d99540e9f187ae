import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lastLine, rotateLog, withLogs } from './log-files.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-logs-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('a log is rotated under its writer', () => {
  const file = join(root, 'pod', 'app.log');
  withLogs(join(root, 'pod'), [file], ([log = -1]) => {
    writeSync(log, 'one\ntwo\n');
    rotateLog(file, 8);
    assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n');
    rotateLog(file, 7);
    assert.equal(readFileSync(file, 'utf8'), '');
    assert.equal(readFileSync(`${file}.1`, 'utf8'), 'one\ntwo\n');
    writeSync(log, 'three\n');
  });
  assert.equal(readFileSync(file, 'utf8'), 'three\n');
  rotateLog(join(root, 'none'), 0);
});

test('the last line is found at the end of a long file, and cut', () => {
  const file = join(root, 'long.log');
  withLogs(root, [file], ([log = -1]) => writeSync(log, `${'x\n'.repeat(10_000)}last ${'y'.repeat(1000)}\n\n`));
  assert.equal(lastLine(file), `last ${'y'.repeat(295)}`);
  assert.equal(lastLine(join(root, 'none')), undefined);
});
