// The commands that bring a mesh up and down, run programs and reach into them, with right and with wrong input (contract
// lines 1–5, 13; the bad input).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { serviceEntry, startMesh } from '../support/mesh.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const bin = resolve(import.meta.dirname, '../../bin/sallyport.cjs');

/** No stack trace, and no more than a screen. */
function assertClean(stderr: string): void {
  assert.doesNotMatch(stderr, /^\s+at /m);
  assert.ok(stderr.split('\n').length < 25, stderr);
}

describe('lifecycle', needs('root', 'iproute2', 'firewall'), () => {
  it('says what stands in the way of up, and leaves nothing started', async (t) => {
    const mesh = await startMesh(t);
    const again = await mesh.cli('up', '--detach');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^error: the mesh in .* is already up \(process \d+\)\n/);
    assertClean(again.stderr);

    const other = ['--data', join(mesh.data, 'other')];
    const envoy = await mesh.cli('up', '--detach', ...other, '--envoy', '/nonexistent');
    assert.equal(envoy.code, 1);
    assert.match(envoy.stderr, /^error: \/nonexistent/);
    assertClean(envoy.stderr);

    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    t.after(() => void blocker.close());
    const bound = blocker.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    const taken = await mesh.cli('up', '--detach', ...other, '--listen', `127.0.0.1:${port}`);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, new RegExp(`^error: 127.0.0.1:${port} is in use\\n`));
    assertClean(taken.stderr);
    assert.match((await mesh.cli('down', ...other)).stdout, /no mesh was up/);

    for (const wrong of [
      ['--listen', '0.0.0.0:80'],
      ['--resolve', 'nonsense'],
      ['--capture', 'magic'],
      ['--nonsense'],
    ]) {
      const { code, stderr, stdout } = await mesh.cli('up', ...wrong);
      assert.deepEqual([code, stdout], [2, ''], wrong.join(' '));
      assertClean(stderr);
    }
  });

  it('applies settings that differ and names them, without restarting what they do not touch', async (t) => {
    const address = outsideAddress(51);
    await startOutsideHttp({ t, address, port: 80 });
    const mesh = await startMesh(t);
    const caller = await mesh.workload('caller');
    const restarts = () =>
      mesh.run('get', 'pod', 'caller', '-o', 'jsonpath={.status.containerStatuses[*].restartCount}');
    assert.notEqual((await caller.perform({ do: 'http', host: 'late.example' })).status, 200);
    const changed = await mesh.run('up', '--detach', '--resolve', `late.example=${address}`);
    assert.match(changed, new RegExp(`changed: --resolve none -> late.example=${address}`));
    await until(
      'the name resolves',
      async () => (await caller.perform({ do: 'http', host: 'late.example' })).status === 200,
    );
    assert.equal(await restarts(), '0 0');
  });

  it('resolves names with ports and of both families, for workloads and proxies alike', async (t) => {
    const address = outsideAddress(52);
    await startOutsideHttp({ t, address, port: 8080, respond: (_, answer) => answer.end('8080') });
    await startOutsideHttp({ t, address, port: 8081, respond: (_, answer) => answer.end('8081') });
    const rules = [`a.example:80=${address}:8080`, `b.example:80=${address}:8081`, 'six.example=[2001:db8::7]'];
    const mesh = await startMesh(t, { up: rules.flatMap((rule) => ['--resolve', rule]) });
    const caller = await mesh.workload('caller');
    assert.equal((await caller.perform({ do: 'http', host: 'a.example' })).body, '8080');
    assert.equal((await caller.perform({ do: 'http', host: 'b.example' })).body, '8081');
    assert.deepEqual((await caller.perform({ do: 'lookup', host: 'six.example', family: 6 })).addresses, [
      '2001:db8::7',
    ]);
    await mesh.apply(['a', 'b'].map((name) => serviceEntry(name, { hosts: [`${name}.example`] })).join(''));
    await mesh.run('istio', 'otp', 'restricted');
    await until(
      'the proxy resolves them too',
      async () => (await caller.perform({ do: 'http', host: 'b.example' })).body === '8081',
    );
    assert.equal((await caller.perform({ do: 'http', host: 'a.example' })).body, '8080');
  });

  it('runs programs in the foreground with their output and exit code, and takes them away', async (t) => {
    const mesh = await startMesh(t);
    const failing = await mesh.cli('run', '--name', 'fails', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    assert.equal(failing.code, 7);
    assert.match(failing.stdout, /out\nerr\n/);
    const missing = await mesh.cli('run', '--name', 'missing', '--', '/does/not/exist');
    assert.notEqual(missing.code, 0);
    assert.match(missing.stdout + missing.stderr, /does\/not\/exist/);
    assert.match((await mesh.cli('get', 'pods')).stderr, /No resources found/);

    const child = spawn(process.execPath, [bin, 'run', '--name', 'long', '--', 'sh', '-c', 'echo started; sleep 600'], {
      env: { ...process.env, SALLYPORT_DATA: mesh.data },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first]: Buffer[] = await once(child.stdout, 'data');
    assert.equal(first?.toString(), 'started\n');
    child.kill('SIGINT');
    const [code]: number[] = await once(child, 'exit');
    assert.equal(code, 130);
    await until('the pod is gone', async () => /No resources found/.test((await mesh.cli('get', 'pods')).stderr));
    const bad = await mesh.cli('run', '--name', 'Bad_Name', '--', 'true');
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /metadata.name/);
    assertClean(bad.stderr);
  });

  it('passes streams, exit code and working folder through exec, and hides capabilities', async (t) => {
    const mesh = await startMesh(t);
    await mesh.workload('echo', { args: ['--env', 'GREETING=hello'] });
    const script = 'cat; echo "$GREETING"; hostname; pwd; echo err >&2; exit 9';
    const child = spawn(process.execPath, [bin, 'exec', '-i', 'deploy/echo', '--', 'sh', '-c', script], {
      env: { ...process.env, SALLYPORT_DATA: mesh.data },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.end('in\n');
    const [code]: number[] = await once(child, 'close');
    assert.deepEqual([code, stderr], [9, 'err\n']);
    assert.equal(stdout, `in\nhello\necho\n${process.cwd()}\n`);
    const status = await mesh.run('exec', 'echo', '--', 'cat', '/proc/self/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`^${set}:\\s+0000000000000000$`, 'm'));
    }
    const unknown = await mesh.cli('exec', 'nobody', '--', 'true');
    assert.equal(unknown.code, 1);
    assertClean(unknown.stderr);
  });

  it('lets two meshes run side by side', async (t) => {
    const [one, two] = await Promise.all([startMesh(t), startMesh(t)]);
    await Promise.all([one.workload('same'), two.workload('same')]);
    await one.run('istio', 'otp', 'restricted');
    assert.match(await two.run('istio', 'otp'), /is not found/);
    await one.run('down');
    assert.equal(await two.run('exec', 'same', '--', 'hostname'), 'same\n');
  });
});
