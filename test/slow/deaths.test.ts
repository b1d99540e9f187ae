// What the mesh survives: kill -9 of the control plane under load, of the keeper, of both, and `down` after that (contract
// lines 1 and 2). Requests keep their outcome, names resolve, workloads keep their pids, nothing is left behind.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hostState } from '../support/host-state.ts';
import { serviceEntry, startMesh, type TestMesh } from '../support/mesh.ts';
import { controlPlanePid, ended, keeperPod, keeperStatus, kill, podPids } from '../support/mesh-processes.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const capable = needs('root', 'iproute2', 'firewall');

function connected(mesh: TestMesh): () => Promise<boolean> {
  return async () => {
    const { code, stdout } = await mesh.cli('proxy-status');
    return code === 0 && stdout.includes('SYNCED') && !stdout.includes('STALE');
  };
}

describe('deaths', capable, () => {
  it('kill -9 of the control plane under load changes no request and resends nothing', async (t) => {
    const address = outsideAddress(31);
    await startOutsideHttp({ t, address, port: 80 });
    const mesh = await startMesh(t, {
      up: ['--resolve', `open.example=${address}`, '--resolve', `closed.example=${address}`],
      env: { SALLYPORT_LOG: 'debug' },
    });
    await mesh.run('istio', 'otp', 'restricted');
    await mesh.apply(serviceEntry('open', { hosts: ['open.example'] }));
    const caller = await mesh.workload('caller');
    const status = async (host: string) => (await caller.perform({ do: 'http', host })).status;
    await until(
      'the policy is in force',
      async () => (await status('open.example')) === 200 && (await status('closed.example')) === 502,
    );

    const open = caller.perform({ do: 'load', host: 'open.example', ms: 6000 });
    const closed = caller.perform({ do: 'load', host: 'closed.example', ms: 6000, connections: 1 });
    await kill(await controlPlanePid(mesh));
    assert.deepEqual((await caller.perform({ do: 'lookup', host: 'open.example' })).addresses, [address]);
    assert.equal(await mesh.run('exec', 'caller', '--', 'hostname'), 'caller\n');
    assert.match(await mesh.run('logs', 'caller', '-c', 'istio-proxy', '--tail', '1'), /open.example|closed.example/);
    const log = join(mesh.data, 'logs/control-plane.log');
    const before = readFileSync(log, 'utf8').length;
    await mesh.run('up', '--detach');
    const started = performance.now();
    await until('the proxy is connected again', connected(mesh), 5000);
    assert.ok(performance.now() - started < 2500, 'connected again within 2 s, and the time of asking');
    assert.deepEqual(Object.keys((await open).outcomes ?? {}), ['200']);
    assert.deepEqual(Object.keys((await closed).outcomes ?? {}), ['502']);
    const pushed = readFileSync(log, 'utf8')
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('"pushed"'));
    const sent = pushed.filter((line) => !line.includes('"updated":0'));
    // A key lives in the control plane that made it: the next one makes another, and a certificate for it.
    const certificates = sent.filter((line) => line.includes('.tls.v3.Secret"'));
    assert.ok(certificates.length <= 1);
    assert.deepEqual(
      sent.filter((line) => !certificates.includes(line)),
      [],
    );

    await mesh.run('delete', 'serviceentry', 'open');
    await until('the new control plane is obeyed', async () => (await status('open.example')) === 502);
  });

  it('kill -9 of the keeper leaves workloads alive, and up takes them over', async (t) => {
    const address = outsideAddress(32);
    await startOutsideHttp({ t, address, port: 80 });
    const mesh = await startMesh(t, { up: ['--resolve', `open.example=${address}`] });
    const caller = await mesh.workload('caller');
    assert.equal((await caller.perform({ do: 'http', host: 'open.example' })).status, 200);
    const before = await keeperPod(mesh, 'caller');
    await kill((await keeperStatus(mesh)).pid);
    // Names pause, addresses do not.
    assert.equal((await caller.perform({ do: 'http', host: address })).status, 200);
    const again = await mesh.cli('up', '--detach');
    assert.equal(again.code, 0, again.stderr);
    const after = await keeperPod(mesh, 'caller');
    assert.deepEqual([after?.app.pid, after?.proxy.pid, after?.app.restarts], [before?.app.pid, before?.proxy.pid, 0]);
    await until(
      'names resolve again',
      async () => (await caller.perform({ do: 'http', host: 'open.example' })).status === 200,
    );
    await mesh.apply(serviceEntry('open', { hosts: ['open.example'] }));
    assert.match(await mesh.run('exec', 'caller', '--', 'hostname'), /^caller/);
  });

  it('down leaves nothing, also after kill -9 of both', async (t) => {
    const before = hostState();
    const mesh = await startMesh(t, {});
    await mesh.workload('one');
    await mesh.workload('two', { namespace: 'other' });
    await until('the mesh’s own gateways run too', async () => (await podPids(mesh)).size === 6);
    const running = await podPids(mesh);
    await kill(await controlPlanePid(mesh));
    await kill((await keeperStatus(mesh)).pid);
    const down = await mesh.cli('down');
    assert.equal(down.code, 0, down.stderr);
    for (const pid of running) await ended(pid);
    assert.deepEqual(hostState(), before);
    assert.equal((await mesh.cli('down')).code, 0, 'down again is no mistake');
  });
});
