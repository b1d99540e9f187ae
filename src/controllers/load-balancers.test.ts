// Services of type LoadBalancer on a real store and a real keeper; pods are objects whose status a hand writes, and servers
// behind them. Needs no rights.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { freePort } from '../../test/support/ports.ts';
import { until, untilFits } from '../../test/support/until.ts';
import { serviceKind } from '../api/kinds/service.ts';
import { systemCode } from '../platform/errors.ts';
import { keptMesh } from '../runtime/keeper/testing/kept-mesh.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import type { ObjectStore } from '../store/store.ts';
import { startLoadBalancerController } from './load-balancers.ts';

const mesh = keptMesh('proxy');
const namespace = 'shop';
let store: ObjectStore;
let life = new AbortController();
/** How often the keeper was told something. */
let puts = 0;

before(async () => {
  await mesh.keeper();
  store = await openLocalStore({ file: join(mesh.folder.path, 'store.db') });
});
after(async () => {
  life.abort();
  await store.close();
  await mesh.remove();
});
beforeEach(startController);

/** Ends the present one as a crash does. */
async function startController(): Promise<void> {
  life.abort();
  life = new AbortController();
  puts = 0;
  const runtime = {
    ...mesh.client,
    putLoadBalancer: (...request: Parameters<typeof mesh.client.putLoadBalancer>) => {
      puts += 1;
      return mesh.client.putLoadBalancer(...request);
    },
  };
  const log = pino({ level: 'silent' });
  await startLoadBalancerController({ store, runtime, signal: life.signal, log }).ready;
}

function service(name: string, spec: Readonly<Record<string, unknown>>) {
  const metadata = { namespace, name };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer', ...spec } };
}

async function startPod(t: { after(end: () => void): void }, name: string, labels: Readonly<Record<string, string>>) {
  const server = createServer((socket) => socket.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const bound = server.address();
  const containerPort = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  const containers = [{ name: 'istio-proxy', ports: [{ name: 'web', containerPort }] }];
  await store.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec: { containers } }]);
  return containerPort;
}

async function setReady(name: string, ready: boolean): Promise<void> {
  const status = { phase: 'Running', podIP: '127.0.0.1', containerStatuses: [{ name: 'istio-proxy', ready }] };
  await store.updateStatus({ group: '', kind: 'Pod', namespace, name }, status);
}

async function ingressOf(name: string) {
  const object = await store.get({ group: '', kind: 'Service', namespace, name });
  return serviceKind.schema.safeParse(object).data?.status?.loadBalancer?.ingress;
}

async function addressOf(name: string): Promise<string> {
  const [ingress] =
    (await untilFits(
      () => ingressOf(name),
      (found) => found !== undefined,
    )) ?? [];
  return ingress?.ip ?? '';
}

/** What answers there, or the error's code. */
async function hear(address: string, port: number): Promise<string> {
  try {
    return (await buffer(connect(port, address))).toString('utf8');
  } catch (error) {
    return systemCode(error) ?? 'failed';
  }
}

test('a Service gets an address, behind which its ready pods answer, by number and by name', async (t) => {
  const number = await startPod(t, 'one', { app: 'web' });
  await startPod(t, 'other', { app: 'other' });
  const [byName, byNumber] = [await freePort('0.0.0.0'), await freePort('0.0.0.0')];
  const ports = [
    { name: 'named', port: byName, targetPort: 'web' },
    { name: 'numbered', port: byNumber, targetPort: number },
    { name: 'udp', port: 53, protocol: 'UDP' },
  ];
  await store.apply([service('front', { selector: { app: 'web' }, ports })]);
  const address = await addressOf('front');
  assert.match(address, /^127\.\d+\.255\.1$/);
  assert.deepEqual(await ingressOf('front'), [{ ip: address }]);
  assert.equal(await hear(address, byName), 'ECONNREFUSED');
  await setReady('other', true);
  await setReady('one', true);
  await until('it answers', async () => (await hear(address, byName)) === 'one');
  assert.equal(await hear(address, byNumber), 'one');

  await setReady('one', false);
  await until('it is refused', async () => (await hear(address, byName)) === 'ECONNREFUSED');
  await setReady('one', true);
  await until('it answers again', async () => (await hear(address, byName)) === 'one');
  await store.delete({ group: '', kind: 'Pod', namespace, name: 'one' });
  await until('nothing is behind it', async () => (await hear(address, byName)) === 'ECONNREFUSED');
});

