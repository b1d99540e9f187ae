// The demo as a newcomer has it: the tour holds, with either way of capture; Ctrl-C, a killed demo and two side by side
// leave nothing behind (product-facts checks 8, 9, 16, 18–20, 27, 32–61, 65, 66).
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { client, countsOutside, exitOf, listen, program, startDemo } from '../support/demo.ts';
import { hostState } from '../support/host-state.ts';
import {
  controlPlanePid,
  ended,
  keeperPods,
  keeperStatus,
  kill,
  podPids,
  processesOf,
} from '../support/mesh-processes.ts';
import { needs } from '../support/requires.ts';
import { until, untilFits } from '../support/until.ts';

const demoFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('sallyport-demo-'));

for (const [capture, capable] of [
  ['redirect', needs('root', 'iproute2', 'firewall')],
  ['proxy', needs()],
] as const) {
  describe(`demo with ${capture} capture`, capable, () => {
    it('plays the tour, and every check of it holds', async (t) => {
      const before = hostState();
      const folders = demoFolders();
      const own = program(t);
      const { code, stdout, stderr } = await own.run('demo', '--tour', '--capture', capture, ...(await listen()));
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /^All \d+ checks held\.$/m);
      assert.doesNotMatch(stdout, /✗/);
      assert.deepEqual(hostState(), before);
      assert.deepEqual(demoFolders(), folders);
    });

    it('leaves nothing after Ctrl-C, nor after kill -9 of all of it and down', async (t) => {
      const before = hostState();
      const folders = demoFolders();
      const own = program(t);
      const first = await startDemo(own, '--capture', capture, '--namespace', 'smm-demo');
      assert.match(first.said, /set env deployment\/notifications-v1 -n smm-demo/);
      assert.match((await own.run('get', 'deployments', '-n', 'smm-demo')).stdout, /^frontpage-v1\s+1\/1/m);
      const again = await own.run('demo', '--no-open', '--capture', capture);
      assert.deepEqual([again.code, again.stdout], [1, '']);
      assert.match(again.stderr, /^error: a mesh is up in /);
      const pids = await podPids(own);
      first.child.kill('SIGINT');
      assert.equal(await exitOf(first.child), 130);
      for (const pid of pids) await ended(pid);
      assert.deepEqual(hostState(), before);

      const second = await startDemo(own, '--capture', capture);
      const others = await podPids(own);
      const keeper = await keeperStatus(own);
      const controlPlane = await controlPlanePid(own);
      const exited = exitOf(second.child);
      second.child.kill('SIGKILL');
      await exited;
      await kill(controlPlane);
      await kill(keeper.pid);
      const down = await own.run('down');
      assert.equal(down.code, 0, down.stderr);
      for (const pid of others) await ended(pid);
      assert.deepEqual(hostState(), before);
      assert.deepEqual(demoFolders(), folders);
    });
  });
}

describe('the tour on a running demo', needs(), () => {
  it('holds a second time, and leaves the mesh as it was', async (t) => {
    const own = program(t);
    const { child } = await startDemo(own);
    const kinds = 'ns,deploy,svc,se,vs,gw,dr,mgw';
    const objects = async () => {
      const names = (await own.run('get', kinds, '-A', '-o', 'name')).stdout.split('\n');
      // Comes with the first object in it, and stays.
      return names.filter((name) => name !== 'namespace/default').sort();
    };
    const before = await objects();
    assert.ok(before.includes('deployment.apps/frontpage-v1'), before.join('\n'));
    for (let round = 1; round <= 2; round++) {
      const { code, stdout, stderr } = await own.run('demo', '--tour');
      assert.equal(code, 0, `round ${round}:\n${stdout}\n${stderr}`);
      // Gateways take their Deployments and Services with them a moment later.
      await untilFits(objects, (now) => isDeepStrictEqual(now, before));
      assert.match((await own.run('istio', 'otp')).stdout, /is not found/);
    }
    child.kill('SIGINT');
    await exitOf(child);
  });
});

describe('REQUESTS of the demo', needs(), () => {
  it('make exactly so many calls for each request, counted outside', async (t) => {
    const own = program(t);
    const { child } = await startDemo(own);
    const here = ['-n', 'backyards-demo'];
    const sallyport = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await own.run(...args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await sallyport('scale', 'deployment/bombardier', '--replicas', '0', ...here);
    const requests = 'REQUESTS=http://api.github.com/#2 https://api.stripe.com/v1/charges#1';
    await sallyport('set', 'env', 'deployment/notifications-v1', requests, ...here);
    await sallyport('rollout', 'status', 'deployment/notifications-v1', ...here);
    await until('bombardier has ended', async () =>
      (await keeperPods(own)).every(({ workload }) => workload !== 'bombardier'),
    );
    const address = await sallyport('get', 'pod', 'internet', '-n', 'internet', '-o', 'jsonpath={.status.podIP}');
    const counts = () => countsOutside(address.trim());
    const before = await counts();
    const url = 'http://notifications:8080/';
    const ask = ['exec', 'deploy/payments-v1', ...here, '--', process.execPath, client, '-s', url];
    for (let count = 0; count < 5; count++) assert.equal(await sallyport(...ask), 'notification sent');
    const after = await counts();
    const more = (host: string) => (after.get(host) ?? 0) - (before.get(host) ?? 0);
    assert.deepEqual([more('api.github.com'), more('api.stripe.com')], [10, 5]);
    child.kill('SIGINT');
    await exitOf(child);
  });
});

describe('install and uninstall without a cluster', needs(), () => {
  it('mean the demo and its end', async (t) => {
    const before = hostState();
    const own = program(t);
    const { child } = await startDemo(own, 'install', '-a', '--run-demo');
    const exited = exitOf(child);
    assert.match((await own.run('dashboard')).stdout, /^Sallyport UI at http:\/\/127\.0\.0\.1:\d+\/$/m);
    const pids = await podPids(own);
    assert.equal((await own.run('uninstall', '-a')).code, 0);
    for (const pid of pids) await ended(pid);
    assert.equal(await exited, 0);
    assert.deepEqual(hostState(), before);
    assert.equal((await own.run('uninstall')).code, 2);
  });
});

describe('Ctrl-C while a demo starts', needs(), () => {
  it('leaves nothing, at whatever moment it comes', async (t) => {
    const before = hostState();
    const own = program(t);
    // From the first steps to when most of it runs, in moments that no step knows.
    for (const moment of [350, 620, 810, 1130, 1370, 1590, 2060, 2940]) {
      const child = own.start('demo', '--no-open', ...(await listen()));
      child.stdout?.resume();
      child.stderr?.resume();
      const exited = exitOf(child);
      await delay(moment);
      child.kill('SIGINT');
      assert.equal(await exited, 130, `after ${moment} ms`);
      assert.deepEqual(processesOf(own.data), [], `after ${moment} ms`);
    }
    assert.deepEqual(hostState(), before);
  });
});

describe('two demos', needs(), () => {
  it('run side by side with folders and addresses of their own', async (t) => {
    const [one, two] = [program(t), program(t)];
    const demos = [await startDemo(one), await startDemo(two)];
    await one.run('istio', 'otp', 'restricted');
    assert.match((await two.run('istio', 'otp')).stdout, /is not found/);
    for (const { child } of demos) {
      child.kill('SIGTERM');
      await exitOf(child);
    }
  });
});
