// What is wrong with the mesh stands in the status of its objects, and comes back to who stores them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serviceEntry } from '../../test/support/mesh.ts';
import { virtualService } from '../../test/support/networking.ts';
import { until } from '../../test/support/until.ts';
import { objectsOf } from '../analysis/testing/told.ts';
import { keyOf } from '../api/object.ts';
import { followStore } from '../mesh/follow-store.ts';
import { formatDiagnostic } from '../platform/diagnostic.ts';
import { createLogger } from '../platform/log.ts';
import { openLocalStore } from '../store/local/local-store.ts';
import { createMeshAnalysis } from './analysis.ts';

async function followed(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-analysis-'));
  const store = await openLocalStore({ file: join(folder, 'store.sqlite') });
  const life = new AbortController();
  const log = createLogger('test');
  const files = { diagnostics: () => [], locate: () => undefined, onChange: () => () => undefined };
  const analysis = createMeshAnalysis({ store, files, signal: life.signal, log });
  let meshes = 0;
  const onMesh = () => {
    meshes += 1;
  };
  const source = followStore(store, onMesh, life.signal, { onStep: analysis.take });
  t.after(async () => {
    life.abort();
    await source.done;
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const group = 'networking.istio.io';
  const statusOf = async (kind: string, name: string) =>
    (await store.get({ group, kind, namespace: 'default', name }))?.status;
  const apply = (text: string) =>
    store.apply(
      objectsOf(text).map(({ metadata: { creationTimestamp: _, ...metadata }, ...rest }) => ({ ...rest, metadata })),
    );
  return { store, analysis, apply, statusOf, meshes: () => meshes };
}

const web = serviceEntry('web', { hosts: ['web.example'] });
const routed = virtualService('routed', {
  hosts: ['web.example'],
  http: [{ route: [{ destination: { host: 'gone.example' } }] }],
});

test('a mistake stands in the status, and goes when another object mends it', async (t) => {
  const { apply, statusOf, analysis, meshes } = await followed(t);
  await apply(web + routed);
  const status = () => statusOf('VirtualService', 'routed');
  await until('it is written', async () => (await status()) !== undefined);
  assert.deepEqual(await status(), {
    validationMessages: [
      {
        type: { code: 'SP1511', name: 'destination is not registered' },
        level: 'ERROR',
        path: 'spec.http[0].route[0].destination.host',
        message: 'no ServiceEntry or Service has the host gone.example',
        hint: 'add a ServiceEntry for gone.example',
      },
    ],
  });
  assert.equal(await statusOf('ServiceEntry', 'web'), undefined, 'nothing is said of what is right');
  const before = meshes();
  const [again] = await apply(routed);
  assert.equal(again?.outcome, 'unchanged');
  assert.equal(meshes(), before, 'the mesh is not told of what we wrote ourselves');
  await apply(serviceEntry('gone', { hosts: ['gone.example'] }));
  await until('it is gone', async () => (await status()) === undefined);
  assert.deepEqual(await analysis.diagnostics(), []);
});

test('who stores an object is told what is said of it, and of others that name it', async (t) => {
  const { apply, analysis } = await followed(t);
  const stored = async (text: string) => {
    const results = await apply(text);
    const diagnostics = await analysis.diagnosticsOf(results.map(({ object }) => object));
    return diagnostics.map(({ code, resource }) => `${code} ${resource}`);
  };
  assert.deepEqual(await stored(web), []);
  assert.deepEqual(await stored(routed), ['SP1511 VirtualService/default/routed']);
  assert.deepEqual(await stored(routed), ['SP1511 VirtualService/default/routed'], 'also when nothing changed');
  assert.deepEqual(await stored(web), [], 'what is wrong elsewhere is no matter of this one');
  const hidden = routed.replaceAll('routed', 'second');
  assert.deepEqual(
    await stored(hidden),
    ['SP1516 VirtualService/default/second', 'SP1511 VirtualService/default/second'],
    'first what makes it useless',
  );
  assert.deepEqual(await stored(routed), [
    'SP1511 VirtualService/default/routed',
    'SP1516 VirtualService/default/second',
  ]);
});

test('messages are kept beside what others wrote into the status', async (t) => {
  const { store, apply, statusOf } = await followed(t);
  await apply(web);
  const key = { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'routed' };
  await apply(routed);
  await until('it is written', async () => (await statusOf('VirtualService', 'routed')) !== undefined);
  await store.patchStatus([{ key, patch: { conditions: [] } }]);
  assert.deepEqual(Object.keys(Object((await store.get(key))?.status)).sort(), ['conditions', 'validationMessages']);
  await apply(serviceEntry('gone', { hosts: ['gone.example'] }));
  await until(
    'ours are gone',
    async () => !('validationMessages' in Object(await statusOf('VirtualService', 'routed'))),
  );
  assert.deepEqual(await statusOf('VirtualService', 'routed'), { conditions: [] });
});

test('whoever stores an object while all others are left to be judged holds up nobody else', async (t) => {
  const { apply, analysis } = await followed(t);
  const many = 400;
  const answering = { directResponse: { status: 200 } };
  await apply(Array.from({ length: many }, (_, index) => routed.replaceAll(/routed|web/g, `n${index}`)).join(''));
  let others = 0;
  let answered = false;
  const other = () => {
    others += 1;
    if (!answered) setImmediate(other);
  };
  t.after(() => {
    answered = true;
  });
  setImmediate(other);
  const stored = await apply(
    virtualService('late', { hosts: ['late.example'], gateways: ['gone'], http: [answering] }),
  );
  const told = await analysis.diagnosticsOf(stored.map(({ object }) => object));
  answered = true;
  assert.deepEqual(
    told.map(({ code, resource }) => `${code} ${resource}`),
    ['SP1518 VirtualService/default/late'],
  );
  assert.ok(others > many / 50, `${others} others had a turn`);
  assert.equal((await analysis.diagnostics()).filter(({ code }) => code === 'SP1511').length, many);
});

const cacerts = (key: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'cacerts', namespace: 'istio-system' },
  stringData: { 'ca-key.pem': key },
});
const unfit = { file: 'ca-key.pem', message: 'ca-key.pem is no private key', hint: 'give it in PEM' };

