// What identity costs the data plane: between two sidecars requests in plaintext, over mTLS, and over mTLS with rules that
// judge each; and out of one sidecar, to a host that an EgressPolicy governs over one that none does. In turns in one run; the
// programs that answer are Envoys. Wants root: run by `npm run bench`, in a network namespace of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { statusOf } from '../../test/support/calls.ts';
import { startEnvoy } from '../../test/support/envoy-process.ts';
import { serviceEntry, startMesh } from '../../test/support/mesh.ts';
import { keeperPod } from '../../test/support/mesh-processes.ts';
import { authorizationPolicy, egressPolicy, peerAuthentication } from '../../test/support/networking.ts';
import { outsideAddress } from '../../test/support/outside-world.ts';
import { until } from '../../test/support/until.ts';
import { serverBootstrap } from './bootstraps.ts';
import { median, memoryMb, namespaceOf, type Path, ratioOf, rounds, row, secondsEach, takeTurns } from './turns.ts';

const envoy = process.env['SALLYPORT_ENVOY'] ?? join(homedir(), '.cache/sallyport/envoy/1.40.0/envoy');
const servers = ['plain', 'mutual', 'judged'] as const;
const outside = ['open.example', 'governed.example'] as const;
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };

try {
  const address = outsideAddress(92);
  await startEnvoy({ t: scope, bootstrap: serverBootstrap(address, [80]) });
  const mesh = await startMesh(scope, { up: outside.flatMap((host) => ['--resolve', `${host}=${address}`]) });
  const folder = mkdtempSync(join(tmpdir(), 'sp-served-'));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'bootstrap.json');
  writeFileSync(file, JSON.stringify(serverBootstrap('0.0.0.0', [8080])));
  const answering = [envoy, '-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
  for (const name of servers) await mesh.workload(name, { command: answering, args: ['--label', `app=${name}`] });
  const caller = await mesh.workload('caller');
  const selector = (name: string) => ({ selector: { matchLabels: { app: name } } });
  const rule = (principal: string, path: string) => ({
    from: [{ source: { principals: [principal] } }],
    to: [{ operation: { methods: ['GET'], paths: [path] } }],
  });
  const strangers = Array.from({ length: 10 }, (_, index) => rule(`cluster.local/ns/other/sa/w-${index}`, '/none'));
  await mesh.apply(
    [
      ...servers.map(service),
      peerAuthentication('plain', { ...selector('plain'), mtls: { mode: 'DISABLE' } }),
      peerAuthentication('strict', { mtls: { mode: 'STRICT' } }),
      authorizationPolicy('deny', { ...selector('judged'), action: 'DENY', rules: strangers }),
      authorizationPolicy('allow', {
        ...selector('judged'),
        rules: [...strangers, rule('cluster.local/ns/default/sa/*', '/*')],
      }),
      serviceEntry('open', { hosts: ['open.example'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] }),
      egressPolicy('governed', { hosts: ['governed.example'], methods: ['GET'], paths: ['/*'] }),
    ].join(''),
  );
  const proxyOf = async (name: string) => (await keeperPod(mesh, name))?.proxy.pid ?? 0;
  const own = await proxyOf('caller');
  const app = namespaceOf((await keeperPod(mesh, 'caller'))?.app.pid ?? 0);
  console.log(`identity: ${rounds} turns of ${secondsEach} s each, 16 connections, Envoys with one worker`);

  const hosts = servers.map((name) => `${name}.default.svc.cluster.local`);
  for (const host of [...hosts, ...outside]) await until(host, async () => (await statusOf(caller, host)) === 200);
  const peers = await Promise.all(servers.map(proxyOf));
  const inside: Path[] = [];
  for (const [index, host] of hosts.entries()) {
    // Any address will do: the Host decides.
    inside.push({ address, port: 80, host, pids: [own, peers[index] ?? 0] });
  }
  const [plain, mutual, judged] = takeTurns(app, inside);
  row('mTLS: rate over plaintext', ratioOf(mutual, plain).toFixed(2), '');
  row('mTLS and 21 rules: rate over mTLS', ratioOf(judged, mutual).toFixed(2), '');
  tell('plaintext, mTLS, and rules', [plain, mutual, judged]);
  const memory = peers.map(memoryMb);
  row('  MB of the servers’ sidecars', memory.map((one) => one.toFixed(1)).join(', '), '');

  const [open, governed] = takeTurns(
    app,
    outside.map((host) => ({ address, port: 80, host, pids: [own] })),
  );
  row('host of an EgressPolicy: rate over open', ratioOf(governed, open).toFixed(2), '');
  tell('open and governed', [open, governed]);
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup();
}

function service(name: string): string {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec })}\n---\n`;
}

function tell(what: string, measured: readonly (ReturnType<typeof takeTurns>[number] | undefined)[]): void {
  const medians = (key: 'rates' | 'cpu') => measured.map((one) => median(one?.[key] ?? []).toFixed(0)).join(', ');
  row(`  requests/s, ${what}`, medians('rates'), '');
  row('  µs of the Envoys’ CPU for each', medians('cpu'), '');
}
