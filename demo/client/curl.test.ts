// The demo's HTTP client: what it prints and how it ends. Every scenario is told in its own words, and checked against the
// real curl where the machine has one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs } from '../../test/support/requires.ts';
import { finished, type RunResult } from '../../test/support/run-sallyport.ts';
import { suiteScope } from '../../test/support/suite-scope.ts';
import { authorityFile } from '../../test/support/tls-fixtures.ts';
import { startProxy } from '../testing/proxy.ts';
import { curlScenarios } from './curl-scenarios.fixture.ts';
import { startCurlServers } from './curl-servers.fixture.ts';

const t = suiteScope();
const servers = await startCurlServers(t);
const { http, https, plain, secure, proxy, folder } = servers;
const scenarios = curlScenarios(servers);

type Env = Readonly<Record<string, string>>;

async function run(command: string, args: readonly string[], env: Env = {}): Promise<RunResult> {
  const { PATH = '' } = process.env;
  const child = spawn(command, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, stdout, stderr } = await finished(child);
  return { code, stdout, stderr: stderr.replace(/^curl: .*$/gm, withoutNumbers) };
}

function runOurs(args: readonly string[], env?: Env): Promise<RunResult> {
  return run(process.execPath, [join(import.meta.dirname, 'curl.cjs'), ...args], env);
}

function withoutNumbers(text: string): string {
  return text.replace(/\b\d+(\.\d+)*\b/g, 'N');
}

for (const scenario of scenarios) {
  test(`client: ${scenario.name}`, async () => {
    const { code, stdout, stderr } = await runOurs(scenario.args, scenario.env);
    const said = JSON.stringify({ code, stdout, stderr });
    assert.equal(code, scenario.code, said);
    if (scenario.stdout !== undefined) assert.equal(stdout, scenario.stdout, said);
    if (scenario.stderr !== undefined || code === 0) assert.equal(stderr, scenario.stderr ?? '', said);
  });
}

test('client: the same as curl in all scenarios', needs('curl'), async () => {
  for (const scenario of scenarios.filter(({ onlyOurs }) => onlyOurs !== true)) {
    const real = await run('curl', scenario.args, scenario.env);
    const ours = await runOurs(scenario.args, scenario.env);
    assert.deepEqual([ours.code, ours.stdout], [real.code, real.stdout], scenario.name);
  }
});

test('client: -o writes the body alone', async () => {
  await runOurs(['-so', `${folder}/alone`, `http://${plain}`]);
  assert.equal(readFileSync(`${folder}/alone`, 'utf8'), 'ok');
});

test('client: HTTP_PROXY counts in capitals too, which curl does not read', async () => {
  const { stdout } = await runOurs(['-s', 'http://plain.test/echo'], { HTTP_PROXY: proxy.url });
  assert.equal(stdout, 'GET plain.test ');
});

test('client: why a certificate is not trusted', async () => {
  const untrusted = await runOurs(['-sS', secure]);
  assert.equal(untrusted.stderr, 'curl: (N) SSL certificate problem: unable to get local issuer certificate\n');
  const { url } = await startProxy(t, { 'other.test:443': https.port });
  const named = await runOurs(['-sS', '--cacert', authorityFile, '-x', url, 'https://other.test/']);
  const text = "SSL: no alternative certificate subject name matches target host name 'other.test'";
  assert.deepEqual([named.code, named.stderr], [60, `curl: (N) ${text}\n`]);
});

test('client: a request has nothing but what was asked for', async () => {
  await runOurs(['-s', '-H', 'X-One: 1', '-H', 'Accept:', `http://${plain}/bare`]);
  const { rawHeaders } = await http.requests.find(({ url }) => url === '/bare');
  assert.deepEqual(rawHeaders, ['Host', plain, 'User-Agent', 'sallyport-demo-client', 'X-One', '1']);
});
