// What governing costs the data plane: requests through a sidecar with policy, metrics and records, over the same Envoy
// with a bare route in the same place (same namespaces, same redirection), in short turns in one run. Wants root: run by
// `npm run bench`, in a network namespace of its own.
import { dataFolder } from '../../src/platform/data-folder.ts';
import { requestJson } from '../../src/platform/unix-http.ts';
import { startEnvoy } from '../../test/support/envoy-process.ts';
import { startMesh } from '../../test/support/mesh.ts';
import { keeperPod } from '../../test/support/mesh-processes.ts';
import { outsideAddress } from '../../test/support/outside-world.ts';
import { benchPolicy, benchServiceEntry } from '../control-plane.ts';
import { startBareEnvoy } from './bare-envoy.ts';
import { serverBootstrap } from './bootstraps.ts';
import { median, namespaceOf, type Path, ratioOf, rounds, row, secondsEach, takeTurns } from './turns.ts';

const barePort = 8081;
const host = 'bench.example';
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };

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
  measure('policy, metrics, records', '≥ 0.95');
  await apply([settings('/dev/stdout')]);
  measure('the same and the access log', '');

  function pathOf(port: number, pid = 0): Path {
    return { address, port, host, pids: [pid] };
  }

  function measure(what: string, goal: string): void {
    const paths = [pathOf(barePort, envoy.pid), pathOf(80, pod?.proxy.pid)];
    const [bare, governed] = takeTurns(namespace('app'), paths);
    row(`${what}: rate over bare`, ratioOf(governed, bare).toFixed(2), goal);
    const both = (key: 'rates' | 'cpu') =>
      [bare, governed].map((one) => median(one?.[key] ?? []).toFixed(0)).join(', ');
    row('  requests/s, bare and governed', both('rates'), '');
    row('  µs of Envoy’s CPU for each', both('cpu'), '');
  }
} finally {
  for (const cleanup of cleanups.toReversed()) await cleanup();
}
