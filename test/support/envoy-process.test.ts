// The test harness itself: what it promises to the tests that build on it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { type Scope, startEnvoy, validateConfig } from './envoy-process.ts';
import { needs } from './requires.ts';

const cluster = { name: 'up', connect_timeout: '1s' };

test('starts, tells its state and numbers, and leaves nothing behind', async (t) => {
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters: [cluster] } } });
  assert.equal(await envoy.state(), 'LIVE');
  assert.equal(await envoy.stat('cluster_manager.active_clusters'), 1);
  assert.ok((await envoy.memory()) > 10 * 2 ** 20);
  await assert.rejects(envoy.admin('/nothing'), /404/);
  await envoy.stop();
  assert.equal(existsSync(envoy.folder), false);
  assert.throws(() => process.kill(envoy.pid, 0), { code: 'ESRCH' });
});

test('runs as another user', needs('root'), async (t) => {
  const envoy = await startEnvoy({ t, bootstrap: {}, uid: 61_000 });
  assert.equal((await stat(`/proc/${envoy.pid}`)).uid, 61_000);
});

test('a bootstrap that Envoy refuses is an error with its words, and is cleaned up', async () => {
  const cleanUps: (() => Promise<void> | void)[] = [];
  const t: Scope = { after: (cleanUp) => cleanUps.push(cleanUp) };
  const bootstrap = { static_resources: { clusters: [{ connect_timeout: '1s' }] } };
  await assert.rejects(
    startEnvoy({ t, bootstrap }),
    /name: value length must be at least 1|ClusterValidationError\.Name/i,
  );
  for (const cleanUp of cleanUps) await cleanUp();
});

test('validateConfig gives a verdict and the reason', async () => {
  assert.equal((await validateConfig({ static_resources: { clusters: [cluster] } })).ok, true);
  const bad = await validateConfig({ static_resources: { clusters: [{ connect_timeout: '1s' }] } });
  assert.equal(bad.ok, false);
  assert.match(bad.output, /at least 1 characters/);
});
