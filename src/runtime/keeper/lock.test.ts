import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './lock.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-lock-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('one process holds the lock, and its death releases it', async () => {
  const module = new URL('./lock.ts', import.meta.url).href;
  const script = `const { tryLock } = await import(${JSON.stringify(module)});
    const lock = tryLock(process.argv[1]);
    console.log(lock === undefined ? 'busy' : 'held');
    setInterval(() => lock, 1000);`;
  const args = ['--input-type=module', '-e', script, root];
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(holder.stdout, 'data');
  assert.equal(String(line), 'held\n');
  assert.equal(tryLock(root), undefined);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const deadline = Date.now() + 5_000;
  let lock = tryLock(root);
  while (lock === undefined && Date.now() < deadline) {
    await delay(5);
    lock = tryLock(root);
  }
  assert.ok(lock);
  lock.release();
});
