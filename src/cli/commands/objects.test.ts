// apply, get, patch, delete, describe through the real program, store and sockets.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startControlPlane, temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { serviceEntry, serviceEntryYaml } from '../../../test/support/manifests.ts';
import { assertResult, startMeshForCli as mesh, runSallyport } from '../../../test/support/run-sallyport.ts';

test('apply says created, unchanged, configured', async (t) => {
  const { run } = await mesh(t);
  const name = 'serviceentry.networking.istio.io/httpbin-ext';
  assertResult(await run('apply -f -', serviceEntryYaml('httpbin-ext')), 0, `${name} created\n`);
  assertResult(await run('apply -f -', serviceEntryYaml('httpbin-ext')), 0, `${name} unchanged\n`);
  assertResult(await run('apply -f -', serviceEntryYaml('httpbin-ext', 'b.com')), 0, `${name} configured\n`);
});

test('apply of the core group has no group in its words', async (t) => {
  const { run } = await mesh(t);
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: echo}\nspec: {ports: [{port: 80, name: http}]}\n';
  assertResult(await run('apply -f -', service), 0, 'service/echo created\n');
});

test('apply stores the good objects, names the bad ones with place and mend, and exits 1', async (t) => {
  const { run, folder, store } = await mesh(t);
  await mkdir(join(folder.path, 'm'));
  const file = join(folder.path, 'm/a.yaml');
  await writeFile(
    file,
    `${serviceEntryYaml('good')}---\n${serviceEntryYaml('bad').replace('resolution:', 'resolutoin:')}`,
  );
  await writeFile(join(folder.path, 'm/b.yml'), serviceEntryYaml('other'));
  await writeFile(join(folder.path, 'm/notes.txt'), 'not a manifest');
  const result = await run(`apply -f ${join(folder.path, 'm')}`);
  const created = ['good', 'other'].map((name) => `serviceentry.networking.istio.io/${name} created\n`).join('');
  assertResult(
    result,
    1,
    created,
    new RegExp(`^error: ${file}:26:3 ServiceEntry/default/bad spec\\.resolutoin: .*resolution`),
  );
  const { items } = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  assert.equal(items.length, 2);
});

test('apply refuses an object of another namespace than -n', async (t) => {
  const { run } = await mesh(t);
  const elsewhere = serviceEntryYaml('a').replace('  name: a\n', '  name: a\n  namespace: other\n');
  assertResult(
    await run('apply -f - -n shop', elsewhere),
    1,
    '',
    /^error: <stdin>:5:\d+ ServiceEntry\/other\/a .*'shop'/,
  );
  assertResult(await run('apply -n shop -f -', serviceEntryYaml('a')), 0, /created/);
});

test('apply of what is not there or empty', async (t) => {
  const { run } = await mesh(t);
  assertResult(await run('apply -f /nowhere.yaml'), 1, '', 'error: /nowhere.yaml does not exist\n');
  assertResult(await run('apply -f -', '# nothing\n'), 1, '', 'error: no objects in -\n');
  assertResult(await run('apply'), 2, '', /^error: -f is missing\n/);
});

test('get prints tables as kubectl does', async (t) => {
  const { run, store } = await mesh(t);
  assertResult(await run('get se'), 0, '', 'No resources found in default namespace.\n');
  assertResult(await run('get se -A'), 0, '', 'No resources found\n');
  await store.apply([serviceEntry('a', 'a.com'), serviceEntry('b', 'b.com', 'shop')]);
  assertResult(
    await run('get serviceentries'),
    0,
    /^NAME {3}HOSTS {7}LOCATION {8}RESOLUTION {3}AGE\na {6}\["a\.com"\] {3}MESH_EXTERNAL {3}DNS {10}\d+s\n$/,
  );
  assertResult(await run('get se -A'), 0, /^NAMESPACE {3}NAME .*\ndefault {5}a .*\nshop {8}b .*\n$/);
  assertResult(await run('get se --no-headers -n shop'), 0, /^b .*\n$/);
  assertResult(
    await run('get ns,se'),
    0,
    /^NAME .*\nnamespace\/default .*\nnamespace\/shop .*\n\nNAME .*\nserviceentry\.networking\.istio\.io\/a .*\n$/,
  );
});

test('get of what is not there', async (t) => {
  const { run, store } = await mesh(t);
  await store.apply([serviceEntry('a')]);
  const missing = 'error: serviceentries.networking.istio.io "x" not found\n';
  assertResult(await run('get se x'), 1, '', missing);
  assertResult(await run('get se a x'), 1, /\na /, missing);
  assertResult(await run('get se/x --ignore-not-found'), 0, '');
  assertResult(await run('get servicentries'), 1, '', "error: no kind 'servicentries'\ndid you mean serviceentries?\n");
});

test('get shows objects whole', async (t) => {
  const { run, store, folder } = await mesh(t);
  await store.apply([serviceEntry('a'), serviceEntry('b')]);
  const list = JSON.parse((await run('get se -o json')).stdout);
  assert.equal(list.kind, 'List');
  assert.deepEqual(
    list.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['a', 'b'],
  );
  const one = JSON.parse((await run('get se a -o json')).stdout);
  assert.deepEqual(one.spec.exportTo, ['*']);
  assertResult(await run('get se/a -o yaml'), 0, /^apiVersion: networking\.istio\.io\/v1\nkind: ServiceEntry\n/);
  assertResult(
    await run('get se -o name'),
    0,
    /^serviceentry\.networking\.istio\.io\/a\nserviceentry\.networking\.istio\.io\/b\n$/,
  );
  const jsonpath = ['get', 'se', '-o', 'jsonpath={range .items[*]}{.metadata.name}={.spec.hosts[0]}{"\\n"}{end}'];
  assertResult(await runSallyport(folder, jsonpath), 0, 'a=a.example.com\nb=b.example.com\n');
});

