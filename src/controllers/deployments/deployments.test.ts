import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { keyOf } from '../../api/object.ts';
import {
  crashingStatus,
  deployment,
  deploymentKey,
  runningStatus,
  startController,
  type TestController,
  versionOf,
} from './testing/controller.ts';

async function allReady(controller: TestController, version: string, count: number) {
  const pods = await controller.untilPods(
    `${count} of ${version}`,
    (all) => all.filter((pod) => versionOf(pod) === version).length === count,
  );
  for (const pod of pods) await controller.report(pod, runningStatus(true));
  return pods;
}

test('pods are made as the template says, and belong to their Deployment', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment({ replicas: 2 })]);
  const pods = await controller.untilPods('two pods', (all) => all.length === 2);
  const { metadata } = await controller.deployment();
  for (const pod of pods) {
    const hash = pod.metadata.labels?.['pod-template-hash'];
    assert.match(pod.metadata.name, new RegExp(`^web-${hash}-[a-z0-9]{5}$`));
    assert.deepEqual(pod.metadata.labels, { app: 'web', 'pod-template-hash': hash });
    assert.deepEqual(pod.metadata.annotations, { team: 'red' });
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: metadata.uid };
    assert.deepEqual(pod.metadata.ownerReferences, [{ ...owner, controller: true, blockOwnerDeletion: true }]);
  }
});

test('a name of 253 characters gives pods with names that are host names', async (t) => {
  const controller = await startController(t);
  const named = deployment();
  const name = `${'a'.repeat(46)}-${'b'.repeat(206)}`;
  await controller.store.apply([{ ...named, metadata: { ...named.metadata, name } }]);
  const [pod] = await controller.untilPods('a pod', (all) => all.length === 1);
  assert.match(pod?.metadata.name ?? '', /^a{46}-b-[a-z0-9]{8}-[a-z0-9]{5}$/);
});

test('what is there already is left alone, by an equal template and by the next control plane', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment({ replicas: 2 })]);
  const before = (await allReady(controller, '1', 2)).map(({ metadata }) => metadata.name);
  const same = deployment({ replicas: 2, paused: false });
  await controller.store.apply([same]);
  await controller.restart();
  await controller.restart();
  await until('seen', async () => (await controller.deployment()).status?.observedGeneration === 2);
  assert.deepEqual(
    (await controller.pods()).map(({ metadata }) => metadata.name),
    before,
  );
});

test('a new version comes first, and the old pod goes when it is ready', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment()]);
  await allReady(controller, '1', 1);
  await controller.store.apply([deployment({}, '2')]);
  const both = await controller.untilPods('one of each', (all) => all.length === 2);
  assert.deepEqual(both.map(versionOf).sort(), ['1', '2']);
  const next = both.find((pod) => versionOf(pod) === '2');
  assert.ok(next);
  await controller.report(next, runningStatus(true));
  const left = await controller.untilPods('the old one is gone', (all) => all.length === 1);
  assert.deepEqual(left.map(versionOf), ['2']);
  await controller.store.apply([deployment()]);
  await allReady(controller, '1', 1);
  await controller.untilPods(
    'back at the first version',
    (all) => all.length === 1 && all.every((pod) => versionOf(pod) === '1'),
  );
});

test('a version that crashes leaves the one before it, says why, and is itself replaced', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment({ replicas: 2 })]);
  await allReady(controller, '1', 2);
  await controller.store.apply([deployment({ replicas: 2 }, 'broken')]);
  const pods = await controller.untilPods('a third', (all) => all.length === 3);
  const broken = pods.find((pod) => versionOf(pod) === 'broken');
  assert.ok(broken);
  controller.logs.set(broken.metadata.name, ['first line', 'Error: listen EADDRINUSE']);
  await controller.report(
    broken,
    crashingStatus('ended with exit code 1: Error: listen EADDRINUSE; starts again in 10 s'),
  );
  const failing = await until('the failure is seen', async () => {
    const found = await controller.deployment();
    return found.status?.conditions?.some(({ type }) => type === 'ReplicaFailure') && found;
  });
  assert.deepEqual(deploymentKind.notes?.(failing), [
    'CrashLoopBackOff: ended with exit code 1; starts again in 10 s\nfirst line\nError: listen EADDRINUSE',
  ]);
  const available = failing.status?.conditions?.find(({ type }) => type === 'Available');
  assert.equal(available?.status, 'True');
  const { readyReplicas, updatedReplicas, availableReplicas, unavailableReplicas } = failing.status ?? {};
  assert.deepEqual([readyReplicas, updatedReplicas, availableReplicas, unavailableReplicas], [2, 1, 2, 1]);
  assert.deepEqual((await controller.pods()).map(versionOf).sort(), ['1', '1', 'broken']);
  await controller.store.apply([deployment({ replicas: 2 }, '3')]);
  const mended = await controller.untilPods('the broken one is replaced', (all) =>
    all.some((pod) => versionOf(pod) === '3'),
  );
  assert.deepEqual(mended.map(versionOf).sort(), ['1', '1', '3']);
});

