// What leaves a sandbox and what does not, with the real Envoy and a world outside that counts all that arrives. The same
// for both packet filters. Attackers here have more than a workload ever has: every capability in its namespace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { suiteScope } from '../../../test/support/suite-scope.ts';
import { until } from '../../../test/support/until.ts';
import { createDnsServer, type DnsServer } from '../dns/server.ts';
import { type Scope, type Started, start } from '../launch/testing/started.ts';
import { namespaceFile, type Sandbox } from './addresses.ts';
import { bypassedRanges } from './bypassed-ranges.ts';
import { setProxyRules } from './proxy-rules.ts';
import { proxyUid, startCaptureEnvoy } from './testing/capture-envoy.ts';
import {
  hostOutsideIP,
  inOutside,
  linkLocalIP,
  type Outside,
  outsideIP,
  silentPort,
  startOutside,
} from './testing/outside.ts';
import { onOwnHost } from './testing/own-host.ts';
import { createTestMesh, openRules, type TestMesh } from './testing/test-mesh.ts';

const attemptFile = `${import.meta.dirname}/testing/attempt.ts`;
const standIn = (mesh: TestMesh) => `${mesh.network.cidr.split('.').slice(0, 2).join('.')}.255.9`;

/** Connects, says so, and sends now and then until the connection ends. */
const idleClient = `
const socket = require('node:net').connect(${silentPort}, process.argv[1], () => console.log('connected'));
socket.on('error', ({ code }) => { console.log(code); process.exit(); });
setInterval(() => socket.write('x'), 50);`;

const pings = (address: string) => `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
s.sendto(bytes.fromhex("0800f7ff00000000"), ("${address}", 0))
print("sent")`;

