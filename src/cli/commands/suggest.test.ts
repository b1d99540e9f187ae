// The command as people run it, against suggestions that are given.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { assertResult, programFile, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { ServerDeps } from '../../server/deps.ts';
import type { Suggestions } from '../../suggest/suggestion.ts';

const host = 'api.example.com';

function entry(...ports: readonly number[]) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host, namespace: 'shop' },
    spec: {
      hosts: [host],
      exportTo: ['.'],
      location: 'MESH_EXTERNAL',
      ports: ports.map((number) => ({ number, name: `tls-${number}`, protocol: 'TLS' })),
      resolution: 'DNS',
    },
  };
}

const found: Suggestions = {
  suggestions: [
    {
      namespace: 'shop',
      host,
      port: 8443,
      protocol: 'TLS',
      workloads: ['cart', 'jobs', 'mail', 'web'],
      requests: 0,
      connections: 1,
      blocked: true,
      firstSeen: '2026-01-01T00:00:00.000Z',
      lastSeen: '2026-01-01T00:00:00.000Z',
      object: `ServiceEntry/shop/${host}`,
      note: 'HTTP on this port would be stopped',
    },
  ],
  objects: [{ object: entry(443, 8443), existing: entry(443) }],
  leftOut: [{ namespace: 'shop', host: 'other', port: 0, workloads: ['web'], reason: 'no names on record' }],
};

const nothing: Suggestions = { suggestions: [], objects: [], leftOut: [] };

async function started(t: TestContext, answer: Suggestions = found) {
  const asked: Parameters<ServerDeps['suggestions']>[0][] = [];
  const mesh = await startMeshForCli(t, {
    suggestions: async (query) => {
      asked.push(query);
      return answer;
    },
  });
  return { ...mesh, asked };
}

test('a table says what, how often, by whom and when; beside it stands what is not suggested', async (t) => {
  const { run } = await started(t);
  const row = String.raw`shop +api\.example\.com:8443 +TLS +1 connection, stopped +cart, jobs, mail and 1 more +\d+\w+`;
  const said = [
    String.raw`warning: ServiceEntry/shop/api\.example\.com: HTTP on this port would be stopped`,
    'not suggested: other, called by shop/web: no names on record',
    'Apply it with --apply, or see the objects with -o yaml.',
  ];
  const stderr = new RegExp(`^${said.join('\n')}\n$`);
  assertResult(await run('suggest'), 0, new RegExp(`^NAMESPACE +DESTINATION .*\n${row}\n$`), stderr);
  assertResult(await run('suggest -o wide'), 0, /LAST +OBJECT\n.* ServiceEntry\/shop\/api\.example\.com\n$/, stderr);
});

test('the objects are printed as apply takes them', async (t) => {
  const { run } = await started(t);
  const yaml = (await run('suggest -o yaml')).stdout;
  assert.match(yaml, /^apiVersion: networking\.istio\.io\/v1\nkind: ServiceEntry\n/);
  assertResult(await run('apply -f -', yaml), 0, `serviceentry.networking.istio.io/${host} created\n`);
  const { stdout } = await run('suggest -o json');
  assert.deepEqual(JSON.parse(stdout).items, [entry(443, 8443)]);
  assertResult(await run('apply -f -', stdout), 0, `serviceentry.networking.istio.io/${host} unchanged\n`);
});

test('what is to be applied is shown as a difference, and told as apply tells it', async (t) => {
  const { run, store } = await started(t);
  await store.apply([entry(443)]);
  const diff = [
    `--- ServiceEntry/shop/${host}`,
    `+++ ServiceEntry/shop/${host}`,
    ' apiVersion: networking.istio.io/v1',
    ' kind: ServiceEntry',
    ' metadata:',
    `   name: ${host}`,
    '   namespace: shop',
    ' spec:',
    '   hosts:',
    `   - ${host}`,
    '   exportTo:',
    '   - "."',
    '   location: MESH_EXTERNAL',
    '   ports:',
    '   - number: 443',
    '     name: tls-443',
    '     protocol: TLS',
    '+  - number: 8443',
    '+    name: tls-8443',
    '+    protocol: TLS',
    '   resolution: DNS',
  ];
  const applied = await run('suggest --apply --yes');
  const stdout = `${diff.join('\n')}\nserviceentry.networking.istio.io/${host} configured\n`;
  assertResult(applied, 0, stdout, /^warning: .*\nnot suggested: .*\n$/);
});

const scriptTool = '/usr/bin/script';
const noTerminal = !existsSync(scriptTool) && 'this machine has no script(1) to make a terminal';

for (const [answer, code, names] of [
  ['yes', 0, [host]],
  ['n', 1, []],
  ['', 1, []],
] as const) {
  test(`a person who answers '${answer}' is obeyed`, { skip: noTerminal, timeout: 30_000 }, async (t) => {
    const { folder, store } = await started(t);
    const command = `exec '${process.execPath}' '${programFile}' suggest --apply`;
    const env = { ...process.env, SALLYPORT_DATA: folder.path, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' };
    const child = spawn(scriptTool, ['-qefc', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (chunk) => {
      const asked = /\[y\/N\] /;
      const before = asked.test(text);
      text += String(chunk);
      if (!before && asked.test(text)) child.stdin.write(`${answer}\r`);
    });
    assert.equal(await new Promise((resolve) => child.once('close', resolve)), code, text);
    assert.match(text, /\+ {2}- number: 8443[\s\S]*Apply 1 object\? \[y\/N\] /);
    const { items } = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      names,
    );
    if (code === 1) assert.match(text, /error: nothing was applied/);
  });
}

test('nobody to be asked is no yes', async (t) => {
  const { run, store } = await started(t);
  assertResult(await run('suggest --apply'), 2, '', /^error: nobody is there to be asked\nadd --yes/);
  const { items } = await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' });
  assert.deepEqual(items, []);
});

test('nothing to suggest is said, and applies nothing', async (t) => {
  const { run } = await started(t, nothing);
  const said = 'Nothing to suggest: all that left is registered; what was stopped is looked at with --blocked.\n';
  assertResult(await run('suggest'), 0, '', said);
  assertResult(await run('suggest --apply --yes'), 0, '', said);
  assertResult(await run('suggest --blocked'), 0, '', 'Nothing to suggest: all that left is registered.\n');
});

test('what is asked for arrives; what makes no sense is refused', async (t) => {
  const { run, asked } = await started(t);
  await run('suggest');
  await run(
    'suggest -n shop --since 1h --blocked --host A.example.com. --host 192.0.2.1 --as egresspolicy --wildcards --expires 2h',
  );
  const [all, some] = asked;
  assert.deepEqual(all, { as: 'serviceentries', blocked: false, wildcards: false, hosts: [], since: 0 });
  assert.ok(some !== undefined && Math.abs(Date.now() - 3_600_000 - some.since) < 60_000);
  assert.match(some.expires ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const { since: _, expires: __, ...rest } = some;
  const hosts = ['a.example.com', '192.0.2.1'];
  assert.deepEqual(rest, { as: 'egresspolicy', blocked: true, wildcards: true, hosts, namespace: 'shop' });
  assertResult(await run('suggest --since soon'), 2, '', /^error: 'soon' is no duration/);
  assertResult(await run('suggest --as yaml'), 2, '', /^error: there is no form 'yaml'/);
  assertResult(await run('suggest -A -n shop'), 2, '', /exclude each other/);
  assertResult(await run('suggest --host a_b:80'), 1, '', /^error: 'a_b:80' is no host/);
});
