// An Envoy with nothing but a route, in the proxy's namespace of a workload: one port is redirected to it instead.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '../../test/support/envoy-process.ts';
import { until } from '../../test/support/until.ts';
import { bareBootstrap } from './bootstraps.ts';

const envoy = process.env['SALLYPORT_ENVOY'] ?? join(homedir(), '.cache/sallyport/envoy/1.40.0/envoy');
const listenPort = 15099;

export async function startBareEnvoy(scope: Scope, namespace: string, address: string, port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sp-bare-'));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'bootstrap.json');
  writeFileSync(file, JSON.stringify(bareBootstrap(listenPort, { address, port })));
  const inside = ['netns', 'exec', namespace];
  const nft = (...words: readonly string[]) => execFileSync('ip', [...inside, 'nft', ...words]);
  nft(
    'insert',
    'rule',
    'ip',
    'sallyport',
    'prerouting',
    'iifname',
    'app',
    'tcp',
    'dport',
    String(port),
    'redirect',
    'to',
    `:${listenPort}`,
  );
  nft('insert', 'rule', 'ip', 'sallyport', 'input', 'iifname', 'app', 'tcp', 'dport', String(listenPort), 'accept');
  const child = spawn(
    'ip',
    [...inside, envoy, '-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  scope.after(() => void child.kill('SIGTERM'));
  await until('the bare Envoy listens', () =>
    execFileSync('ip', [...inside, 'ss', '-ltn'], { encoding: 'utf8' }).includes(`:${listenPort}`),
  );
  return { pid: child.pid ?? 0 };
}
