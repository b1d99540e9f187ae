// What a test needs of the machine. Where something is missing the test is skipped by name with the reason;
// on CI (`CI=true`) nothing may be skipped, so there it runs and fails.
import { execFileSync } from 'node:child_process';

export type Need = 'root' | 'iproute2' | 'firewall' | 'python3' | 'curl' | 'prometheus';

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const probes: Record<Need, () => boolean> = {
  root: () => process.getuid?.() === 0,
  iproute2: () => runs('ip', '-V'),
  firewall: () => runs('nft', '--version') || runs('iptables', '--version'),
  python3: () => runs('python3', '--version'),
  curl: () => runs('curl', '--version'),
  prometheus: () => runs('prometheus', '--version') && runs('promtool', '--version'),
};

export function machineHas(...list: readonly Need[]): boolean {
  return list.every((need) => probes[need]());
}

/** Options for `test(name, needs('root', 'iproute2'), …)`. */
export function needs(...list: readonly Need[]): { skip: string | false } {
  if (process.env['CI'] === 'true') return { skip: false };
  const missing = list.filter((need) => !probes[need]());
  return { skip: missing.length > 0 ? `this machine lacks ${missing.join(', ')}` : false };
}
