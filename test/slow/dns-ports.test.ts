// Programs of the host that listen on all addresses where the mesh answers DNS, as local resolvers do: pods start all the same
// and find names, and their Envoys find the keeper again after its death.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { statusOf } from '../support/calls.ts';
import type { Scope } from '../support/envoy-process.ts';
import { serviceEntry, startMesh } from '../support/mesh.ts';
import { keeperPod, keeperStatus, kill } from '../support/mesh-processes.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const usual = [53, 15_053];

async function takePort(t: Scope, port: number): Promise<void> {
  const tcp = createServer().listen(port, '0.0.0.0');
  const udp = createSocket('udp4');
  udp.bind(port, '0.0.0.0');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  t.after(() => {
    tcp.close();
    udp.close();
  });
}

it('DNS answers pods where its ports are taken on all addresses', needs('root', 'iproute2', 'firewall'), async (t) => {
  const address = outsideAddress(83);
  await startOutsideHttp({ t, address, port: 80 });
  await startOutsideTcp({ t, address, port: 5432, serve: ({ socket }) => socket.end('database') });
  for (const port of usual) await takePort(t, port);
  const resolve = ['open.example', 'db.example'].flatMap((host) => ['--resolve', `${host}=${address}`]);
  const mesh = await startMesh(t, { up: ['--capture', 'redirect', ...resolve] });
  await mesh.run('istio', 'otp', 'restricted');
  const ports = [{ number: 5432, name: 'tcp-db', protocol: 'TCP' }];
  await mesh.apply(
    serviceEntry('open', { hosts: ['open.example'] }) + serviceEntry('db', { hosts: ['db.example'], ports }),
  );
  const caller = await mesh.workload('caller');
  const reaches = async () => {
    const { text } = await caller.perform({ do: 'tcp', host: 'db.example', port: 5432, send: '' });
    return text === 'database' && (await statusOf(caller, 'open.example')) === 200;
  };
  // The program asks for the given address, its Envoy for the real one.
  await until('both names are found', reaches);
  const answered = async () => {
    const pod = await keeperPod(mesh, 'caller');
    return [pod?.dns.port ?? 0, pod?.programDns?.port ?? 0];
  };
  const before = await answered();
  assert.equal(
    before.some((port) => usual.includes(port) || port === 0),
    false,
    before.join(' '),
  );
  await kill((await keeperStatus(mesh)).pid);
  await mesh.run('up', '--detach', '--listen', mesh.listen);
  await until('names are found again', reaches);
  assert.deepEqual(await answered(), before);
});
