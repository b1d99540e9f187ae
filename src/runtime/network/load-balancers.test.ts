// Load balancers and gateways' ports in the kernel, with both packet filters: where connections go, and where none gets
// through. Servers stand in the proxies' namespaces, where a gateway's Envoy listens.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { before, describe, test } from 'node:test';
import { suiteScope } from '../../../test/support/suite-scope.ts';
import { until } from '../../../test/support/until.ts';
import { type Scope, start } from '../launch/testing/started.ts';
import { loadBalancerAddress, namespaceFile, type Sandbox } from './addresses.ts';
import { prepareHost } from './host.ts';
import { readHostJournal } from './host-journal.ts';
import { balancedPorts, createHostLoadBalancers, type HostLoadBalancers, type LoadBalancer } from './load-balancers.ts';
import { inOutside, startOutside } from './testing/outside.ts';
import { onOwnHost } from './testing/own-host.ts';
import { createTestMesh, type TestMesh } from './testing/test-mesh.ts';

const attemptFile = `${import.meta.dirname}/testing/attempt.ts`;
const port = 8080;

/** Says `<name> <caller's address>` and what it hears; ends when the other side does. */
const server = `
const [name, ...ports] = process.argv.slice(1);
let open = 0;
for (const port of ports) require('net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.write(name + ' ' + socket.remoteAddress + '\\n');
  socket.pipe(socket);
}).listen(Number(port), '0.0.0.0', () => ++open === ports.length && console.log('ready'));`;

/** The first line that the other side says, or the error's code; the connection is ended. */
function firstLine(address: string, at: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(at, address);
    socket.setTimeout(3_000, () => resolve('ETIMEDOUT'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('data', (bytes) => {
      resolve(bytes.toString('utf8').trim());
      socket.destroy();
    });
  });
}

