import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { removeOldLogs } from './old-logs.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-old-logs-'));
after(() => rmSync(root, { recursive: true, force: true }));

function logs(namespace: string, name: string, ageSeconds: number): string {
  const folder = join(root, namespace, name);
  const time = Date.now() / 1000 - ageSeconds;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'app.log'), 'line\n');
  utimesSync(join(folder, 'app.log'), time, time);
  utimesSync(folder, time, time);
  return folder;
}

test('logs go an hour after their pod', () => {
  const running = logs('shop', 'web', 7200);
  const old = logs('shop', 'web-before', 7200);
  const young = logs('shop', 'job', 60);
  const alone = logs('empty', 'web', 7200);
  writeFileSync(join(root, 'keeper.log'), '');
  removeOldLogs(root, [{ namespace: 'shop', name: 'web' }]);
  assert.deepEqual([running, old, young, alone].map(existsSync), [true, false, true, false]);
  assert.equal(existsSync(join(root, 'empty')), false);
  removeOldLogs(join(root, 'none'), []);
});