test('an authority that cannot be used is told on the Secret that it was judged of, until that is another', async (t) => {
  const { store, analysis, meshes } = await followed(t);
  const [stored] = await store.apply([cacerts('nonsense')]);
  await until('it is taken', () => meshes() > 0);
  const messages = async () => {
    const secret = await store.get(keyOf(cacerts('')));
    return JSON.stringify(secret?.status ?? {}).match(/SP1111|stringData[^,]*pem/g);
  };
  analysis.setUnfitAuthority({ ...unfit, secret: stored?.object });
  assert.deepEqual(
    (await analysis.diagnostics()).map(({ severity, code, resource, path }) => [severity, code, resource, path]),
    [['error', 'SP1111', 'Secret/istio-system/cacerts', 'stringData["ca-key.pem"]']],
  );
  await until('it stands in the status', async () => (await messages())?.length === 2);
  // Not yet judged anew: what was said of the one before is not said of this.
  const [mended] = await store.apply([cacerts('mended')]);
  await until('it is gone', async () => (await messages()) === null);
  analysis.setUnfitAuthority({ ...unfit, secret: mended?.object });
  await until('it is told again', async () => (await messages())?.length === 2);
  analysis.setUnfitAuthority(undefined);
  assert.deepEqual(await analysis.diagnostics(), []);
  await until('it is gone again', async () => (await messages()) === null);
});

test('an authority in a folder that cannot be used is told with the file', async (t) => {
  const { analysis } = await followed(t);
  let changes = 0;
  t.after(
    analysis.onChange(() => {
      changes += 1;
    }),
  );
  analysis.setUnfitAuthority({ ...unfit, secret: undefined, file: '/etc/ca/ca-key.pem' });
  assert.deepEqual((await analysis.diagnostics()).map(formatDiagnostic), [
    '/etc/ca/ca-key.pem:1:1 ca-key.pem is no private key, so this CA is not used and the one before it stays; give it in PEM',
  ]);
  analysis.setUnfitAuthority(undefined);
  assert.deepEqual(await analysis.diagnostics(), []);
  assert.equal(changes, 2);
});
