// The command as people run it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { Upkeep } from '../../upkeep/upkeep.ts';

const since = '2026-01-01T00:00:00.000Z';
const nothing: Upkeep = { since, unused: [], shadowed: [], uncovered: [], aroundGateways: [] };

const all: Upkeep = {
  since,
  unused: [
    { host: 'a.test', ports: [80, 443], object: 'ServiceEntry/shop/a' },
    { host: 'p.test', ports: [80], object: 'EgressPolicy/shop/p', lastUsed: since },
  ],
  shadowed: [{ host: 'b.test', object: 'ServiceEntry/bank/b', by: ['ServiceEntry/shop/b'] }],
  uncovered: [{ namespace: 'ops', workload: 'node', reason: "has the host's network" }],
  aroundGateways: [
    {
      source: { namespace: 'shop', workload: 'web' },
      host: 'c.test',
      port: 443,
      gateways: ['shop/egress'],
      objects: ['VirtualService/shop/c'],
      requests: 0,
      connections: 3,
      lastSeen: since,
    },
  ],
};

async function started(t: TestContext, found: Upkeep, capture: 'redirect' | 'proxy' = 'redirect') {
  const asked: { readonly unusedSince: number; readonly namespace?: string }[] = [];
  const upkeep = async (ask: { readonly unusedSince: number; readonly namespace?: string }) => {
    asked.push(ask);
    return found;
  };
  const info = { pid: process.pid, version: '9.9.9', data: '/x', capture, startedAt: since };
  return { ...(await startMeshForCli(t, { upkeep, info })), asked };
}

test('each list says what mends it', async (t) => {
  const { run } = await started(t, all);
  const result = await run('upkeep');
  assertResult(result, 0, /^Registered, and called by nobody since 2026-01-01T00:00:00\.000Z:\n/);
  const lines = result.stdout.split('\n');
  for (const line of [
    /^a\.test +80,443 +ServiceEntry\/shop\/a +never +sallyport delete serviceentry a -n shop$/,
    /^p\.test +80 +EgressPolicy\/shop\/p +\S+ +sallyport delete egresspolicy p -n shop$/,
    /^b\.test +ServiceEntry\/bank\/b +ServiceEntry\/shop\/b +sallyport delete serviceentry b -n bank$/,
    /^ops\/node +has the host's network$/,
    /^shop\/web +c\.test:443 +shop\/egress +VirtualService\/shop\/c +3 +\S+ +sallyport check web https:\/\/c\.test -n shop$/,
  ])
    assert.ok(
      lines.some((one) => line.test(one)),
      `${line}\n${result.stdout}`,
    );
});

test('says so where nothing wants tidying up, and since when that is known', async (t) => {
  const { run } = await started(t, nothing);
  const text = `Nothing wants tidying up. Hosts are told as unused since ${since}.\n`;
  assertResult(await run('upkeep'), 0, text);
});

test('for programs the document of the API; of one namespace, and of so long', async (t) => {
  const { run, asked } = await started(t, all);
  assert.deepEqual(JSON.parse((await run('upkeep -o json -n shop --unused 7d')).stdout), all);
  const [{ namespace, unusedSince } = {}] = asked;
  assert.equal(namespace, 'shop');
  assert.ok(Math.abs(Date.now() - 7 * 86_400_000 - Number(unusedSince)) < 60_000);
  assert.match((await run('upkeep -o yaml')).stdout, /^since: /);
});

test('wrong usage is told; with proxy capture it says what that governs', async (t) => {
  const { run, asked } = await started(t, nothing, 'proxy');
  assertResult(await run('upkeep --unused never'), 2, '', /'never' is no duration/);
  assertResult(await run('upkeep -o wide'), 2, '', /wide/);
  assertResult(await run('upkeep all'), 2, '', /./);
  assert.deepEqual(asked, []);
  assertResult(await run('upkeep'), 0, /^Nothing/, /^note: proxy capture: .*\n$/);
});
