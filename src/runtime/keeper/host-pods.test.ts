// Pods without an Envoy beside proxy capture. Needs no rights.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { alsoAsNobody } from '../../../test/support/as-nobody.ts';
import { stopEverything } from './stop-everything.ts';
import { hostPodTests } from './testing/host-pods.ts';
import { keptMesh, namespace, processesWith } from './testing/kept-mesh.ts';

alsoAsNobody(import.meta.filename, () => {
  describe('host pods beside proxy capture', () => {
    const mesh = keptMesh('proxy');
    before(() => mesh.keeper());
    hostPodTests(mesh, '127.250.0.5');

    test('an address that the machine does not have is refused', async () => {
      const request = { uid: 'uid-1', type: 'host', address: '192.0.2.44' } as const;
      await assert.rejects(mesh.client.ensureSandbox(namespace, 'absent', request), { code: 'SP_NO_ADDRESS' });
    });

    test('killed, the keeper leaves nothing that down does not end', async () => {
      process.kill((await mesh.keeper()).pid, 'SIGKILL');
      assert.equal((await stopEverything(mesh.folder)).ended, 1);
      assert.deepEqual(processesWith(`SALLYPORT_POD=${mesh.folder.id}`), []);
    });
  });
});
