// Paths for requests that are measured in short turns, one after the other and in both orders, so that whatever else the
// machine does falls on all of them.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type Load, load } from './load.ts';

export const rounds = 12;
export const secondsEach = 1;

export interface Path extends Pick<Load, 'address' | 'port' | 'host'> {
  /** The Envoys on it. */
  readonly pids: readonly number[];
}

/** Of each round: requests a second, and the Envoys' CPU for each in µs. */
export interface Measured {
  readonly rates: readonly number[];
  readonly cpu: readonly number[];
}

/** `namespace`: of the network that requests come from. */
export function takeTurns(namespace: string, paths: readonly Path[]): readonly Measured[] {
  const measured = paths.map(() => ({ rates: [] as number[], cpu: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    const order = [...paths.keys()];
    for (const index of round % 2 === 0 ? order : order.toReversed()) {
      const { pids = [], address = '', port = 0, host = '' } = paths[index] ?? {};
      const before = cpuMicros(pids);
      const answers = load({ namespace, address, port, host, seconds: secondsEach });
      // The first is that of code not yet warm.
      if (round < 0) continue;
      measured[index]?.rates.push(answers / secondsEach);
      measured[index]?.cpu.push((cpuMicros(pids) - before) / answers);
    }
  }
  return measured;
}

/** The median of the ratios within each round. */
export function ratioOf(path: Measured | undefined, base: Measured | undefined): number {
  return median(path?.rates.map((rate, index) => rate / (base?.rates[index] ?? Number.NaN)) ?? []);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The network namespace that a process runs in, as `ip netns` names it. */
export function namespaceOf(pid: number): string {
  return execFileSync('ip', ['netns', 'identify', String(pid)], { encoding: 'utf8' }).trim();
}

export function memoryMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function cpuMicros(pids: readonly number[]): number {
  const nanos = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    ),
  );
  return nanos.reduce((sum, one) => sum + one, 0) / 1000;
}

export function row(what: string, measured: string, goal: string): void {
  console.log(`  ${what.padEnd(44)} ${measured.padStart(14)}   ${goal}`);
}
