// Addresses for the world outside the mesh. The feature suite runs in a network namespace of its own (test/run.ts), which
// stands for the host: here addresses of TEST-NET-2 are put on a dummy link of it, and servers listen on them.
import { execFileSync } from 'node:child_process';

const link = 'outside0';

/** 198.51.100.<number>, reachable from every sandbox through the host as any server outside is. */
export function outsideAddress(number: number): string {
  const address = `198.51.100.${number}`;
  ip(['link', 'add', link, 'type', 'dummy'], true);
  ip(['link', 'set', link, 'up']);
  ip(['address', 'replace', `${address}/32`, 'dev', link]);
  return address;
}

function ip(args: readonly string[], mayExist = false): void {
  try {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (!mayExist) throw error;
  }
}
