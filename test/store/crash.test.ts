import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLocalStore } from '../../src/store/local/local-store.ts';
import { numberOf } from './numbered-pair.ts';
import { entryKey } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';

const kills = 200;
const lanes = 2;
const writer = fileURLToPath(new URL('apply-loop.ts', import.meta.url));

/** Mulberry32: the same kills in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets a writer work for a while after its first line and kills it; the last number it had acknowledged. */
async function killWriter(file: string, lifeMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await delay(lifeMs);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  assert.equal(signal, 'SIGKILL', 'the writer lived until it was killed');
  const whole = printed.slice(0, printed.lastIndexOf('\n'));
  return Number(whole.slice(whole.lastIndexOf('\n') + 1));
}

/** The numbers in a copy of the store as the crash left it, so that its log stays for the next writer to recover. */
async function storedNumbers(file: string, copy: string): Promise<readonly [number, number]> {
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  const store = await openLocalStore({ file: copy });
  const pair = [numberOf(await store.get(entryKey('left'))), numberOf(await store.get(entryKey('right')))] as const;
  await store.close();
  return pair;
}

async function runLane(folder: string, seed: number): Promise<number> {
  mkdirSync(folder);
  const file = join(folder, 'store.sqlite');
  const random = createRandom(seed);
  let acknowledged = 0;
  for (let kill = 0; kill < kills / lanes; kill += 1) {
    acknowledged = await killWriter(file, random() * 60);
    const [left, right] = await storedNumbers(file, join(folder, 'copy.sqlite'));
    assert.equal(left, right, 'both objects of an apply are stored, or none');
    assert.ok(left >= acknowledged, `kill ${kill}: ${acknowledged} was acknowledged, ${left} is stored`);
    assert.ok(left <= acknowledged + 1, `kill ${kill}: ${left} is stored, ${acknowledged} was acknowledged`);
  }
  return acknowledged;
}

test(`what was acknowledged survives ${kills} kills`, async (context) => {
  const folder = temporaryFolder(context);
  const seeds = Array.from({ length: lanes }, (_, lane) => lane + 1);
  const applies = await Promise.all(seeds.map((seed) => runLane(join(folder, String(seed)), seed)));
  for (const count of applies) assert.ok(count > kills / lanes, `only ${count} applies were made`);
});