test('a change of the pods is in force soon, and what changes nothing is not told', async (t) => {
  await startPod(t, 'quick', { app: 'quick' });
  const port = await freePort('0.0.0.0');
  await store.apply([service('quick', { selector: { app: 'quick' }, ports: [{ port, targetPort: 'web' }] })]);
  const address = await addressOf('quick');
  const took: number[] = [];
  for (let round = 0; round < 10; round++) {
    const ready = round % 2 === 0;
    const begun = performance.now();
    await setReady('quick', ready);
    await until('in force', async () => (await hear(address, port)) === (ready ? 'quick' : 'ECONNREFUSED'));
    took.push(performance.now() - begun);
  }
  const median = took.toSorted((a, b) => a - b)[5] ?? 0;
  // Some 15 ms on a machine that does nothing else.
  assert.ok(median < 250, took.map(Math.round).join(' '));
  const before = puts;
  const labels = { app: 'nobody' };
  for (let round = 0; round < 3; round++) {
    await store.apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name: 'unselected', labels: { ...labels, round: String(round) } },
        spec: { containers: [{ name: 'x' }] },
      },
    ]);
  }
  await setReady('quick', true);
  await until('it answers', async () => (await hear(address, port)) === 'quick');
  assert.equal(puts, before + 1);
});

test('the next control plane takes over what is there, and takes away what went meanwhile', async (t) => {
  await startPod(t, 'kept', { app: 'kept' });
  const spec = { selector: { app: 'kept' }, ports: [{ port: await freePort('0.0.0.0'), targetPort: 'web' }] };
  const port = spec.ports[0]?.port ?? 0;
  await store.apply([service('kept', spec), service('leaving', spec), service('changing', spec)]);
  await setReady('kept', true);
  const [kept, leaving, changing] = [await addressOf('kept'), await addressOf('leaving'), await addressOf('changing')];
  assert.equal(new Set([kept, leaving, changing]).size, 3);
  for (const address of [kept, leaving, changing]) {
    await until('it answers', async () => (await hear(address, port)) === 'kept');
  }
  life.abort();
  await store.delete({ group: '', kind: 'Service', namespace, name: 'leaving' });
  await store.apply([service('changing', { ...spec, type: 'ClusterIP' })]);
  assert.equal(await hear(leaving, port), 'kept');
  await startController();
  assert.equal(await addressOf('kept'), kept);
  assert.equal(await hear(kept, port), 'kept');
  assert.equal(await hear(leaving, port), 'ECONNREFUSED');
  assert.equal(await hear(changing, port), 'ECONNREFUSED');
  assert.equal(await ingressOf('changing'), undefined);
  const names = (await mesh.client.loadBalancers()).map(({ name }) => name);
  assert.ok(names.includes('kept') && !names.includes('leaving') && !names.includes('changing'), names.join());

  await store.apply([service('late', spec)]);
  assert.equal(await addressOf('late'), leaving);
});

test('the keeper’s death takes no address', async (t) => {
  await startPod(t, 'lasting', { app: 'lasting' });
  const port = await freePort('0.0.0.0');
  await store.apply([service('lasting', { selector: { app: 'lasting' }, ports: [{ port, targetPort: 'web' }] })]);
  await setReady('lasting', true);
  const address = await addressOf('lasting');
  await until('it answers', async () => (await hear(address, port)) === 'lasting');
  process.kill((await mesh.keeper()).pid, 'SIGKILL');
  await mesh.keeper();
  assert.equal(await hear(address, port), 'lasting');
});
