import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadBalancerLoopback, loopbackAddresses, loopbackBlocks } from './addresses.ts';
import { claimBlock, hasListeners } from './block-claim.ts';

// Another one than that of any other test: the claims are the machine's.
const meshId = (process.pid % loopbackBlocks.length).toString(16).padStart(8, '0');

function keeper(t: TestContext, bootId = 'this-boot') {
  const keeperPath = mkdtempSync(join(tmpdir(), 'sallyport-claim-'));
  t.after(() => rmSync(keeperPath, { recursive: true, force: true }));
  return { meshId, keeperPath, bootId };
}

test('a pod’s addresses lie in its mesh’s block and are no other pod’s', () => {
  const all = [0, 1, 62, 63, 64, 65, 16_319].flatMap((index) => Object.values(loopbackAddresses('127.64', index)));
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(loopbackAddresses('127.64', 65), { podIP: '127.64.1.5', appIP: '127.64.1.6', dnsIP: '127.64.1.7' });
  assert.equal(loopbackAddresses('127.64', 16_319).dnsIP, '127.64.254.255');
  assert.throws(() => loopbackAddresses('127.64', 16_320), { code: 'SP_MESH_FULL' });
  assert.deepEqual(
    [loadBalancerLoopback('127.64', 0), loadBalancerLoopback('127.64', 253)],
    ['127.64.255.1', '127.64.255.254'],
  );
  assert.throws(() => loadBalancerLoopback('127.64', 254), { code: 'SP_MESH_FULL' });
});

test('two meshes never share a block, and a keeper that comes again has its own', async (t) => {
  const [mine, other] = [keeper(t), keeper(t)];
  const first = await claimBlock(mine);
  const second = await claimBlock(other);
  assert.notEqual(first.block, second.block);
  await first.release();
  const again = await claimBlock(mine);
  assert.equal(again.block, first.block);
  await again.release();
  await second.release();
  await second.release();
});

for (const protocol of ['tcp', 'udp'] as const) {
  test(`pods that outlive their keeper keep others out of its block: ${protocol}`, async (t) => {
    const mine = keeper(t);
    const { block, release } = await claimBlock(mine);
    await release();
    const { podIP } = loopbackAddresses(block, 300);
    const socket = protocol === 'tcp' ? createServer().listen(0, podIP) : createSocket('udp4').bind(0, podIP);
    await once(socket, 'listening');
    assert.equal(hasListeners(block), true);
    const stranger = await claimBlock(keeper(t));
    assert.notEqual(stranger.block, block);
    const heir = await claimBlock(mine);
    assert.equal(heir.block, block);
    socket.close();
    await once(socket, 'close');
    assert.equal(hasListeners(block), false);
    await heir.release();
    await stranger.release();
  });
}

test('the choice of an earlier boot is nothing to hold on to', async (t) => {
  const mine = keeper(t);
  const { block, release } = await claimBlock(mine);
  const afterBoot = await claimBlock({ ...mine, bootId: 'next-boot' });
  assert.notEqual(afterBoot.block, block);
  await afterBoot.release();
  await release();
});
