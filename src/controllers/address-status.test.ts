// The addresses that the mesh gave, written into objects and taken from there by the next control plane.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/store/temporary-folder.ts';
import { silentLog } from '../../test/support/discovery.ts';
import type { Scope } from '../../test/support/envoy-process.ts';
import { until } from '../../test/support/until.ts';
import type { KubeObject, ObjectKey } from '../api/object.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { followStore } from '../mesh/follow-store.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import type { ObjectStore } from '../store/store.ts';
import { keepAddressStatus } from './address-status.ts';

const group = 'networking.istio.io';

function entry(name: string, hosts: readonly string[], spec: object = {}, labels = {}): KubeObject {
  const ports = [{ number: 5432, name: 'tcp', protocol: 'TCP' }];
  return {
    apiVersion: `${group}/v1`,
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default', labels },
    spec: { hosts, ports, resolution: 'DNS', ...spec },
  };
}

const keyOf = (name: string): ObjectKey => ({ group, kind: 'ServiceEntry', namespace: 'default', name });

interface Running {
  readonly store: ObjectStore;
  readonly deltas: MeshDelta[];
  mesh(): Mesh | undefined;
  /** As of a process that is gone. */
  stop(): Promise<void>;
}

/** A control plane's part in it, on a store of its own. */
async function start(scope: Scope, file: string): Promise<Running> {
  const store = await openLocalStore({ file });
  const life = new AbortController();
  const status = keepAddressStatus(store, life.signal, silentLog);
  const deltas: MeshDelta[] = [];
  let current: Mesh | undefined;
  const { done } = followStore(
    store,
    (mesh, delta) => {
      current = mesh;
      deltas.push(delta);
      status.update(mesh, delta);
    },
    life.signal,
    { addresses: createAllocatedAddresses() },
  );
  const stop = async () => {
    life.abort();
    await done;
    await store.close();
  };
  scope.after(stop);
  return { store, deltas, mesh: () => current, stop };
}

async function statusOf(store: ObjectStore, name: string): Promise<unknown> {
  return (await store.get(keyOf(name)))?.status;
}

function given(running: Running, host: string): readonly string[] {
  return running.mesh()?.services.get(host)[0]?.addresses ?? [];
}

test('an address is in force with the entry, then in its status, and that changes nothing more', async (t) => {
  const running = await start(t, join(temporaryFolder(t), 'store.db'));
  const { store, deltas } = running;
  await store.apply([entry('db', ['db.example'])]);
  await until('the mesh has it', () => given(running, 'db.example').length === 1);
  const [value] = given(running, 'db.example');
  const addresses = [{ host: 'db.example', value }];
  await until(
    'the status has it',
    async () => JSON.stringify(await statusOf(store, 'db')) === JSON.stringify({ addresses }),
  );
  const touching = deltas.filter(({ hosts }) => hosts.has('db.example'));
  assert.equal(touching.length, 1);
});

test('what else stands in the status stays there', async (t) => {
  const running = await start(t, join(temporaryFolder(t), 'store.db'));
  const { store } = running;
  await store.apply([entry('db', ['db.example'])]);
  await until('the status has it', async () => (await statusOf(store, 'db')) !== undefined);
  const conditions = [{ type: 'Known' }];
  await store.updateStatus(keyOf('db'), { conditions });
  await store.apply([entry('db', ['db.example', 'second.example'], { resolution: 'NONE' })]);
  await until('both are there', async () => {
    const status = JSON.stringify(await statusOf(store, 'db'));
    return status.includes('Known') && status.includes('db.example') && status.includes('second.example');
  });
  await store.apply([entry('db', ['db.example'], { addresses: ['192.0.2.1'] })]);
  await until('none is', async () => JSON.stringify(await statusOf(store, 'db')) === JSON.stringify({ conditions }));
});

test('two entries of one host have one address, and the next control plane gives the same', async (t) => {
  const file = join(temporaryFolder(t), 'store.db');
  const first = await start(t, file);
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}.example`);
  await first.store.apply(hosts.map((host, index) => entry(`e${index}`, [host])));
  await first.store.apply([{ ...entry('e0', ['h0.example']), metadata: { name: 'twice', namespace: 'other' } }]);
  await until('all have theirs', () => hosts.every((host) => given(first, host).length === 1));
  const before = hosts.map((host) => given(first, host).join());
  assert.equal(new Set(before).size, hosts.length);
  await until('the last is written', async () => (await statusOf(first.store, 'e19')) !== undefined);
  await first.stop();
  const second = await start(t, file);
  await until('it knows them', () => hosts.every((host) => given(second, host).length === 1));
  assert.deepEqual(
    hosts.map((host) => given(second, host).join()),
    before,
  );
  const both = second.mesh()?.services.get('h0.example') ?? [];
  assert.deepEqual([both.length, new Set(both.map(({ addresses }) => addresses.join())).size], [2, 1]);
});
