// The application tries to get out past its sidecar: as root, under the proxy's user id, without its iptables, by UDP, by
// IPv6, through the proxy's admin and its own listeners (contract line 14; security-facts 1.C). Nothing arrives outside.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { type OutsideTcp, type OutsideUdp, startOutsideTcp, startOutsideUdp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

describe('no way around the sidecar', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let address = '';
  let mesh: TestMesh;
  let caller: Workload;
  let tcp: OutsideTcp;
  let udp: OutsideUdp;
  let dns: OutsideUdp;
  /** Connections from before the policy. */
  let reached: number;

  before(async () => {
    address = outsideAddress(21);
    tcp = await startOutsideTcp({ t: scope, address, port: 7000 });
    udp = await startOutsideUdp({ t: scope, address, port: 443 });
    dns = await startOutsideUdp({ t: scope, address, port: 53 });
    mesh = await startMesh(scope, { up: ['--resolve', `outside.example=${address}`] });
    caller = await mesh.workload('caller');
    await mesh.run('istio', 'otp', 'allowed');
    await until('the server is there to be reached', () => connects(address, 7000));
    await mesh.run('istio', 'otp', 'restricted');
    await until(
      'the policy is in force',
      async () => (await caller.perform({ do: 'http', host: address })).status === 502,
    );
    reached = tcp.connections.items.length;
  });

  const inside = (...command: readonly string[]) => mesh.cli('exec', 'caller', '--', ...command);
  const connects = async (host: string, port: number) => {
    const result = await caller.perform({ do: 'tcp', host, port, send: 'x', expect: 1, timeoutMs: 3000 });
    return result.text !== undefined && result.text !== '';
  };

  it('by TCP to an address', async () => {
    assert.equal(await connects(address, 7000), false);
    assert.equal(tcp.connections.items.length, reached);
  });

  it('by UDP, be it QUIC or a foreign resolver', async () => {
    await caller.perform({ do: 'udp', host: address, port: 443, send: 'quic' });
    await caller.perform({ do: 'udp', host: address, port: 53, send: 'dns' });
    assert.deepEqual([udp.datagrams.items.length, dns.datagrams.items.length], [0, 0]);
    assert.deepEqual((await caller.perform({ do: 'lookup', host: 'outside.example' })).addresses, [address]);
  });

  it('by IPv6', async () => {
    const result = await caller.perform({ do: 'tcp', host: '2001:db8::1', port: 80, timeoutMs: 3000 });
    assert.match(result.error ?? '', /ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH/);
  });

  it('as root after flushing the rules it can see', async () => {
    for (const tool of ['/usr/sbin/nft', '/usr/sbin/iptables']) {
      if (!existsSync(tool)) continue;
      const flush = tool.endsWith('nft') ? ['flush', 'ruleset'] : ['-t', 'nat', '-F'];
      await inside(tool, ...flush);
    }
    await inside('ip', 'route', 'replace', 'default', 'dev', 'lo');
    assert.equal(await connects(address, 7000), false);
    assert.equal(tcp.connections.items.length, reached);
  });

  it('under any user id, the proxy’s too', async () => {
    const call = `require('net').connect(7000, '${address}').on('close', () => console.log('tried')).on('error', () => {}).setTimeout(2000, function () { this.destroy() })`;
    for (const uid of ['0', '1337', '61000', '61001']) {
      const { stdout } = await inside('setpriv', '--reuid', uid, '--keep-groups', process.execPath, '-e', call);
      // Without capabilities there is no changing to another user.
      assert.equal(stdout.trim(), uid === '0' ? 'tried' : '', uid);
    }
    assert.equal(tcp.connections.items.length, reached);
  });

  it('through the proxy’s admin or straight to its listeners', async () => {
    assert.equal(await connects('127.0.0.1', 15000), false);
    const gateway = (await inside('sh', '-c', "ip route show default | awk '{print $3}'")).stdout.trim();
    assert.match(gateway, /^\d+\.\d+\.\d+\.\d+$/);
    const api = Number(new URL(`http://${mesh.listen}`).port);
    for (const port of [15000, 15001, 15006, api]) assert.equal(await connects(gateway, port), false, String(port));
  });

  it('by the mesh’s own files and sockets', async () => {
    const { stdout } = await inside(
      'sh',
      '-c',
      `ls -A ${mesh.data} /run/sallyport 2>/dev/null | grep -v : | grep -v '^$' || true`,
    );
    assert.equal(stdout.trim(), '');
    const { stdout: processes } = await inside('sh', '-c', 'ls /proc | grep -c "^[0-9]"');
    assert.ok(Number(processes) < 15, `it sees ${processes.trim()} processes`);
  });
});
