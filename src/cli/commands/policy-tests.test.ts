// `sallyport test` as people and CI systems run it: on files without a mesh, as its page shows it, and on a mesh.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { assertResult, runSallyport, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { TestRun } from '../../policy-test/result.ts';

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tests-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const page = join(import.meta.dirname, '../../../docs/policy-tests.md');
const fence = /^```(yaml|console)\n(.*?)^```$/gms;

test('the examples of the page are what is printed', async (t) => {
  const [data, folder] = [await temporaryDataFolder(t), await temporaryFolder(t)];
  let played = 0;
  for (const [, language, block = ''] of (await readFile(page, 'utf8')).matchAll(fence)) {
    const [first = '', ...rest] = block.split('\n');
    const [, file] = /^# (\S+\/\S+)$/.exec(first) ?? [];
    if (file !== undefined) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), rest.join('\n'));
    }
    if (language !== 'console') continue;
    played += 1;
    const named = first.replace('$ sallyport ', '').split(' ');
    const args = named.map((word) => (word.endsWith('/') ? join(folder, word) : word));
    const { code, stdout, stderr } = await runSallyport(data, args);
    const shown = stdout.replaceAll(`${folder}/`, '');
    const expected = rest.map((line) => (line === '…' ? '(?:.*\\n)*?.*' : RegExp.escape(line)));
    assert.match(shown, new RegExp(`^${expected.join('\n')}$`), `${first}\n${shown}`);
    assert.deepEqual([code, stderr], [shown.endsWith(' 0 failed\n') ? 0 : 1, '']);
  }
  assert.equal(played, 3);
});

const outbound = {
  apiVersion: 'istio.banzaicloud.io/v1beta1',
  kind: 'Istio',
  metadata: { name: 'mesh', namespace: 'istio-system' },
  spec: { version: '1.4.9', outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
};

function egressTest(spec: object) {
  const metadata = { name: 'pay', namespace: 'shop' };
  const from = { serviceAccount: 'pay' };
  return { apiVersion: 'egress.sallyport.dev/v1alpha1', kind: 'EgressTest', metadata, spec: { from, ...spec } };
}

function manifests(...objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n---\n`).join('');
}

const holds = egressTest({ mayNotReach: ['http://evil.test'] });
const fails = egressTest({ mayReach: ['http://<evil>&.test', 'http://evil.test'] });
const failing = egressTest({ mayReach: ['http://evil.test'], mayNotReach: ['tcp://192.0.2.1:25'] });

test('exit codes: 0 where all holds, 1 where something fails or is wrong, 2 for wrong usage', async (t) => {
  const data = await temporaryDataFolder(t);
  const run = (line: string, ...objects: readonly object[]) =>
    runSallyport(data, line.split(' '), manifests(...objects));
  assertResult(
    await run('test -f -', outbound, holds),
    0,
    /^✓ shop\/pay may not reach http:\/\/evil\.test\n\n1 passed, 0 failed\n$/,
  );
  assertResult(await run('test -f - --capture proxy', outbound, holds), 0, /1 passed, 0 failed\n$/);
  assertResult(
    await run('test -f -', outbound, failing),
    1,
    /^✗ .*\n +<stdin>:3:\d+ .* spec\.mayReach\[0\]\n(.*\n)*\n1 passed, 1 failed\n$/,
  );
  assertResult(
    await run('test -f -', outbound, fails),
    1,
    '',
    /^error: <stdin>:3:\d+ EgressTest\/shop\/pay spec\.mayReach\[0\]: .*no valid host/,
  );
  assertResult(await run('test -f -', outbound), 1, '', /^error: there is no EgressTest here\n/);
  assertResult(await run('test -f nowhere'), 1, '', /^error: nowhere does not exist/);
  assertResult(await run('test'), 1, '', /is not up/);
  assertResult(await run('test -f - -o xml', outbound, holds), 2, '', /one of table, json, yaml, junit/);
  assertResult(await run('test -f - --capture auto', outbound, holds), 2, '', /redirect or proxy/);
  assertResult(await run('test --mesh -f - --capture proxy', outbound, holds), 2, '', /leave --capture out/);
});

test('for programs: JSON with places, and JUnit', async (t) => {
  const data = await temporaryDataFolder(t);
  const { stdout, code } = await runSallyport(data, ['test', '-f', '-', '-o', 'json'], manifests(outbound, failing));
  const { tests, passed, failed, diagnostics } = JSON.parse(stdout);
  assert.deepEqual([code, passed, failed, diagnostics], [1, 1, 1, []]);
  const [{ path, source, failures }] = tests[0].expectations;
  assert.deepEqual([path, source.file, source.line, failures.length], ['spec.mayReach[0]', '<stdin>', 3, 1]);
  const { when, reason, ...failure } = failures[0];
  assert.match(reason, /no ServiceEntry registers evil\.test:80/);
  assert.deepEqual(
    [when, failure],
    [
      [],
      {
        caller: 'shop/pay',
        call: 'http://evil.test',
        outcome: 'would be refused with 502',
        object: 'Istio/istio-system/mesh',
      },
    ],
  );
  const junit = await runSallyport(data, ['test', '-f', '-', '-o', 'junit'], manifests(outbound, failing));
  assert.equal(junit.code, 1);
  assert.match(
    junit.stdout,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="sallyport" tests="2" failures="1" errors="0">/,
  );
  assert.match(
    junit.stdout,
    /<testcase classname="EgressTest\/shop\/pay" name="shop\/pay may reach http:\/\/evil\.test" file="&lt;stdin&gt;" line="3">\n<failure message="[^"<>]+" type="Istio\/istio-system\/mesh">/,
  );
  const wrong = await runSallyport(data, ['test', '-f', '-', '-o', 'junit'], manifests(outbound, fails));
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stdout,
    /errors="1">\n<testcase [^>]*>\n<error message="[^"<>]*http:\/\/&lt;evil&gt;&amp;\.test[^"<>]*" type="SP2002"\/>\n<\/testcase>/,
  );
});

test('of a mesh: its own tests, and with files on top', async (t) => {
  const asked: unknown[] = [];
  const answer: TestRun = {
    tests: [
      {
        namespace: 'shop',
        name: 'pay',
        expectations: [
          {
            path: 'spec.mayReach[0]',
            title: 'shop/pay may reach http://evil.test',
            passed: true,
            tried: 1,
            failures: [],
          },
        ],
      },
    ],
    passed: 1,
    failed: 0,
  };
  const policyTests = async (one: object) => {
    asked.push(one);
    return answer;
  };
  const { run } = await startMeshForCli(t, { policyTests });
  assertResult(await run('test -n shop'), 0, '✓ shop/pay may reach http://evil.test\n\n1 passed, 0 failed\n');
  const { stdout, code } = await run('test --mesh -f - -o json', manifests(failing));
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout).tests[0].expectations[0].source, {
    ...{ file: '<stdin>', line: 1 },
    column: manifests(failing).indexOf('"http://') + 1,
  });
  assert.deepEqual(asked, [{ given: [], namespace: 'shop' }, { given: [failing] }]);
});
