// The access log on standard output when that is a file the parent opened and Envoy runs as another user: the stream
// logger writes to the inherited descriptor, the file logger opens the file anew and needs a right to it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { envoyCommand, type Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { freePort } from '../support/ports.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';
import { accessLog, blockAll, httpListener, type Json, typed } from './envoy-json.ts';

const uid = 61_000;

/** Envoy as `uid` with standard output appended to a file of this mode that root owns and that has one line. */
async function startAsOther(t: Scope, access: readonly Json[], mode: number) {
  const folder = await mkdtemp(join(tmpdir(), 'sp-stdout-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'access.log');
  const file = await open(path, 'a');
  await file.write('first\n');
  await chmod(path, mode);
  const port = await freePort();
  const manager = { access_log: access, route_config: { name: '80', virtual_hosts: [blockAll()] } };
  const bootstrap = { static_resources: { listeners: [httpListener('80', { manager, port })] } };
  const args = ['--config-yaml', JSON.stringify(bootstrap), '--use-dynamic-base-id', '--concurrency', '1'];
  const [command, ...prefix] = envoyCommand(uid);
  const child = spawn(command, [...prefix, ...args, '--file-flush-interval-msec', '20', '-l', 'critical'], {
    stdio: ['ignore', file.fd, 'ignore'],
  });
  const exited = once(child, 'exit');
  await file.close();
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { port, path, exited };
}

test('the stream logger appends to a file that only root may open', needs('root'), async (t) => {
  const { port, path } = await startAsOther(t, accessLog('%RESPONSE_CODE%'), 0o600);
  await until('Envoy answers', async () => (await httpCall({ port, host: 'a.test' })).status === 502);
  await until('the line is there', async () => (await readFile(path, 'utf8')).startsWith('first\n502\n'));
});

test('the file logger on /dev/stdout needs the right to write to that file', needs('root'), async (t) => {
  const config = typed('envoy.extensions.access_loggers.file.v3.FileAccessLog', { path: '/dev/stdout' });
  const access = [{ name: 'file', typed_config: config }];
  const refused = await startAsOther(t, access, 0o644);
  assert.deepEqual(await refused.exited, [1, null]);

  const allowed = await startAsOther(t, access, 0o666);
  await until('Envoy answers', async () => (await httpCall({ port: allowed.port, host: 'a.test' })).status === 502);
  await until('the line is there', async () => (await readFile(allowed.path, 'utf8')).split('\n').length > 2);
});
