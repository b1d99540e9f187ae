// Addresses for the world outside the mesh. The feature suite runs in a network namespace of its own (test/run.ts), which
// stands for the host: here addresses of TEST-NET-2 are given to it, and servers listen on them.
import { execFileSync } from 'node:child_process';

/** 198.51.100.<number>, reachable from every sandbox through the host as any server outside is. */
export function outsideAddress(number: number): string {
  const address = `198.51.100.${number}`;
  execFileSync('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return address;
}
