import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cachedEnvoyFile, findCachedEnvoy } from './cache.ts';
import { findEnvoy, locateEnvoy } from './find-envoy.ts';
import { inspectEnvoy } from './inspect.ts';
import { envoyVersion } from './release.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-envoy-'));
const env = { HOME: root, PATH: process.env['PATH'] };
const noEnvoyOnPath = { HOME: root, PATH: '/nonexistent' };
let real: string;

before(async () => {
  const found = await findEnvoy();
  real = found.path;
});
after(() => rmSync(root, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('a cached copy that was changed is not used', async () => {
  const spoilt = join(root, 'spoilt');
  const file = cachedEnvoyFile(spoilt);
  mkdirSync(join(file, '..'), { recursive: true });
  copyFileSync(real, file);
  assert.equal(await findCachedEnvoy(spoilt), file);
  writeFileSync(file, 'x', { flag: 'a' });
  assert.equal(await findCachedEnvoy(spoilt), undefined);
});

test('what the user names wins, and must do', async () => {
  const named = join(root, 'named');
  symlinkSync(real, named);
  const bothNamed = { ...noEnvoyOnPath, SALLYPORT_ENVOY: '/nonexistent/envoy' };
  assert.equal((await findEnvoy({ option: named, env: bothNamed })).source, 'option');
  assert.equal((await findEnvoy({ env: { ...noEnvoyOnPath, SALLYPORT_ENVOY: named } })).source, 'environment');
  await assert.rejects(findEnvoy({ env: bothNamed }), { code: 'SP_ENVOY_UNUSABLE', message: /from SALLYPORT_ENVOY/ });
  const other = script('other', 'echo "I am something else"');
  await assert.rejects(findEnvoy({ option: other }), { code: 'SP_ENVOY_UNUSABLE', message: /it is no Envoy/ });
});

test('an envoy on PATH is used only if the probe validates on it', async () => {
  const good = join(root, 'good');
  mkdirSync(good);
  symlinkSync(real, join(good, 'envoy'));
  const poor = script(
    'poor/envoy',
    `case "$1" in --version) echo "x version: 00ff/1.20.0/Clean/RELEASE/BoringSSL";; *) echo "no such filter" >&2; exit 1;; esac`,
  );
  const empty = join(root, 'empty');
  assert.equal((await locateEnvoy({ env: { ...env, PATH: good }, cacheDir: empty }))?.source, 'path');
  assert.equal(await locateEnvoy({ env: { ...env, PATH: join(poor, '..') }, cacheDir: empty }), undefined);
  const inspection = await inspectEnvoy(poor);
  assert.deepEqual(inspection, {
    ok: false,
    reason: 'Envoy 1.20.0 refuses the probe configuration: no such filter',
  });
});

test('without any Envoy one error names the ways, and nothing is left', async () => {
  const failing = join(root, 'failing');
  script('failing/python3', 'echo "ERROR: no network" >&2; exit 1');
  const empty = join(root, 'none');
  const found = findEnvoy({ env: { HOME: root, PATH: failing }, cacheDir: empty });
  await assert.rejects(found, {
    code: 'SP_NO_ENVOY',
    message: /ERROR: no network/,
    hint: /--envoy or SALLYPORT_ENVOY/,
  });
  assert.deepEqual(readdirSync(join(empty, 'envoy', envoyVersion)), []);
});

test('a fetch that is aborted rejects with the abort', async () => {
  const hanging = join(root, 'hanging');
  script('hanging/python3', 'exec sleep 60');
  const controller = new AbortController();
  const options = { env: { HOME: root, PATH: `${hanging}:/usr/bin:/bin` }, cacheDir: join(root, 'aborted') };
  const found = findEnvoy({ ...options, signal: controller.signal, onProgress: () => controller.abort() });
  await assert.rejects(found, { name: 'AbortError' });
});