test('a program that does not listen is named after a while', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment()]);
  const [pod] = await controller.untilPods('a pod', (all) => all.length === 1);
  assert.ok(pod);
  await controller.report(pod, runningStatus(false, new Date(Date.now() - 4_500)));
  assert.deepEqual(deploymentKind.notes?.(await controller.deployment()), []);
  const notes = await until('it is named', async () => {
    const found = deploymentKind.notes?.(await controller.deployment()) ?? [];
    return found.length > 0 && found;
  });
  assert.deepEqual(notes, ['NotReady: runs, but does not listen on port 8080']);
});

test('without a declared port a pod must have run for a second before it takes an old one’s place', async (t) => {
  const controller = await startController(t);
  const template = (version: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', command: ['work'], env: [{ name: 'VERSION', value: version }] }] },
  });
  await controller.store.apply([deployment({ template: template('1') })]);
  await allReady(controller, '1', 1);
  await controller.store.apply([deployment({ template: template('2') })]);
  const both = await controller.untilPods('one of each', (all) => all.length === 2);
  const next = both.find((pod) => versionOf(pod) === '2');
  assert.ok(next);
  const startedAt = Date.now();
  await controller.report(next, runningStatus(true, new Date(startedAt)));
  await controller.untilPods('the old one is gone', (all) => all.length === 1);
  assert.ok(Date.now() - startedAt >= 1000);
});

test('it is scaled up, down and to nothing', async (t) => {
  const controller = await startController(t);
  for (const replicas of [1, 4, 2, 0, 1]) {
    await controller.store.apply([deployment({ replicas })]);
    await controller.untilPods(`${replicas} pods`, (all) => all.length === replicas);
    await until('its status says so', async () => (await controller.deployment()).status?.replicas === replicas);
  }
});

test('a paused Deployment is left as it is', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment({ paused: true })]);
  await until('it was looked at', async () => (await controller.deployment()).status?.observedGeneration === 1);
  assert.deepEqual(await controller.pods(), []);
  await controller.store.apply([deployment({ paused: false })]);
  await controller.untilPods('a pod', (all) => all.length === 1);
});

test('Recreate starts the next version when the keeper has ended the last', async (t) => {
  const controller = await startController(t);
  const strategy = { type: 'Recreate' };
  await controller.store.apply([deployment({ strategy })]);
  const [first] = await allReady(controller, '1', 1);
  const { name = '', uid = '' } = first?.metadata ?? {};
  controller.running.set(name, { namespace: 'default', name, workload: 'web', uid });
  await controller.store.apply([deployment({ strategy }, '2')]);
  await controller.untilPods('the old one is gone', (all) => all.length === 0);
  await until('looked at again', async () => (await controller.deployment()).status?.replicas === 0);
  assert.deepEqual(await controller.pods(), []);
  controller.ended(name);
  const [next] = await controller.untilPods('the next one', (all) => all.length === 1);
  assert.equal(next && versionOf(next), '2');
});

test('a pod that was deleted is replaced; with the Deployment all go', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment()]);
  const [first] = await allReady(controller, '1', 1);
  assert.ok(first);
  await controller.store.delete(keyOf(first));
  await controller.untilPods('another one', ([pod]) => pod !== undefined && pod.metadata.name !== first.metadata.name);
  await controller.store.delete(deploymentKey());
  assert.deepEqual(await controller.pods(), []);
});

test('a pod whose Deployment was another one of that name, or is none, is removed', async (t) => {
  const controller = await startController(t);
  await controller.store.apply([deployment()]);
  const [own] = await controller.untilPods('a pod', (all) => all.length === 1);
  assert.ok(own);
  const [owner] = own.metadata.ownerReferences ?? [];
  assert.ok(owner);
  const stray = (name: string, of: string) => ({
    ...own,
    metadata: { name, namespace: 'default', ownerReferences: [{ ...owner, name: of, uid: 'another' }] },
  });
  await controller.store.apply([stray('stray-1', 'web'), stray('stray-2', 'nobody')]);
  await controller.untilPods('only its own', (all) => all.length === 1 && all[0]?.metadata.name === own.metadata.name);
});
