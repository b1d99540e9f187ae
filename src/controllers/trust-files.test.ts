// Files that objects name, on a real disk: read, followed through replacement and absence; the system's roots with extra ones.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../test/support/discovery.ts';
import { until } from '../../test/support/until.ts';
import { followTrustFiles } from './trust-files.ts';

function start(t: TestContext, extraRoots?: string) {
  const stop = new AbortController();
  t.after(() => stop.abort());
  const content = new Map<string, string | undefined>();
  const files = followTrustFiles({
    extraRoots,
    onChange: (changes) => {
      for (const [path, bytes] of changes)
        content.set(path, bytes === undefined ? undefined : Buffer.from(bytes).toString());
    },
    signal: stop.signal,
    log: silentLog,
  });
  return { files, content };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-trust-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a file is read, replaced by renaming, gone, and no longer followed', async (t) => {
  const file = join(folderOf(t), 'ca.pem');
  writeFileSync(file, 'one');
  const { files, content } = start(t);
  files.follow([file]);
  await until('it was read', () => content.get(file) === 'one');
  writeFileSync(`${file}.new`, 'another');
  renameSync(`${file}.new`, file);
  await until('the new one was read', () => content.get(file) === 'another');
  rmSync(file);
  await until('it is gone', () => content.has(file) && content.get(file) === undefined);
  writeFileSync(file, 'back');
  await until('it is back', () => content.get(file) === 'back');
  files.follow([]);
  assert.equal(content.get(file), undefined);
});

test('the system’s roots are there without being asked for, with those of one’s own', async (t) => {
  const extra = join(folderOf(t), 'extra.pem');
  writeFileSync(extra, 'EXTRA ROOT');
  const { content } = start(t, extra);
  await until('the roots are there', () => content.get('system')?.includes('EXTRA ROOT') === true);
  assert.match(content.get('system') ?? '', /-----BEGIN CERTIFICATE-----/);
});