onOwnHost(import.meta.filename, () => {
  for (const firewall of ['nft', 'iptables'] as const) {
    describe(`with ${firewall}`, () => {
      const scope = suiteScope();
      let mesh: TestMesh;
      let gateways: readonly Sandbox[];
      let balancers: HostLoadBalancers;

      before(async () => {
        await startOutside(scope);
        mesh = await createTestMesh(firewall);
        scope.after(() => mesh.remove());
        gateways = [];
        for (const index of [0, 1, 2]) {
          const sandbox = await mesh.sandbox(index, { type: 'router' });
          await serveIn(sandbox.proxyNamespace, `g${index}`, port, 9090);
          gateways = [...gateways, sandbox];
        }
        balancers = createHostLoadBalancers(mesh.network, mesh.journalFile);
      });

      const within = (namespace: string) => ['nsenter', `--net=${namespaceFile(namespace)}`, '--'];
      async function serveIn(namespace: string, name: string, ...ports: readonly number[]): Promise<void> {
        const argv = [...within(namespace), process.execPath, '-e', server, name, ...ports.map(String)];
        const running = start({ argv, env: {} }, scope);
        await until('it listens', () => running.output() === 'ready\n');
      }
      async function said(t: Scope, argv: readonly string[]): Promise<string> {
        const started = start({ argv, env: { PATH: process.env['PATH'] ?? '' } }, t);
        await started.exit;
        return started.output().trim();
      }
      const balancerOf = (index: number, ...chosen: readonly number[]): LoadBalancer => ({
        index,
        ports: [{ port: 80, targets: chosen.map((number) => ({ address: gateways[number]?.podIP ?? '', port })) }],
      });
      const addressOf = (index: number) => loadBalancerAddress(mesh.network.cidr, index);

      test('a gateway has every port of its Envoy at its address, and nothing else of it is open', async (t) => {
        const [one, two] = gateways;
        assert.ok(one !== undefined && two !== undefined);
        assert.equal(await firstLine(one.podIP, port), `g0 ${one.hostIP}`);
        assert.equal(await firstLine(one.podIP, 9090), `g0 ${one.hostIP}`);
        assert.equal(await firstLine(one.podIP, 9091), 'ECONNREFUSED');
        for (const address of [one.proxyIP, one.relayIP]) {
          assert.match(await firstLine(address, port), /^(ECONNREFUSED|EHOSTUNREACH)$/, address);
        }
        const attempt = [process.execPath, attemptFile, 'tcp', one.podIP];
        assert.match(await said(t, [...within(two.proxyNamespace), ...attempt, '9091']), /^ECONNREFUSED$/);
        assert.match(await said(t, [...inOutside, ...attempt, String(port)]), /^(EHOSTUNREACH|ECONNREFUSED|EACCES)$/);
        assert.match(await said(t, [...within(one.appNamespace), ...attempt, String(port)]), /^ECONNREFUSED$/);
      });

      test('connections of the host go to the targets evenly, and to another load balancer’s as well', async () => {
        const statuses = await balancers.set([balancerOf(0, 0, 1, 2), balancerOf(5, 1)]);
        assert.deepEqual(statuses, [
          { address: addressOf(0), mappedPorts: [] },
          { address: addressOf(5), mappedPorts: [] },
        ]);
        const names = new Map<string, number>();
        for (let count = 0; count < 30; count++) {
          const [name = ''] = (await firstLine(addressOf(0), 80)).split(' ');
          names.set(name, (names.get(name) ?? 0) + 1);
        }
        assert.deepEqual(
          [...names].toSorted(),
          ['g0', 'g1', 'g2'].map((name) => [name, 10]),
        );
        assert.match(await firstLine(addressOf(5), 80), /^g1 /);
      });

      test('proxies of the mesh reach them too, others do not', async (t) => {
        const other = await mesh.sandbox(9);
        await balancers.set([balancerOf(0, 0)]);
        const script = `require('net').connect(80, '${addressOf(0)}', function () { this.once('data', (b) => {
          console.log(String(b).trim()); process.exit() }) }).on('error', (e) => { console.log(e.code) })`;
        const inside = [...within(other.proxyNamespace), process.execPath, '-e', script];
        assert.equal(await said(t, inside), `g0 ${other.proxyIP}`);
        const outside = [...inOutside, process.execPath, attemptFile, 'tcp', addressOf(0), '80'];
        assert.equal(await said(t, outside), 'ECONNREFUSED');
      });

      test('an open connection stays when its target is taken away', async (t) => {
        await balancers.set([balancerOf(0, 0)]);
        const socket = connect(80, addressOf(0));
        t.after(() => void socket.destroy());
        await once(socket, 'data');
        await balancers.set([balancerOf(0, 1)]);
        assert.match(await firstLine(addressOf(0), 80), /^g1 /);
        const { meshId } = mesh.network;
        await prepareHost({ meshId, journalFile: mesh.journalFile, firewall });
        socket.write('still here');
        const [heard]: Buffer[] = await once(socket, 'data');
        assert.equal(String(heard), 'still here');
      });

      test('without targets, and on other ports, it refuses at once, whatever listens on the host', async (t) => {
        const host = createServer((socket) => socket.end('the host\n')).listen(80, '0.0.0.0');
        t.after(() => void host.close());
        await once(host, 'listening');
        await balancers.set([balancerOf(0)]);
        const before = performance.now();
        assert.equal(await firstLine(addressOf(0), 80), 'ECONNREFUSED');
        assert.equal(await firstLine(addressOf(0), 81), 'ECONNREFUSED');
        assert.ok(performance.now() - before < 500);
        assert.equal(await firstLine('127.0.0.1', 80), 'the host');
      });

      test('a keeper that comes again has them from its first moment, and leaves none that is gone', async () => {
        await balancers.set([balancerOf(0, 0), balancerOf(1, 1)]);
        const { meshId, cidr } = mesh.network;
        const balanced = () => balancedPorts(cidr, [balancerOf(1, 2)]);
        await prepareHost({ meshId, journalFile: mesh.journalFile, firewall, balanced });
        assert.match(await firstLine(addressOf(1), 80), /^g2 /);
        assert.equal(await firstLine(addressOf(0), 80), 'ECONNREFUSED');
        await createHostLoadBalancers(mesh.network, mesh.journalFile).set([balancerOf(1, 2)]);
        const left = readHostJournal(mesh.journalFile).flatMap((change) =>
          change.kind === 'lo-address' ? [change.address] : [],
        );
        assert.deepEqual(left, [addressOf(1)]);
        const lo = execFileSync('ip', ['-oneline', 'address', 'show', 'dev', 'lo'], { encoding: 'utf8' });
        assert.ok(lo.includes(`${addressOf(1)}/32`) && !lo.includes(`${addressOf(0)}/32`), lo);
      });
    });
  }
});
