// Addresses for the world outside the mesh. The feature suite runs in a network namespace of its own (test/run.ts), which
// stands for the host: here addresses of TEST-NET-2 are given to it, and servers listen on them.
import { execFileSync } from 'node:child_process';

const claimed = new Set<string>();

/**
 * 198.51.100.<number>, reachable from every sandbox through the host as any server outside is. Files run at the same time in
 * one namespace: a number belongs to one of them.
 */
export function outsideAddress(number: number): string {
  return claimAddress(`198.51.100.${number}`);
}

/**
 * An address that programs must not come to, such as a link-local one: that nothing arrives there says something only where
 * somebody listens. It is one file's alone too.
 */
export function claimAddress(address: string): string {
  if (claimed.has(address)) return address;
  // On a developer's own host the address may be there since the last run.
  const how = process.env['SALLYPORT_TEST_ISOLATED'] === undefined ? 'replace' : 'add';
  execFileSync('ip', ['address', how, `${address}/32`, 'dev', 'lo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  claimed.add(address);
  return address;
}
