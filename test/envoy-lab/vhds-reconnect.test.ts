// What Envoy says and keeps when the stream to its server broke: known hosts go on, and only removals undo them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { httpCall } from '../support/http-client.ts';
import { startXdsScript } from '../support/xds-script.ts';
import { hostResource, startVhdsMesh } from './vhds-mesh.ts';

test('after a reconnect dropped hosts survive unless the server removes them', async (t) => {
  const { xds, stream, port } = await startVhdsMesh(t, ['a.test', 'b.test']);
  stream.end();
  const again = await xds.nextStream();
  const request = await again.subscription('VHDS');
  assert.deepEqual(request.resourceNamesSubscribe, []);
  assert.deepEqual(request.initialResourceVersions, { '80/a.test': '1', '80/b.test': '1' });

  await again.push({ type: 'VHDS', resources: [hostResource('80', 'a.test')] });
  assert.equal((await httpCall({ port, host: 'b.test' })).status, 200, 'not sent again, still served');
  await again.push({ type: 'VHDS', removed: ['80/b.test'] });
  assert.equal((await httpCall({ port, host: 'b.test' })).status, 502);
  assert.equal((await httpCall({ port, host: 'a.test' })).status, 200);
});

test('known hosts are served while the server is away, and Envoy is back within 2 s of its return', async (t) => {
  const { xds, port } = await startVhdsMesh(t, ['a.test']);
  await xds.stop();
  // Long enough for Envoy's own back-off (up to 30 s) to have grown beyond the 2 s asked for here.
  const deadline = performance.now() + 6000;
  while (performance.now() < deadline) {
    assert.equal((await httpCall({ port, host: 'a.test' })).status, 200);
    await pause(100);
  }

  const returned = await startXdsScript({ t, address: xds.address });
  const started = performance.now();
  await returned.nextStream(5000);
  const ms = performance.now() - started;
  assert.ok(ms < 2000, `back after ${ms} ms`);
});
