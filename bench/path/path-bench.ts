// What governing costs the data plane: requests through a sidecar with policy, metrics and records, over the same Envoy
// with a bare route in the same place (same namespaces, same redirection), in short turns in one run. Wants root: run by
// `npm run bench`, in a network namespace of its own.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import { startEnvoy } from '../../test/support/envoy-process.ts';
import { startMesh } from '../../test/support/mesh.ts';
import { keeperPod } from '../../test/support/mesh-processes.ts';
import { outsideAddress } from '../../test/support/outside-world.ts';
import { benchPolicy, benchServiceEntry } from '../control-plane.ts';
import { startBareEnvoy } from './bare-envoy.ts';
import { serverBootstrap } from './bootstraps.ts';
import { load } from './load.ts';

const rounds = 12;
const secondsEach = 1;
const barePort = 8081;
const host = 'bench.example';
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };

interface Path {
  readonly port: number;
  readonly pid: number;
  /** Requests a second, and Envoy's CPU for each in µs, by round. */
  readonly rates: number[];
  readonly cpu: number[];
}

try {
  const address = outsideAddress(91);
  await startEnvoy({ t: scope, bootstrap: serverBootstrap(address, [80, barePort]) });
  const mesh = await startMesh(scope, { up: ['--resolve', `${host}=${address}`] });
  const { apiSocket: socketPath } = dataFolder(mesh.data);
  const settings = (accessLogFile: string) => {
    const policy = benchPolicy('REGISTRY_ONLY');
    return { ...policy, spec: { ...Object(policy['spec']), proxy: { accessLogFile } } };
  };
  const apply = (objects: readonly unknown[]) =>
    requestJson({ socketPath, method: 'POST', path: '/v1/objects', body: objects });
  await apply([settings(''), benchServiceEntry(host)]);
  await mesh.workload('caller');
  const pod = await keeperPod(mesh, 'caller');
  const namespace = (part: 'app' | 'proxy') => namespaceOf(pod?.[part].pid ?? 0);
  const envoy = await startBareEnvoy(scope, namespace('proxy'), address, barePort);
  console.log(`path: ${rounds} turns of ${secondsEach} s each, 16 connections, an Envoy with one worker`);
  await measure('policy, metrics, records', '≥ 0.95', [pathOf(barePort, envoy.pid), pathOf(80, pod?.proxy.pid ?? 0)]);
  await apply([settings('/dev/stdout')]);
  await measure('the same and the access log', '', [pathOf(barePort, envoy.pid), pathOf(80, pod?.proxy.pid ?? 0)]);

  async function measure(what: string, goal: string, [bare, governed]: readonly [Path, Path]): Promise<void> {
    for (let round = -1; round < rounds; round++) {
      for (const path of round % 2 === 0 ? [bare, governed] : [governed, bare]) {
        const before = cpuMicros(path.pid);
        const answers = load({ namespace: namespace('app'), address, port: path.port, host, seconds: secondsEach });
        if (round < 0) continue;
        path.rates.push(answers / secondsEach);
        path.cpu.push((cpuMicros(path.pid) - before) / answers);
      }
    }
    const ratio = median(governed.rates.map((rate, index) => rate / (bare.rates[index] ?? Number.NaN)));
    row(`${what}: rate over bare`, ratio.toFixed(2), goal);
    row(
      '  requests/s, bare and governed',
      `${median(bare.rates).toFixed(0)}, ${median(governed.rates).toFixed(0)}`,
      '',
    );
    row('  µs of Envoy’s CPU for each', `${median(bare.cpu).toFixed(0)}, ${median(governed.cpu).toFixed(0)}`, '');
  }
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup();
}

/** The network namespace that a process runs in, as `ip netns` names it. */
function namespaceOf(pid: number): string {
  return execFileSync('ip', ['netns', 'identify', String(pid)], { encoding: 'utf8' }).trim();
}

function pathOf(port: number, pid: number): Path {
  return { port, pid, rates: [], cpu: [] };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function cpuMicros(pid: number): number {
  const nanos = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanos.reduce((sum, one) => sum + one, 0) / 1000;
}

function row(what: string, measured: string, goal: string): void {
  console.log(`  ${what.padEnd(44)} ${measured.padStart(14)}   ${goal}`);
}
