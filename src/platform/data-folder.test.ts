import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataFolder } from './data-folder.ts';

const longestSocketPath = 107;
const uid = process.getuid?.() ?? 0;

test('--data wins over SALLYPORT_DATA wins over XDG_STATE_HOME wins over the home folder', () => {
  const env = { SALLYPORT_DATA: '/b', XDG_STATE_HOME: '/c' };
  assert.equal(dataFolder('/a', env).path, '/a');
  assert.equal(dataFolder(undefined, env).path, '/b');
  assert.equal(dataFolder(undefined, { XDG_STATE_HOME: '/c' }).path, '/c/sallyport');
  assert.match(dataFolder(undefined, {}).path, /\/\.local\/state\/sallyport$/);
});

test('a run folder that sockets fit in is found in any environment', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sp-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const long = join(root, 'x'.repeat(100));
  mkdirSync(long);
  for (const XDG_RUNTIME_DIR of [undefined, '', 'relative', '/no/such/folder', long]) {
    const env = XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR };
    const { runPath } = dataFolder('/data', env);
    assert.ok(Buffer.byteLength(join(runPath, 'x/16383/admin.sock')) <= longestSocketPath, runPath);
    assert.equal(runPath, dataFolder('/data', {}).runPath);
  }
  const expected = uid === 0 ? '/run/sallyport' : join(root, `sallyport-${uid}`);
  assert.ok(dataFolder('/data', { XDG_RUNTIME_DIR: root }).runPath.startsWith(expected));
});
