// Files that objects name, on a real disk: read, followed through replacement and absence; the system's roots with extra ones.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createTestAuthority } from '../../test/support/certificates.ts';
import { silentLog } from '../../test/support/discovery.ts';
import { until } from '../../test/support/until.ts';
import { followTrustFiles } from './trust-files.ts';

function start(t: TestContext, extraRoots?: string) {
  const stop = new AbortController();
  t.after(() => stop.abort());
  const content = new Map<string, string | undefined>();
  const warnings: string[] = [];
  const files = followTrustFiles({
    extraRoots,
    onChange: (changes) => {
      for (const [path, bytes] of changes)
        content.set(path, bytes === undefined ? undefined : Buffer.from(bytes).toString());
    },
    signal: stop.signal,
    log: { ...silentLog, warn: (_: unknown, message?: string) => void warnings.push(message ?? '') },
  });
  return { files, content, warnings };
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

test('the system’s roots are there without being asked for, with those of one’s own as long as these are some', async (t) => {
  const extra = join(folderOf(t), 'extra.pem');
  const [first, second] = [await createTestAuthority('one'), await createTestAuthority('two')];
  writeFileSync(extra, `no certificate`);
  const { content, warnings } = start(t, extra);
  const roots = () => content.get('system') ?? '';
  await until('the roots are there', () => roots().includes('-----BEGIN CERTIFICATE-----'));
  assert.doesNotMatch(roots(), /no certificate/);
  writeFileSync(extra, `${first.root}\n`);
  await until('one’s own are among them', () => roots().includes(first.root));
  // No line's end between them: Envoy takes none of both.
  writeFileSync(extra, first.root + second.root);
  await until('it was looked at', () => warnings.length === 2);
  assert.ok(roots().includes(first.root), 'the last good one stays');
  writeFileSync(extra, `${second.root}\n`);
  await until('the new one is', () => roots().includes(second.root) && !roots().includes(first.root));
});
