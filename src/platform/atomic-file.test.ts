// A file that is replaced is the old one or the new, also where the disk has no room for the new.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { needs } from '../../test/support/requires.ts';

const replace = `
const [module, file] = process.argv.slice(1);
const { readFileSync } = require('node:fs');
import(module).then(({ writeFileAtomically }) => {
  writeFileAtomically(file, 'old'.repeat(1000));
  let code = 'none';
  try { writeFileAtomically(file, 'new'.repeat(10_000)); } catch (error) { ({ code } = error); }
  console.log(JSON.stringify([code, readFileSync(file, 'utf8') === 'old'.repeat(1000)]));
});
`;

test('a disk that is full leaves the old content, and is told', needs('root'), (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  // In a mount namespace of its own: the small disk goes with the process.
  const script = 'mount -t tmpfs -o size=16k tmpfs "$1" && exec "$0" -e "$2" "$3" "$1/a/file"';
  const module = pathToFileURL(join(import.meta.dirname, 'atomic-file.ts')).href;
  const words = ['--mount', 'sh', '-c', script, process.execPath, folder, replace, module];
  assert.deepEqual(JSON.parse(execFileSync('unshare', words, { encoding: 'utf8' })), ['ENOSPC', true]);
});
