// The command as people run it, and its live view on a terminal of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { assertResult, programFile, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import { memoryLedger } from '../../server/testing/memory-ledger.ts';
import { flow } from '../../server/testing/traffic.ts';

const info = { pid: 1, version: '9.9.9', data: '', startedAt: '' };

async function started(t: TestContext, capture: 'redirect' | 'proxy' = 'redirect') {
  const traffic = memoryLedger();
  const seen = { firstSeen: new Date(Date.now() - 10_000).toISOString(), lastSeen: new Date().toISOString() };
  const web = flow(seen);
  const db = flow({
    ...seen,
    source: { namespace: 'other', workload: 'db' },
    destination: { kind: 'passthrough', host: 'x.example', port: 5432 },
    protocol: 'tcp',
    requests: 0,
    connections: 2,
    responses: {},
    flags: {},
    open: 2,
  });
  traffic.commit({ flows: [web, db] });
  return { ...(await startMeshForCli(t, { traffic, info: { ...info, capture } })), traffic, web, db };
}

test('one table of all namespaces where nobody watches', async (t) => {
  const { run, traffic, ...all } = await started(t);
  const web = String.raw`shop/web +api\.example\.com:443 +external +http +14 +\d[\d.]*/s +200:12 502:2 +1\.2kB/34kB +\d+s`;
  const db = String.raw`other/db +x\.example:5432 +passthrough +tcp +2 +\d[\d.]*/s +- +1\.2kB/34kB +\d+s`;
  assertResult(await run('traffic'), 0, new RegExp(`^SOURCE +DESTINATION .*\\n${web}\\n${db}\\n$`));
  assertResult(await run('traffic -A --once'), 0, /shop\/web[\s\S]*other\/db/);
  assertResult(await run('traffic --external'), 0, new RegExp(`^SOURCE .*\\n${web}\\n${db}\\n$`));
  traffic.commit({ flows: [{ ...all.db, destination: { kind: 'service', host: 'in.mesh', port: 80 } }] });
  assertResult(await run('traffic --external'), 0, '', /^No traffic/);
  traffic.commit({ flows: [all.web, all.db] });
  assertResult(await run('traffic -n other'), 0, /^SOURCE.*\nother\/db .*\n$/);
  assertResult(await run('traffic --open'), 0, /^SOURCE.*STILL ALLOWED.*\nother\/db .* 2 +NO .*\n$/);
  assertResult(
    await run('traffic -o wide'),
    0,
    /SERVICE ENTRY +FLAGS +OPEN +PEERS\n.* shop\/api +UF:2 +0 +192\.0\.2\.1 ×14\n/,
  );
});

test('for programs the document of the contract', async (t) => {
  const { run, web, db } = await started(t);
  const { stdout } = await run('traffic -o json');
  assert.deepEqual(JSON.parse(stdout), { flows: [web, { ...db, stillAllowed: false }] });
  assert.match((await run('traffic -o yaml -n shop')).stdout, /^flows:\n- source:\n {4}namespace: shop\n/);
});

test('where nothing is seen it says what to try', async (t) => {
  const { run } = await started(t);
  assertResult(
    await run('traffic -n nowhere --since 2h'),
    0,
    '',
    'No traffic from namespace nowhere in the last 2h. Try a longer --since, or make some: ' +
      'sallyport exec NAME -- curl -i http://httpbin.org/\n',
  );
  assertResult(await run('traffic -n nowhere --open'), 0, '', 'No connection from namespace nowhere is open.\n');
  assertResult(await run('traffic -n nowhere -o json'), 0, '{\n    "flows": []\n}\n');
});

test('wrong usage', async (t) => {
  const { run } = await started(t);
  assertResult(await run('traffic --since yesterday'), 2, '', /^error: 'yesterday' is no duration\nwrite for example/);
  assertResult(await run('traffic -A -n shop'), 2, '', /exclude each other/);
  assertResult(await run('traffic -o xml'), 2, '', /no output form 'xml'/);
});

test('proxy capture is said once, on standard error', async (t) => {
  const { run } = await started(t, 'proxy');
  const note = 'note: proxy capture: only traffic that a program sends to its proxy is governed\n';
  assertResult(await run('traffic'), 0, /^SOURCE/, note);
  assertResult(await run('traffic -o json'), 0, /^\{/, note);
});

const scriptTool = '/usr/bin/script';
const noTerminal = !existsSync(scriptTool) && 'this machine has no script(1) to make a terminal';

test('on a terminal it is live until q, and leaves the terminal as it was', {
  skip: noTerminal,
  timeout: 30_000,
}, async (t) => {
  const { folder, traffic, web } = await started(t);
  const command = `stty cols 100 rows 12; exec '${process.execPath}' '${programFile}' traffic`;
  const env = { ...process.env, SALLYPORT_DATA: folder.path, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' };
  const child = spawn(scriptTool, ['-qefc', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  let step = 0;
  const steps: readonly (readonly [RegExp, () => void])[] = [
    [/200:12 502:2/, () => traffic.commit({ flows: [{ ...web, requests: 99, responses: { 200: 99 } }] })],
    [/200:99/, () => child.stdin.write('q')],
  ];
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
    const [expected, then] = steps[step] ?? [];
    if (expected?.test(text) !== true) return;
    step += 1;
    then?.();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, text);
  const [before = '', after = ''] = text.split('\u001b[?25h\u001b[?1049l');
  assert.ok(before.startsWith('\u001b[?1049h\u001b[?25l'), before.slice(0, 80));
  assert.match(before, /sallyport traffic: last 5m, all namespaces +\d\d:\d\d:\d\d {2}q quits/);
  assert.match(after, /^SOURCE .*\r\nshop\/web .* 99 .*\r\n$/);
});
