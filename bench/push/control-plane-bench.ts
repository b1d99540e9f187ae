// design.md's first two rows with the real control plane: 100 proxies connect with 1,000 ServiceEntries there, then one
// ServiceEntry more reaches the last of them; under both policies. Arguments: proxies, ServiceEntries. Prints a table.
import { benchPolicy, benchServiceEntry, startBenchControlPlane } from '../control-plane.ts';
import { type PushResult, runPushLoad } from './push-load.ts';

const proxies = Number(process.argv[2] ?? 100);
const serviceEntries = Number(process.argv[3] ?? 1000);
const rounds = 7;

console.log(`push: ${proxies} proxies, ${serviceEntries} ServiceEntries with ports 80 and 443`);
for (const mode of ['ALLOW_ANY', 'REGISTRY_ONLY'] as const) {
  const controlPlane = await startBenchControlPlane();
  try {
    await controlPlane.apply([benchPolicy(mode)]);
    const hosts = Array.from({ length: serviceEntries }, (_, index) => `host-${index}.example.com`);
    await controlPlane.apply(hosts.map(benchServiceEntry));
    const result = await runPushLoad({
      address: controlPlane.xdsAddress,
      proxies,
      serverCpu: () => controlPlane.cpuMs(),
      change: (round) => controlPlane.apply([benchServiceEntry(`added-${round}.example.com`)]),
      expect: (round) => ({
        cluster: `outbound|80||added-${round}.example.com`,
        virtualHost: `80/added-${round}.example.com`,
      }),
      rounds,
    });
    const { connect, pushes } = result;
    row(mode, 'all connected', `${connect.lastMs.toFixed(0)} ms`, '≤ 1500 ms');
    row(mode, 'CPU of connecting', `${connect.serverCpuMs.toFixed(0)} ms`, '≤ 1500 ms');
    row(mode, 'bytes of connecting', `${(connect.bytes / 1e6).toFixed(1)} MB`, '');
    row(mode, 'one more: first proxy', `${middle(pushes, (push) => push.firstMs).toFixed(1)} ms`, '');
    row(mode, 'one more: last proxy', `${middle(pushes, (push) => push.lastMs).toFixed(1)} ms`, '≤ 20 ms');
    row(mode, 'one more: CPU', `${middle(pushes, (push) => push.serverCpuMs).toFixed(0)} ms`, '≤ 50 ms');
    row(mode, 'one more: bytes', `${(middle(pushes, (push) => push.bytes) / 1e3).toFixed(0)} kB`, '≤ 300 kB');
    row(mode, 'control plane memory', `${controlPlane.memoryMb().toFixed(0)} MB`, '(at rest ≤ 150 MB)');
  } finally {
    await controlPlane.stop();
  }
}

/** The median over the rounds; the first is that of code not yet compiled. */
function middle(pushes: readonly PushResult[], value: (push: PushResult) => number): number {
  const sorted = pushes.map(value).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function row(mode: string, what: string, measured: string, goal: string): void {
  console.log(`  ${mode.padEnd(14)} ${what.padEnd(24)} ${measured.padStart(12)}   ${goal}`);
}
