// Starts the real control plane for a benchmark and talks to it as the CLI does. Its cost is read from outside.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../src/api/object.ts';
import { type DataFolder, dataFolder } from '../src/platform/data-folder.ts';
import { serviceNodeArgs } from '../src/platform/service-process.ts';
import { requestJson } from '../src/platform/unix-http.ts';
import { userCacheFolder } from '../src/runtime/envoy-supply/cache.ts';
import { freePort } from '../test/support/ports.ts';

export interface BenchControlPlane {
  readonly xdsAddress: string;
  /** For commands: `--data`. */
  readonly folder: DataFolder;
  apply(objects: readonly KubeObject[]): Promise<void>;
  /** CPU time so far, milliseconds. */
  cpuMs(): number;
  /** The longest that its thread was busy at one go since this was asked last, milliseconds. */
  longestStallMs(): Promise<number>;
  /** Resident memory, megabytes. */
  memoryMb(): number;
  stop(): Promise<void>;
}

const ticksPerSecond = 100;
/** As the keeper starts it. */
const compileCache = join(userCacheFolder(), 'compile-cache');

/** `prepare` fills its data folder before. */
export async function startBenchControlPlane(
  prepare: (folder: DataFolder) => void = () => undefined,
): Promise<BenchControlPlane> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const folder = dataFolder(data);
  prepare(folder);
  const xdsAddress = `127.0.0.1:${await freePort()}`;
  const child = fork(new URL('./control-plane-process.ts', import.meta.url), [data], {
    execArgv: [...serviceNodeArgs],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, SALLYPORT_BENCH_XDS: xdsAddress, SALLYPORT_LOG: 'warn' },
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child, 'message'), exited.then(() => Promise.reject(new Error('the control plane ended')))]);
  return {
    xdsAddress,
    folder,
    async apply(objects) {
      const { status, body } = await requestJson({
        socketPath: folder.apiSocket,
        method: 'POST',
        path: '/v1/objects',
        body: objects,
      });
      if (status !== 200) throw new Error(`apply was answered with ${status}: ${JSON.stringify(body)}`);
    },
    cpuMs: () => cpuMs(child.pid ?? 0),
    async longestStallMs() {
      const answered = once(child, 'message');
      child.send('stall');
      const [{ longestStallMs }] = await answered;
      return Number(longestStallMs);
    },
    memoryMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      for (const path of [data, folder.runPath]) rmSync(path, { recursive: true, force: true });
    },
  };
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** One with ports 80 and 443, as the reference measurement of istiod had them. */
export function benchServiceEntry(host: string): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host, namespace: 'default' },
    spec: {
      hosts: [host],
      ports: [
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 443, name: 'https', protocol: 'HTTPS' },
      ],
      resolution: 'DNS',
      location: 'MESH_EXTERNAL',
    },
  };
}

export function benchPolicy(mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'): KubeObject {
  return {
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'Istio',
    metadata: { name: 'mesh', namespace: 'istio-system' },
    spec: { version: '1.4.9', outboundTrafficPolicy: { mode } },
  };
}
