// A pod's Envoy, started for real: whose process it is, and what it sees.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { suiteScope } from '../../../test/support/suite-scope.ts';
import { proxyUid, startCaptureEnvoy } from '../network/testing/capture-envoy.ts';
import { onOwnHost } from '../network/testing/own-host.ts';
import { createTestMesh, type TestMesh } from '../network/testing/test-mesh.ts';

onOwnHost(import.meta.filename, () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let pid: number;

  before(async () => {
    mesh = await createTestMesh();
    const sandbox = await mesh.sandbox(3);
    ({ pid } = await startCaptureEnvoy(scope, mesh, sandbox, 53));
  });
  after(() => mesh.remove());

  test('the process spawned is Envoy itself, under the pod’s proxy user, without capabilities', () => {
    assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'envoy\n');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:(\t${proxyUid}){4}$`, 'm'));
    assert.match(status, new RegExp(`^Gid:(\t${proxyUid}){4}$`, 'm'));
    assert.match(status, /^Groups:\s*$/m);
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) assert.match(status, new RegExp(`^Cap${set}:\\s0+$`, 'm'));
  });

  test('of the mesh it sees its own folder alone', () => {
    const seen = (path: string) => readdirSync(`/proc/${pid}/root${path}`);
    assert.deepEqual(seen(mesh.dataPath), []);
    assert.deepEqual(seen('/run/sallyport'), [mesh.network.meshId]);
    assert.deepEqual(seen(mesh.runPath), ['x']);
    assert.deepEqual(seen(`${mesh.runPath}/x`).sort(), ['3', 'envoy', 'work']);
    assert.deepEqual(seen(`${mesh.runPath}/x/3`).sort(), ['admin.sock', 'bootstrap.json']);
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), `${mesh.runPath}/x/work`);
    assert.equal(statSync(`/proc/${pid}/cwd`).ino, statSync(join(mesh.dataPath, 'work', '3')).ino);
    assert.equal(existsSync(mesh.journalFile), true);
    assert.deepEqual(readdirSync(`${mesh.runPath}/x`), ['3']);
  });
});
