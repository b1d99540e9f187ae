// Pods without an Envoy beside redirect capture: their rights, and the addresses that they get on the host.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { onOwnHost } from '../network/testing/own-host.ts';
import { stopEverything } from './stop-everything.ts';
import { execInside, hostPodTests, port, startHostPod } from './testing/host-pods.ts';
import { keptMesh, namespace, processesWith } from './testing/kept-mesh.ts';

onOwnHost(import.meta.filename, () => {
  describe('host pods beside redirect capture', () => {
    const mesh = keptMesh('redirect');
    const address = '198.51.100.7';
    const addresses = () => execFileSync('ip', ['-4', '-brief', 'address', 'show', 'lo'], { encoding: 'utf8' });
    before(async () => {
      mkdirSync(mesh.folder.path, { recursive: true, mode: 0o700 });
      await mesh.keeper();
    });
    hostPodTests(mesh, address);

    test('its program has no capability, nor has what exec runs beside it', async () => {
      const { app } = await mesh.status('outside');
      assert.match(readFileSync(`/proc/${app.pid}/status`, 'utf8'), /^CapBnd:\s+0+$/m);
      const { stdout } = await execInside(mesh, 'outside', 'grep', 'CapBnd', '/proc/self/status');
      assert.equal(stdout, `CapBnd:\t${'0'.repeat(16)}\n`);
    });

    test('a workload’s proxy reaches it', async () => {
      const { podIP } = await mesh.start('web');
      const [proxySide] = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).match(/sp-\S+-proxy/g) ?? [];
      const script = `fetch('http://${address}:${port}/').then((r) => r.text()).then(console.log)`;
      const args = ['netns', 'exec', proxySide ?? '', process.execPath, '-e', script];
      assert.equal(execFileSync('ip', args, { encoding: 'utf8' }), 'outside\n');
      assert.notEqual(podIP, address);
      await mesh.client.deletePod(namespace, 'web');
    });

    test('its address is journalled, and goes with the last pod that has it', async () => {
      assert.match(addresses(), /198\.51\.100\.7\/32/);
      assert.ok((await mesh.client.status()).hostChanges.includes(`address ${address} added to lo`));
      await mesh.client.ensureSandbox(namespace, 'second', { uid: 'uid-1', type: 'host', address });
      await mesh.client.deletePod(namespace, 'second');
      assert.match(addresses(), /198\.51\.100\.7\/32/);
      await mesh.client.deletePod(namespace, 'outside');
      assert.doesNotMatch(addresses(), /198\.51\.100\.7/);
      assert.ok(!(await mesh.client.status()).hostChanges.some((line) => line.includes(address)));
    });

    test('a pod that becomes a host pod, and back, leaves neither its namespaces nor its address', async () => {
      const namespaces = () => execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
      const sandbox = (request: object) =>
        mesh.client.ensureSandbox(namespace, 'turning', { uid: 'uid-1', ...request });
      await sandbox({});
      assert.match(namespaces(), /sp-/);
      assert.equal((await sandbox({ type: 'host', address })).podIP, address);
      assert.equal(namespaces(), '');
      assert.notEqual((await sandbox({})).podIP, address);
      assert.doesNotMatch(addresses(), /198\.51\.100\.7/);
      await mesh.client.deletePod(namespace, 'turning');
      assert.equal(namespaces(), '');
    });

    test('an address that was there before stays', async () => {
      execFileSync('ip', ['address', 'add', '198.51.100.8/32', 'dev', 'lo']);
      await mesh.client.ensureSandbox(namespace, 'before', { uid: 'uid-1', type: 'host', address: '198.51.100.8' });
      await mesh.client.deletePod(namespace, 'before');
      assert.match(addresses(), /198\.51\.100\.8/);
    });

    test('killed, the keeper leaves nothing that down does not take back', async () => {
      await startHostPod(mesh, 'outside', address);
      process.kill((await mesh.keeper()).pid, 'SIGKILL');
      const { ended, undone } = await stopEverything(mesh.folder);
      assert.equal(ended, 1);
      assert.match(undone.join('\n'), /^address 198\.51\.100\.7 added to lo$/m);
      assert.doesNotMatch(addresses(), /198\.51\.100\.7/);
      assert.deepEqual(processesWith(`SALLYPORT_POD=${mesh.folder.id}`), []);
    });
  });
});