test('patch says patched, and when it changed nothing', async (t) => {
  const { run, store, folder } = await mesh(t);
  await store.apply([serviceEntry('a')]);
  const patch = ['patch', 'se', 'a', '--type=merge', '-p', '{"spec":{"hosts":["b.com"]}}'];
  const name = 'serviceentry.networking.istio.io/a';
  assertResult(await runSallyport(folder, patch), 0, `${name} patched\n`);
  assertResult(await runSallyport(folder, patch), 0, `${name} patched (no change)\n`);
  assertResult(await runSallyport(folder, ['patch', 'se/a', '-p', 'spec: {hosts: [c.com]}']), 0, `${name} patched\n`);
  assertResult(
    await run('patch se a -p {"spec":{"hosts":7}}'),
    1,
    '',
    /^error: the object is not valid\nerror: .* spec\.hosts: /,
  );
  assertResult(await run('patch se a -p 7'), 2, '', /^error: a patch is an object\n/);
  assertResult(await run('patch se a --type json -p {}'), 2, '', /^error: no patch type 'json'\n/);
});

test('delete names what it deleted', async (t) => {
  const { run, store } = await mesh(t);
  await store.apply([serviceEntry('httpbin.org'), serviceEntry('b'), serviceEntry('c')]);
  assertResult(
    await run('delete serviceentry httpbin.org'),
    0,
    'serviceentry.networking.istio.io "httpbin.org" deleted\n',
  );
  assertResult(
    await run('delete se httpbin.org'),
    1,
    '',
    'error: serviceentries.networking.istio.io "httpbin.org" not found\n',
  );
  assertResult(await run('delete se httpbin.org --ignore-not-found'), 0, '');
  assertResult(await run('delete se/b'), 0, 'serviceentry.networking.istio.io "b" deleted\n');
  assertResult(await run('delete -f -', serviceEntryYaml('c')), 0, 'serviceentry.networking.istio.io "c" deleted\n');
  assertResult(await run('delete se'), 2, '', /^error: a name is missing\n/);
});

test('what went with its namespace is no mistake', async (t) => {
  const { run, store } = await mesh(t);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const entry = { ...serviceEntry('c'), metadata: { name: 'c', namespace: 'shop' } };
  await store.apply([namespace, entry]);
  const files = [namespace, entry].map((object) => JSON.stringify(object)).join('\n---\n');
  assertResult(await run('delete -f -', files), 0, 'namespace "shop" deleted\n');
  assertResult(await run('delete -f -', files), 1, '', /not found/);
});

test('describe shows the object and what the mesh has to say about it', async (t) => {
  const diagnostic = {
    severity: 'warning',
    code: 'SP1',
    resource: 'ServiceEntry/default/a',
    path: '',
    message: 'odd',
  } as const;
  const plane = await startControlPlane(t, { diagnostics: async () => [diagnostic] });
  await plane.store.apply([serviceEntry('a')]);
  const result = await runSallyport(plane.folder, ['describe', 'se', 'a']);
  assertResult(
    result,
    0,
    /^Name: {10}a\nNamespace: {5}default\n[\s\S]*Spec:\n {2}\w+:[\s\S]*warning: ServiceEntry\/default\/a: odd\n$/,
  );
});

test('an object that stands for others is shown with them, and applied again without them', async (t) => {
  const entry = { ...serviceEntry('pay'), metadata: { name: 'pay', namespace: 'default' } };
  const expansion = { objects: [entry, entry], admission: ['Sidecars allow everybody.'] };
  const { run, store } = await mesh(t, {
    expansionOf: ({ kind }) => (kind === 'EgressPolicy' ? expansion : undefined),
  });
  const metadata = { name: 'pay', namespace: 'default' };
  const policy = { apiVersion: 'egress.sallyport.dev/v1alpha1', kind: 'EgressPolicy', metadata };
  await store.apply([{ ...policy, spec: { hosts: ['api.test'] } }, serviceEntry('a')]);
  assertResult(
    await run('describe egp pay'),
    0,
    /\nWho:\n {2}Sidecars allow everybody\.\nStands for \(not stored\):\n {2}---\n {2}apiVersion: \S+\n {2}kind: ServiceEntry\n[\s\S]*\n {2}---\n[\s\S]*\nDiagnostics: {3}<none>\n$/,
  );
  const { stdout: yaml } = await run('get egp pay -o yaml');
  assert.match(
    yaml,
    /\n# It stands for these objects, which are not stored:\n# ---\n# apiVersion: \S+\n# kind: ServiceEntry\n/,
  );
  const name = 'egresspolicy.egress.sallyport.dev/pay';
  assertResult(await run('apply -f -', yaml.replace('enforce', 'report')), 0, `${name} configured\n`);
  for (const line of ['get egp pay -o json', 'get egp -o yaml', 'get se a -o yaml', 'describe se a']) {
    assert.doesNotMatch((await run(line)).stdout, /[Ss]tands? for/, line);
  }
});

test('every command says that the mesh is not up', async (t) => {
  const folder = await temporaryDataFolder(t);
  const message = `error: the mesh in ${folder.path} is not up\nstart it with: sallyport up\n`;
  for (const line of [
    'get se',
    'delete se a',
    'istio otp',
    'proxy-status',
    'logs echo',
    'exec echo -- true',
    'analyze',
  ]) {
    assertResult(await runSallyport(folder, line.split(' ')), 1, '', message);
  }
});
