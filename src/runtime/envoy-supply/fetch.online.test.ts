// The one test that asks a package registry: runs outside of the isolated suites.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { needs } from '../../../test/support/requires.ts';
import { cachedEnvoyFile } from './cache.ts';
import { fetchEnvoy } from './fetch.ts';
import { locateEnvoy } from './find-envoy.ts';
import { inspectEnvoy } from './inspect.ts';
import { envoyVersion } from './release.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-fetch-'));
const cacheDir = join(root, 'cache');
const noEnvoyOnPath = { HOME: root, PATH: '/nonexistent' };
after(() => rmSync(root, { recursive: true, force: true }));

test('two fetches at once give one checked copy and leave nothing else', needs('python3'), async () => {
  const steps: string[] = [];
  const onProgress = (line: string) => steps.push(line);
  const [first, second] = await Promise.all([fetchEnvoy({ cacheDir, onProgress }), fetchEnvoy({ cacheDir })]);
  assert.equal(first, cachedEnvoyFile(cacheDir));
  assert.equal(second, first);
  assert.deepEqual(readdirSync(join(cacheDir, 'envoy', envoyVersion)), ['envoy']);
  assert.equal(steps.length, 2);
  assert.deepEqual(await inspectEnvoy(first), { ok: true, version: envoyVersion });
  assert.deepEqual(await locateEnvoy({ env: noEnvoyOnPath, cacheDir }), {
    path: first,
    version: envoyVersion,
    source: 'cache',
  });
});
