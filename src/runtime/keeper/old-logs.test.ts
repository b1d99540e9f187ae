import assert from 'node:assert/strict';
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type LoggedPod, removeLogs, removeOldLogs } from './old-logs.ts';

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

function present(namespace: string, name: string, records: string): LoggedPod {
  return { namespace, name, logs: { app: '', access: '', envoy: '', records } };
}

test('logs go an hour after their pod', () => {
  const running = logs('shop', 'web', 7200);
  const old = logs('shop', 'web-before', 7200);
  const young = logs('shop', 'job', 60);
  const alone = logs('empty', 'web', 7200);
  writeFileSync(join(root, 'keeper.log'), '');
  removeOldLogs(root, [present('shop', 'web', '')]);
  assert.deepEqual([running, old, young, alone].map(existsSync), [true, false, true, false]);
  assert.equal(existsSync(join(root, 'empty')), false);
  removeOldLogs(join(root, 'none'), []);
});

test('records of earlier pods of a name go an hour after their last line; those in use stay', () => {
  const inUse = logs('records/web', 'records-1', 7200);
  const old = logs('records/web', 'records-2', 7200);
  const young = logs('records/web', 'records-3', 60);
  symlinkSync('/nowhere', join(old, 'link'));
  lutimesSync(join(old, 'link'), 1, 1);
  utimesSync(old, 1, 1);
  removeOldLogs(root, [present('records', 'web', join(inUse, 'records.log'))]);
  assert.deepEqual([inUse, old, young].map(existsSync), [true, false, true]);
  // The pod’s own files are old, its records are not.
  utimesSync(join(root, 'records/web'), 1, 1);
  removeOldLogs(root, []);
  assert.equal(existsSync(young), true);
});

test('a new pod of the name leaves the records of the one before', () => {
  const before = logs('again', 'web', 60);
  const records = logs('again/web', 'records-1', 60);
  removeLogs(root, { namespace: 'again', name: 'web' });
  assert.deepEqual([join(before, 'app.log'), join(records, 'app.log')].map(existsSync), [false, true]);
  removeLogs(root, { namespace: 'again', name: 'none' });
});
