import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { needs } from '../../../test/support/requires.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { captureOfMachine } from './capture.ts';
import { checkPort } from './host-checks.ts';
import { runDoctor } from './run-doctor.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-doctor-'));
after(() => rmSync(root, { recursive: true, force: true }));

function namespaces(): string {
  return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
}

test('every fault comes with its mend, and nothing is made', async () => {
  const folder = dataFolder(join(root, 'not', 'there'));
  const checks = await runDoctor({ dataFolder: folder, port: 0 });
  assert.equal(checks.at(-1)?.name, 'capture');
  for (const { ok, mend, found, meaning } of checks) {
    assert.equal(mend === undefined, ok);
    assert.ok(found !== '' && meaning !== '');
  }
  assert.throws(() => execFileSync('ls', [join(root, 'not')], { stdio: 'ignore' }));
});

test('redirect capture is tried, and the trial leaves nothing', needs('root', 'iproute2', 'firewall'), async () => {
  const before = namespaces();
  assert.equal((await captureOfMachine()).capture, 'redirect');
  assert.equal(namespaces(), before);
});

test('a port in use is said', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const check = await checkPort(port);
    assert.equal(check.ok, false);
    assert.equal(check.found, 'in use');
  } finally {
    server.close();
  }
});

test('an Envoy that was named and will not do is a fault', async () => {
  const envoy = join(root, 'envoy');
  mkdirSync(root, { recursive: true });
  writeFileSync(envoy, '#!/bin/sh\necho no\n');
  chmodSync(envoy, 0o755);
  const checks = await runDoctor({ dataFolder: dataFolder(join(root, 'data')), envoy, port: 0 });
  const check = checks.find(({ name }) => name === 'Envoy');
  assert.equal(check?.ok, false);
  assert.match(check?.found ?? '', /it is no Envoy/);
});
