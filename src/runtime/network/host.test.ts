// What a mesh changes on the host, and that nothing of it stays: compared byte for byte with the time before.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Scope, start } from '../launch/testing/started.ts';
import { hostChanges, prepareHost, undoHostJournal } from './host.ts';
import { readHostJournal, recordHostChange } from './host-journal.ts';
import { createHostLoadBalancers } from './load-balancers.ts';
import { listSandboxes } from './sandbox-removal.ts';
import { onOwnHost } from './testing/own-host.ts';
import { createTestMesh, type TestMesh } from './testing/test-mesh.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';

function said(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' });
}

function hostState(): string {
  const rules = said('iptables-save').replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '');
  const links = said('ip', '-oneline', 'link', 'show').replaceAll(/^\d+: /gm, '');
  const routes = said('ip', 'route', 'show', 'table', 'all');
  return [said('nft', 'list', 'ruleset'), rules, links, routes, said('ip', 'netns'), readFileSync(forwarding)].join(
    '\n',
  );
}

async function meshWith(t: Scope, ...given: Parameters<typeof createTestMesh>): Promise<TestMesh> {
  const mesh = await createTestMesh(...given);
  t.after(() => mesh.remove());
  return mesh;
}

onOwnHost(import.meta.filename, () => {
  for (const firewall of ['nft', 'iptables'] as const) {
    describe(`with ${firewall}`, () => {
      test('a mesh that comes and goes leaves the host as it was', async (t) => {
        if (firewall === 'iptables') makeIptablesTables();
        const before = hostState();
        const mesh = await meshWith(t, firewall);
        await Promise.all([mesh.sandbox(0), mesh.sandbox(1)]);
        await mesh.sandbox(8127);
        const ports = [{ port: 80, targets: [{ address: '10.0.0.1', port: 80 }] }];
        await createHostLoadBalancers(mesh.network, mesh.journalFile).set([{ index: 0, ports }]);
        assert.equal(readFileSync(forwarding, 'utf8'), '1\n');
        assert.deepEqual(await listSandboxes(mesh.network.meshId), [0, 1, 8127]);
        const undone = await undoHostJournal(mesh.journalFile);
        assert.match(undone[0] ?? '', /^address 10\.\d+\.254\.1 added to lo$/);
        assert.equal(undone[1], 'net.ipv4.ip_forward 0 -> 1');
        assert.equal(hostState(), before);
        assert.deepEqual(await undoHostJournal(mesh.journalFile), []);
      });

      test('preparing again, and making a sandbox again, changes nothing', async (t) => {
        const mesh = await meshWith(t, firewall);
        await mesh.sandbox(0);
        const [state, changes] = [hostState(), hostChanges(mesh.journalFile)];
        const { meshId } = mesh.network;
        assert.deepEqual(await prepareHost({ meshId, journalFile: mesh.journalFile, firewall }), mesh.network);
        await mesh.sandbox(0);
        assert.equal(hostState(), state);
        assert.deepEqual(hostChanges(mesh.journalFile), changes);
      });
    });
  }

  test('an incomplete sandbox is made anew', async (t) => {
    const mesh = await meshWith(t);
    const { hostLink, appNamespace } = await mesh.sandbox(0);
    said('ip', 'link', 'delete', hostLink);
    await mesh.sandbox(0);
    said('ip', 'netns', 'delete', appNamespace);
    const sandbox = await mesh.sandbox(0);
    assert.match(said('ip', '-n', sandbox.appNamespace, 'address'), new RegExp(`inet ${sandbox.podIP}/30`));
    assert.match(said('ip', 'route'), new RegExp(`via ${sandbox.proxyIP} dev ${hostLink}`));
  });

  test('what a killed process did is taken back, wherever it stopped', async () => {
    const before = hostState();
    for (let stop = 1; stop <= 6; stop++) {
      const mesh = await createTestMesh();
      await mesh.sandbox(0);
      const { network, journalFile } = mesh;
      // The journal says more than was done, or its last line is cut short.
      if (stop === 1) said('nft', 'delete', 'table', 'ip', `sallyport_${network.meshId}`);
      if (stop === 2) said('ip', 'link', 'delete', `sp${network.meshId}-0`);
      if (stop === 3) said('ip', 'netns', 'delete', `sp-${network.meshId}-0-app`);
      if (stop === 4)
        recordHostChange(journalFile, {
          kind: 'iptables-rule',
          table: 'filter',
          chain: 'FORWARD',
          rule: ['-j', 'ACCEPT', '-i', 'nowhere'],
        });
      if (stop === 5) appendFileSync(journalFile, '{"kind":"iptables-ru');
      if (stop === 6) writeFileSync(forwarding, '0');
      await undoHostJournal(journalFile);
      assert.equal(hostState(), before, `stop ${stop}`);
      await mesh.remove();
    }
  });

  test('a line after one cut short is read', async (t) => {
    const mesh = await meshWith(t);
    const changes = readHostJournal(mesh.journalFile);
    appendFileSync(mesh.journalFile, '{"kind":"nft-ta');
    recordHostChange(mesh.journalFile, { kind: 'nft-table', table: 'sallyport_later' });
    assert.deepEqual(readHostJournal(mesh.journalFile), [...changes, { kind: 'nft-table', table: 'sallyport_later' }]);
  });

  test('two meshes have different addresses; the last to go switches forwarding off', async (t) => {
    const [one, two] = await Promise.all([meshWith(t), meshWith(t)]);
    assert.notEqual(one.network.cidr, two.network.cidr);
    await Promise.all([one.sandbox(0), two.sandbox(0)]);
    await one.remove();
    assert.equal(readFileSync(forwarding, 'utf8'), '1\n');
    assert.deepEqual(await listSandboxes(two.network.meshId), [0]);
    assert.match(said('nft', 'list', 'ruleset'), new RegExp(`sallyport_${two.network.meshId}`));
    await two.remove();
    assert.equal(readFileSync(forwarding, 'utf8'), '0\n');
  });

  test('forwarding that was on stays on', async (t) => {
    writeFileSync(forwarding, '1');
    t.after(() => writeFileSync(forwarding, '0'));
    const mesh = await meshWith(t);
    assert.ok(hostChanges(mesh.journalFile).every((line) => !line.includes('ip_forward')));
    await mesh.remove();
    assert.equal(readFileSync(forwarding, 'utf8'), '1\n');
  });

  test('a host that refuses by default lets the mesh through, and nothing more', async (t) => {
    makeIptablesTables();
    said('iptables', '-P', 'FORWARD', 'DROP');
    said('iptables', '-A', 'INPUT', '-j', 'REJECT');
    t.after(() => {
      said('iptables', '-P', 'FORWARD', 'ACCEPT');
      said('iptables', '-F', 'INPUT');
    });
    const before = hostState();
    const mesh = await meshWith(t, 'nft');
    const [sandbox, other] = [await mesh.sandbox(0), await mesh.sandbox(1)];
    const listen = `require('net').createServer((s) => s.end('in')).listen(9, () => console.log('ready'))`;
    const reach = (address: string) => `const s = require('net').connect(9, '${address}');
      s.setTimeout(2000, () => process.exit(3)); s.on('error', () => process.exit(4)); s.on('data', () => process.exit(0))`;
    const inProxy = (one: typeof sandbox) => [
      'nsenter',
      `--net=/run/netns/${one.proxyNamespace}`,
      '--',
      process.execPath,
    ];
    const server = start({ argv: [process.execPath, '-e', listen], env: {} }, t);
    await new Promise((resolve) => server.child.stdout?.once('data', resolve));
    assert.equal(await start({ argv: [...inProxy(sandbox), '-e', reach(sandbox.hostIP)], env: {} }, t).exit, 0);
    // Between pods it is forwarded; that it arrives shows in the refusal of the other proxy's own filter.
    assert.equal(await start({ argv: [...inProxy(sandbox), '-e', reach(other.proxyIP)], env: {} }, t).exit, 4);
    await mesh.remove();
    assert.equal(hostState(), before);
    assert.equal(existsSync(mesh.journalFile), false);
  });
});

/** Adding and removing a rule makes the tables that iptables leaves behind empty. */
function makeIptablesTables(): void {
  for (const [table, chain] of [
    ['filter', 'FORWARD'],
    ['filter', 'INPUT'],
    ['nat', 'POSTROUTING'],
    ['nat', 'PREROUTING'],
    ['nat', 'OUTPUT'],
  ] as const) {
    said('iptables', '-t', table, '-A', chain, '-j', 'ACCEPT');
    said('iptables', '-t', table, '-D', chain, '-j', 'ACCEPT');
  }
}
