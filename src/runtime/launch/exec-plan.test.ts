// Commands run for real inside a running workload.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { onOwnHost } from '../network/testing/own-host.ts';
import { execPlan } from './exec-plan.ts';
import { type Scope, type Started, start } from './testing/started.ts';
import { nobody, path, running, testWorkloads } from './testing/workloads.ts';

onOwnHost(import.meta.filename, () => {
  const { sandbox, run } = testWorkloads();
  const spec = { env: { PATH: path, 'dotted.name': 'x' }, cwd: '/usr', user: nobody };

  function inside(t: Scope, launcher: Started, ...words: readonly string[]): Started {
    const plan = execPlan(launcher.pid, spec);
    assert.ok(plan);
    return start(plan, t, words);
  }

  async function workload(t: Scope): Promise<Started> {
    const started = run(t, { command: ['sleep', '600'], ...spec });
    await running(started);
    return started;
  }

  test('has the workload’s environment, folder, user, network and processes', async (t) => {
    const launcher = await workload(t);
    const environment = inside(t, launcher, 'env');
    assert.equal(await environment.exit, 0);
    assert.equal(environment.output(), `PATH=${path}\ndotted.name=x\n`);
    const script = 'pwd; id -u; uname -n; cat /proc/1/comm; cat /etc/resolv.conf; ip -o -4 address show dev eth0';
    const started = inside(t, launcher, 'sh', '-c', script);
    assert.equal(await started.exit, 0);
    const [folder, user, host, first, ...rest] = started.output().split('\n');
    assert.deepEqual([folder, user, host, first], ['/usr', '65534', 'web-1', 'sh']);
    assert.match(rest.join('\n'), new RegExp(`nameserver ${sandbox().relayIP}\n[^]*inet ${sandbox().podIP}/30`));
  });

  test('passes streams, exit code and signals', async (t) => {
    const launcher = await workload(t);
    const cat = inside(t, launcher, 'sh', '-c', 'cat; exit 5');
    cat.child.stdin?.end('through');
    assert.equal(await cat.exit, 5);
    assert.equal(cat.output(), 'through');
    assert.equal(await inside(t, launcher, '/no/such/program').exit, 127);

    const handled = inside(t, launcher, 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done');
    await until('it handles signals', () => handled.output() === 'ready\n');
    handled.child.kill('SIGTERM');
    assert.equal(await handled.exit, 9);
  });

  test('has no capability', async (t) => {
    const started = inside(t, await workload(t), 'grep', 'CapBnd', '/proc/self/status');
    assert.equal(await started.exit, 0);
    assert.equal(started.output(), `CapBnd:\t${'0'.repeat(16)}\n`);
  });

  test('is told to end when the one who asked for it dies', async (t) => {
    const plan = execPlan((await workload(t)).pid, spec);
    const script = 'trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.05; done';
    const parent = ['sh', '-c', '"$@"; exit', 'sh', ...(plan?.argv ?? []), 'sh', '-c', script];
    const started = start({ argv: parent, env: spec.env }, t);
    await until('it handles signals', () => started.output() === 'ready\n');
    started.child.kill('SIGKILL');
    await started.exit;
    assert.equal(started.output(), 'ready\nbye\n');
  });

  test('is refused where the workload has ended', async (t) => {
    const launcher = await workload(t);
    launcher.child.kill('SIGKILL');
    await launcher.exit;
    assert.equal(execPlan(launcher.pid, spec), undefined);
  });
});
