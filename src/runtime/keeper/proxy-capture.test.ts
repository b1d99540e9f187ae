// Proxy capture with real programs and Envoys as plain processes: where they are, what they get, what outlives the keeper,
// and that nothing is left. Needs no rights.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { alsoAsNobody } from '../../../test/support/as-nobody.ts';
import { until } from '../../../test/support/until.ts';
import { askTcp, askUdp, query } from '../dns/testing/ask.ts';
import type { PodStatus } from '../protocol.ts';
import { identifyProcess } from './process-id.ts';
import { stopEverything } from './stop-everything.ts';
import { environmentOf, keptMesh, namespace, processesWith } from './testing/kept-mesh.ts';

/** Serves on HOST and PORT; starts a helper in a session of its own, by way of a parent that has gone. */
const server = `
  const { spawn } = require('child_process');
  spawn(process.execPath, ['-e', \`require('child_process')
    .spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env: { ...process.env, HELPER: 'helper-' + process.env.NAME } })
    .unref()\`], { detached: true, stdio: 'ignore' }).unref();
  require('http').createServer((_, response) => response.end('mine')).listen(process.env.PORT, process.env.HOST, () => console.log('listens'));
`;
const port = 18_080;

function programOf(name: string, appIP: string) {
  return {
    command: [process.execPath, '-e', server],
    env: { PATH: '/usr/bin:/bin', NAME: name, HOST: appIP, PORT: String(port) },
    cwd: '/usr',
  };
}

function fetchText(address: string, at: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: address, port: at, path: '/', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    request.on('error', reject);
  });
}

function isOpen(address: string, at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: at });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function resolve({ dns }: PodStatus, name: string): Promise<string> {
  return (await askUdp(dns.port, query(name), dns.address)).addresses.join(' ');
}