onOwnHost(import.meta.filename, () => {
  for (const firewall of ['nft', 'iptables'] as const) {
    describe(`with ${firewall}`, () => {
      const scope = suiteScope();
      let mesh: TestMesh;
      let sandbox: Sandbox;
      let other: Sandbox;
      let outside: Outside;
      let dns: DnsServer;
      let envoy: Started;

      before(async () => {
        outside = await startOutside(scope);
        mesh = await createTestMesh(firewall);
        scope.after(() => mesh.remove());
        dns = createDnsServer({ cidr: mesh.network.cidr, upstream: [] });
        scope.after(() => dns.close());
        dns.setConfig({ records: [{ name: 'svc.example', addresses: ['192.0.2.99'] }], resolve: [] });
        [sandbox, other] = [await mesh.sandbox(0), await mesh.sandbox(1)];
        const client = { namespace: 'shop', hostname: 'web-1', podIP: sandbox.podIP, asks: 'program' } as const;
        const port = await dns.listen(sandbox.hostIP, 0, client);
        envoy = await startCaptureEnvoy(scope, mesh, sandbox, port);
        await startCaptureEnvoy(scope, mesh, other, port);
      });

      const within = (namespace: string) => ['nsenter', `--net=${namespaceFile(namespace)}`, '--'];
      async function said(t: Scope, argv: readonly string[]): Promise<string> {
        const started = start({ argv, env: { PATH: process.env['PATH'] ?? '' } }, t);
        await started.exit;
        return started.output().trim();
      }
      const from = (t: Scope, namespace: string, ...words: readonly string[]) =>
        said(t, [...within(namespace), process.execPath, attemptFile, ...words]);
      const fromApp = (t: Scope, ...words: readonly string[]) => from(t, sandbox.appNamespace, ...words);

      /** IPv6 is counted where it would come out of the sandbox: on the host's end of its link. */
      function arrived(): string {
        const ipv6 = readFileSync(`/proc/net/dev_snmp6/${sandbox.hostLink}`, 'utf8');
        return `${outside.received()} ${/^Ip6InReceives\s+(\d+)/m.exec(ipv6)?.[1]}`;
      }

      async function nothingArrives(action: () => Promise<void>): Promise<void> {
        let earlier = arrived();
        // Connections of the test before may still be closing.
        await until('the outside is quiet', async () => {
          const before = earlier;
          await delay(50);
          earlier = arrived();
          return before === earlier;
        });
        await action();
        assert.equal(arrived(), earlier);
      }

      test('TCP reaches where it was going, by way of Envoy, with the host’s address', async (t) => {
        assert.equal(await fromApp(t, 'tcp', outsideIP, '7000'), `7000 ${hostOutsideIP}`);
        assert.equal(await fromApp(t, 'tcp', outsideIP, '80'), `80 ${hostOutsideIP}`);
      });

      test('DNS is answered at the relay, by UDP and TCP', async (t) => {
        assert.equal(await fromApp(t, 'dns-udp', sandbox.relayIP, '53', 'svc.example'), '192.0.2.99');
        assert.equal(await fromApp(t, 'dns-tcp', sandbox.relayIP, '53', 'svc.example'), '192.0.2.99');
        assert.equal(await fromApp(t, 'dns-udp', sandbox.relayIP, '53', 'web-1'), sandbox.podIP);
      });

      test('UDP is refused at once and does not arrive', async (t) => {
        await nothingArrives(async () => {
          assert.equal(await fromApp(t, 'udp', outsideIP, '443'), 'ECONNREFUSED');
          assert.equal(await fromApp(t, 'udp', outsideIP, '53'), 'ECONNREFUSED');
          assert.equal(await fromApp(t, 'udp', sandbox.hostIP, '53'), 'ECONNREFUSED');
        });
      });

      test('neither do ICMP, raw packets, foreign sources and IPv6, for an attacker with all capabilities', async (t) => {
        const raw = `import socket, struct
for protocol in (1, 6, 17, 47, 132):
  s = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
  s.sendto(struct.pack("!BBHHHII", 8, 0, 0, 80, 80, 1, 0x50020000), ("${outsideIP}", 0))
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for source in ("${sandbox.proxyIP}", "${other.podIP}"):
  head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, socket.inet_aton(source), socket.inet_aton("${outsideIP}"))
  s.sendto(head + struct.pack("!HHIIHHHH", 999, 80, 1, 0, 0x5002, 1024, 0, 0), ("${outsideIP}", 0))
print("sent")`;
        const open = `nft flush ruleset; iptables -t nat -F; iptables -F
for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 0 > "$f"; done
echo 1 > /proc/sys/net/ipv4/ip_forward
ip -6 address add 2001:db8::9/64 dev eth0 nodad
ip -6 neighbour add 2001:db8::1 lladdr "$1" dev eth0 && echo opened`;
        await nothingArrives(async () => {
          const links = await said(t, ['ip', '-n', sandbox.proxyNamespace, '-oneline', 'link', 'show', 'app']);
          const mac = /ether (\S+)/.exec(links)?.[1] ?? '';
          assert.match(await said(t, [...within(sandbox.appNamespace), 'sh', '-c', open, 'sh', mac]), /opened$/);
          assert.equal(await said(t, [...within(sandbox.appNamespace), 'python3', '-c', raw]), 'sent');
          assert.equal(await fromApp(t, 'udp', '2001:db8::1', '443'), 'sent');
          assert.equal(await fromApp(t, 'udp', outsideIP, '443'), 'ECONNREFUSED');
        });
      });

      test('the user id of the proxy opens nothing', async (t) => {
        const asProxy = ['setpriv', '--reuid', String(proxyUid), '--clear-groups', '--'];
        const attempt = [process.execPath, attemptFile, 'udp', outsideIP, '443'];
        await nothingArrives(async () => {
          const words = await said(t, [...within(sandbox.appNamespace), ...asProxy, ...attempt]);
          assert.equal(words, 'ECONNREFUSED');
        });
      });

      test('the proxy’s own addresses refuse all but DNS', async (t) => {
        for (const address of [sandbox.relayIP, sandbox.proxyIP])
          for (const port of ['15001', '15006', '15000', '80'])
            assert.equal(await fromApp(t, 'tcp', address, port), 'ECONNREFUSED', `${address}:${port}`);
        assert.equal(await fromApp(t, 'tcp', sandbox.proxyIP, '53'), 'ECONNREFUSED');
        assert.equal(await said(t, [process.execPath, attemptFile, 'tcp', sandbox.proxyIP, '15001']), 'ECONNREFUSED');
      });

      test('the proxy reaches neither its loopback nor link-local addresses, unless they are allowed', async (t) => {
        for (const [address, port] of [
          ['127.0.0.1', '15001'],
          ['0.0.0.0', '15001'],
          [sandbox.proxyIP, '15001'],
          [linkLocalIP, '80'],
        ] as const)
          assert.equal(await from(t, sandbox.proxyNamespace, 'tcp', address, port), 'ECONNREFUSED', address);
        assert.equal(await from(t, sandbox.proxyNamespace, 'udp', linkLocalIP, '53'), 'EPERM');
        assert.match(await fromApp(t, 'tcp', linkLocalIP, '80'), /^(closed|ECONNRESET)$/);
        const allowRanges = ['169.254.77.0/24', 'fd00::/8'];
        await setProxyRules(firewall, sandbox, { ...openRules, allowRanges });
        assert.equal(await fromApp(t, 'tcp', linkLocalIP, '80'), `80 ${hostOutsideIP}`);
        await setProxyRules(firewall, sandbox, openRules);
        assert.match(await fromApp(t, 'tcp', linkLocalIP, '80'), /^(closed|ECONNRESET)$/);
      });

      test('a route changes the port of a stand-in, for one port or for all', async (t) => {
        const address = standIn(mesh);
        const portRoutes = [
          { host: 'a.example', address, port: 443, target: { address: outsideIP, port: 7000 } },
          { host: 'a.example', address, target: { address: outsideIP } },
        ];
        await setProxyRules(firewall, sandbox, { ...openRules, portRoutes });
        assert.equal(await fromApp(t, 'tcp', address, '443'), `7000 ${hostOutsideIP}`);
        assert.equal(await fromApp(t, 'tcp', address, '80'), `80 ${hostOutsideIP}`);
      });

      test('a pod’s address leads into its Envoy, from the host and from other pods, not from outside', async (t) => {
        const server = `require('net').createServer((s) => s.end('pod ' + s.remoteAddress))
          .listen(8080, () => console.log('ready'))`;
        const app = start({ argv: [...within(other.appNamespace), process.execPath, '-e', server], env: {} }, t);
        await until('it listens', () => app.output() === 'ready\n');
        const attempt = [process.execPath, attemptFile, 'tcp', other.podIP, '8080'];
        assert.equal(await said(t, attempt), `pod ::ffff:${other.relayIP}`);
        assert.equal(await fromApp(t, 'tcp', other.podIP, '8080'), `pod ::ffff:${other.relayIP}`);
        assert.match(await said(t, [...inOutside, ...attempt]), /^(EHOSTUNREACH|ECONNREFUSED|EACCES)$/);
      });

      test('what goes around goes straight to those addresses, by TCP alone; closing it ends what is open', async (t) => {
        const [one = '', rest] = [outsideIP, 'fd00::/8'];
        await setProxyRules(firewall, sandbox, {
          ...openRules,
          bypass: bypassedRanges(mesh.network.cidr, { exclude: [one, rest] }),
        });
        envoy.child.kill('SIGSTOP');
        t.after(() => envoy.child.kill('SIGCONT'));
        assert.equal(await fromApp(t, 'tcp', outsideIP, '7000'), `7000 ${hostOutsideIP}`);
        await nothingArrives(async () => {
          assert.equal(await fromApp(t, 'udp', outsideIP, '443'), 'ECONNREFUSED');
          const ping = ['python3', '-c', pings(outsideIP)];
          assert.equal(await said(t, [...within(sandbox.appNamespace), ...ping]), 'sent');
          assert.match(await fromApp(t, 'tcp', linkLocalIP, '80'), /^(ETIMEDOUT|closed|ECONNRESET)$/);
          assert.equal(await fromApp(t, 'tcp', sandbox.proxyIP, '15001'), 'ECONNREFUSED');
          assert.notEqual(await fromApp(t, 'tcp', sandbox.hostIP, '53'), '53');
        });
        const waiting = start(
          { argv: [...within(sandbox.appNamespace), process.execPath, '-e', idleClient, outsideIP], env: {} },
          t,
        );
        await until('it is connected', () => waiting.output() === 'connected\n');
        await setProxyRules(firewall, sandbox, openRules);
        await until('the open connection is reset', () => waiting.output() === 'connected\nECONNRESET\n');
        envoy.child.kill('SIGCONT');
        assert.equal(await fromApp(t, 'tcp', outsideIP, '7000'), `7000 ${hostOutsideIP}`);
      });

      test('a dead Envoy lets nothing through', async (t) => {
        envoy.child.kill('SIGKILL');
        await envoy.exit;
        await nothingArrives(async () => {
          assert.equal(await fromApp(t, 'tcp', outsideIP, '80'), 'ECONNREFUSED');
        });
      });
    });
  }
});
