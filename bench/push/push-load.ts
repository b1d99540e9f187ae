// Many proxies on one control plane: how long until all are configured, and until a change has reached each of them.
// Runs in a process of its own; the server's cost is read from outside of it.
import { setTimeout as pause } from 'node:timers/promises';
import { typeUrls } from '../../src/discovery/view.ts';
import { type LoadProxy, openLoadProxy } from './load-proxy.ts';
import { createResponseReader, type LoadResponse } from './response-reader.ts';

export interface PushLoadOptions {
  /** `127.0.0.1:15010` or `unix:/path`. */
  readonly address: string;
  readonly proxies: number;
  readonly namespace?: string;
  /** Of the proxy with this number; none if absent. */
  readonly labels?: (index: number) => Readonly<Record<string, string>>;
  /** How many proxies a change reaches; all if absent. */
  readonly reaches?: number;
  /** CPU time of the server so far, in milliseconds. */
  readonly serverCpu: () => number | Promise<number>;
  /** Makes a change, counted from 0; resolves when the server has it. */
  readonly change: (round: number) => Promise<void>;
  /** What a proxy must have received to have that change; what is left out is not waited for. */
  readonly expect: (round: number) => Readonly<Partial<Record<'cluster' | 'virtualHost' | 'listener', string>>>;
  /** Changes, one after the other; 1 if absent. */
  readonly rounds?: number;
  readonly timeoutMs?: number;
}

/** From the change's return until a proxy has it; bytes and CPU time are those of all proxies together. */
export interface PushResult {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly lastMs: number;
  readonly serverCpuMs: number;
  readonly bytes: number;
}

export interface PushLoadResult {
  readonly connect: { readonly lastMs: number; readonly serverCpuMs: number; readonly bytes: number };
  /** One for each round. The first is that of a server just started. */
  readonly pushes: readonly PushResult[];
}

/** Throws if a stream ends or the time runs out. */
export async function runPushLoad(options: PushLoadOptions): Promise<PushLoadResult> {
  const { address, proxies: count, namespace = 'default', serverCpu, change, expect, rounds = 1 } = options;
  const { labels = () => ({}), reaches = count } = options;
  const read = createResponseReader();
  const connected = createGate(count);
  const complete = new Set<LoadProxy>();
  let onResponse = (proxy: LoadProxy, _response: LoadResponse): void => {
    if (complete.has(proxy) || !proxy.complete) return;
    complete.add(proxy);
    connected.pass();
  };
  const failed = Promise.withResolvers<never>();
  const timeoutMs = options.timeoutMs ?? 120_000;
  const late = setTimeout(() => failed.reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);

  let cpu = await serverCpu();
  const cpuSince = async () => {
    const before = cpu;
    cpu = await settledCpu(serverCpu);
    return cpu - before;
  };
  const start = performance.now();
  const proxies = Array.from({ length: count }, (_, index) =>
    openLoadProxy({
      address,
      nodeId: `sidecar~10.1.${index >> 8}.${index & 255}~load-${index}.${namespace}~${namespace}.svc.cluster.local`,
      metadata: { NAMESPACE: namespace, LABELS: labels(index) },
      read,
      onEnd: (error) => failed.reject(error),
      onResponse: (proxy, response) => onResponse(proxy, response),
    }),
  );

  async function push(round: number): Promise<PushResult> {
    const { cluster, virtualHost, listener } = expect(round);
    const wanted = new Map<string, string>([
      ...(cluster === undefined ? [] : [[typeUrls.cluster, cluster] as const]),
      ...(virtualHost === undefined ? [] : [[typeUrls.virtualHost, virtualHost] as const]),
      ...(listener === undefined ? [] : [[typeUrls.listener, listener] as const]),
    ]);
    const reached = createGate(reaches);
    const got = new Map<LoadProxy, number>();
    onResponse = (proxy, { typeUrl, names }) => {
      const name = wanted.get(typeUrl);
      if (name === undefined || !names.has(name)) return;
      got.set(proxy, (got.get(proxy) ?? 0) + 1);
      if (got.get(proxy) === wanted.size) reached.pass();
    };
    const bytesBefore = sumBytes(proxies);
    await change(round);
    const changed = performance.now();
    await Promise.race([reached.all, failed.promise]);
    const times = reached.times.map((time) => Math.max(0, time - changed));
    return {
      firstMs: times[0] ?? 0,
      medianMs: times[times.length >> 1] ?? 0,
      lastMs: times.at(-1) ?? 0,
      serverCpuMs: await cpuSince(),
      bytes: sumBytes(proxies) - bytesBefore,
    };
  }

  try {
    await Promise.race([connected.all, failed.promise]);
    const lastMs = performance.now() - start;
    const connect = { lastMs, serverCpuMs: await cpuSince(), bytes: sumBytes(proxies) };
    const pushes: PushResult[] = [];
    for (let round = 0; round < rounds; round++) pushes.push(await push(round));
    return { connect, pushes };
  } finally {
    clearTimeout(late);
    for (const proxy of proxies) proxy.close();
  }
}

function createGate(count: number) {
  const times: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    all: promise,
    times,
    pass() {
      times.push(performance.now());
      if (times.length === count) resolve();
    },
  };
}

/**
 * The reading once it has stopped growing: answers are still being taken when the last proxy is served. A server that
 * is never idle is read after two seconds.
 */
async function settledCpu(serverCpu: () => number | Promise<number>): Promise<number> {
  let now = await serverCpu();
  for (let reading = 0; reading < 10; reading++) {
    const before = now;
    await pause(200);
    now = await serverCpu();
    if (now - before < 5) break;
  }
  return now;
}

function sumBytes(proxies: readonly LoadProxy[]): number {
  return proxies.reduce((sum, { bytes }) => sum + bytes, 0);
}