alsoAsNobody(import.meta.filename, () => {
  describe('proxy capture', () => {
    const one = keptMesh('proxy');
    const two = keptMesh('proxy');
    after(async () => {
      await one.remove();
      await two.remove();
    });
    before(async () => {
      await Promise.all([one.keeper(), two.keeper()]);
    });

    async function startServer(mesh: typeof one, name: string): Promise<PodStatus> {
      const { appIP } = await mesh.client.ensureSandbox(namespace, name, { uid: 'uid-1' });
      const pod = await mesh.start(name, programOf(name, appIP));
      await until('it serves', () => isOpen(appIP, port));
      return pod;
    }

    test('two meshes run side by side: a pod’s program and its Envoy have the same ports on addresses of their own', async () => {
      const pods = [await startServer(one, 'web'), await startServer(one, 'other'), await startServer(two, 'web')];
      for (const { appIP, podIP, outboundProxy, proxyUid } of pods) {
        assert.equal(await fetchText(appIP, port), '200 mine');
        assert.deepEqual(outboundProxy, { address: podIP, port: 15_001 });
        assert.equal(await fetchText(podIP, 15_001), '200 ');
        assert.equal(await isOpen(podIP, port), false);
        assert.equal(proxyUid, process.getuid?.());
      }
      const addresses = pods.flatMap(({ appIP, podIP, dns }) => [appIP, podIP, dns.address]);
      assert.equal(new Set(addresses).size, addresses.length);
      const blockOf = (address: string | undefined) => address?.split('.').slice(0, 2).join('.');
      assert.notEqual(blockOf(pods[0]?.podIP), blockOf(pods[2]?.podIP));
      assert.equal((await one.client.status()).capture, 'proxy');
      assert.deepEqual((await one.client.status()).hostChanges, []);
    });

    test('a program has the environment and folder of its spec, and the mark of its pod', async () => {
      const { app, proxy, appIP } = await one.status('web');
      const own = environmentOf(app.pid ?? 0);
      const { env } = programOf('web', appIP);
      const mark = `SALLYPORT_POD=${one.folder.id}/0/app`;
      assert.deepEqual(own.toSorted(), [...Object.entries(env).map((pair) => pair.join('=')), mark].toSorted());
      assert.equal(readlinkSync(`/proc/${app.pid}/cwd`), '/usr');
      assert.deepEqual(environmentOf(proxy.pid ?? 0), [`SALLYPORT_POD=${one.folder.id}/0/proxy`]);
    });

    test('exec runs beside the program, with its environment and folder', async () => {
      const plan = await one.client.execPlan(namespace, 'web');
      const [program = '', ...args] = [...(plan?.argv ?? []), 'sh', '-c', 'echo $NAME; pwd; exit 7'];
      const options = { env: { ...plan?.env }, cwd: plan?.cwd, encoding: 'utf8' } as const;
      const { status, stdout } = spawnSync(program, args, options);
      assert.deepEqual([status, stdout], [7, 'web\n/usr\n']);
    });

    test('names answer by the asking pod’s namespace, by UDP and TCP; a rule with a port answers its address', async () => {
      await one.client.ensureSandbox('elsewhere', 'web', { uid: 'uid-1' });
      const records = [{ name: 'shop.test', addresses: ['192.0.2.7'], namespaces: [namespace] }];
      const rules = [{ host: 'out.test', port: 80, address: '192.0.2.8', targetPort: 8080 }];
      const everywhere = { name: 'shop.test', addresses: ['192.0.2.9'], namespaces: ['elsewhere'] };
      await one.client.putConfig({ records: [...records, everywhere], resolve: rules });
      const pod = await one.status('web');
      assert.equal(await resolve(pod, 'shop.test'), '192.0.2.7');
      assert.equal(await resolve(pod, 'out.test'), '192.0.2.8');
      assert.equal(await resolve(pod, 'web'), pod.podIP);
      const [byTcp] = await askTcp(pod.dns.port, [query('shop.test')], pod.dns.address);
      assert.deepEqual(byTcp?.addresses, ['192.0.2.7']);
      const { pods } = one.client;
      const foreign = (await pods()).find((each) => each.namespace === 'elsewhere');
      assert.equal(foreign && (await resolve(foreign, 'shop.test')), '192.0.2.9');
      await one.client.deletePod('elsewhere', 'web');
    });

    test('a program that ends is started again without what it left behind', async () => {
      const name = 'crashing';
      const { appIP } = await one.client.ensureSandbox(namespace, name, { uid: 'uid-1' });
      // Its detached child holds the port that the next one needs.
      const child = `require('net').createServer().listen(${port}, '${appIP}', () => console.log('held'))`;
      const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}],
        { detached: true, stdio: ['ignore', 'pipe', 'inherit'] }).stdout.once('data', () => process.exit(1))`;
      const command = [process.execPath, '-e', script];
      const place = await one.client.ensureSandbox(namespace, name, { uid: 'uid-1' });
      assert.equal(place.appIP, appIP);
      await one.start(name, { command });
      const pod = await one.status(name, ({ app }) => app.phase === 'CrashLoopBackOff');
      assert.equal(pod.app.restarts, 1);
      assert.doesNotMatch(readFileSync(pod.logs.app, 'utf8'), /EADDRINUSE/);
      await until('the last one’s child has ended too', async () => !(await isOpen(appIP, port)));
      await one.client.deletePod(namespace, name);
    });

    test('the next keeper takes over: same addresses, nothing restarts, DNS answers again', async () => {
      const pod = await one.status('web');
      const { pid } = await one.keeper();
      process.kill(pid, 'SIGKILL');
      assert.notEqual((await one.keeper()).pid, pid);
      assert.deepEqual(await one.status('web'), pod);
      assert.equal(await resolve(pod, 'shop.test'), '192.0.2.7');
      assert.equal(await fetchText(pod.podIP, 15_001), '200 ');
    });

    test('removal ends a program and all it started', async () => {
      assert.equal(processesWith('HELPER=helper-other').length, 1);
      const pod = await one.status('other');
      await one.client.deletePod(namespace, 'other');
      assert.deepEqual(processesWith('HELPER=helper-other'), []);
      assert.equal(await isOpen(pod.podIP, 15_001), false);
      assert.equal(processesWith('HELPER=helper-web').length, 2);
    });

    test('killed, the keeper leaves nothing that down does not end, and no other mesh is touched', async () => {
      const { pid } = await one.keeper();
      const pod = await one.status('web');
      process.kill(pid, 'SIGKILL');
      const { ended, undone } = await stopEverything(one.folder);
      assert.deepEqual([ended, undone], [2, []]);
      assert.deepEqual(processesWith(`SALLYPORT_POD=${one.folder.id}`), []);
      for (const each of [pod.app.pid, pod.proxy.pid]) assert.equal(identifyProcess(each ?? 0), undefined);
      assert.equal(existsSync(one.folder.runPath), false);
      assert.equal(processesWith('HELPER=helper-web').length, 1);
      assert.equal((await two.status('web')).app.phase, 'Running');
    });
  });
});
