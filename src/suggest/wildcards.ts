// Joins hosts of one domain into its wildcard, where that was asked for: it opens names that nobody called. Invariant: never one
// under which strangers register names of their own.
import { checkHosts } from '../api/kinds/service-entry-hosts.ts';
import { type Calls, sumOfCalls } from './calls.ts';
import type { Wanted } from './wanted.ts';

/** So few that a domain is meant, and not a name and its neighbour. */
const fewest = 3;

/** Whose customers have names below it. No list of them is whole: the diff shows what a wildcard opens. */
const sharedDomains: ReadonlySet<string> = new Set([
  'amazonaws.com',
  'appspot.com',
  'azurefd.net',
  'azurewebsites.net',
  'cloudfront.net',
  'core.windows.net',
  'blob.core.windows.net',
  'digitaloceanspaces.com',
  'fastly.net',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'onrender.com',
  'pages.dev',
  'r2.dev',
  's3.amazonaws.com',
  'storage.googleapis.com',
  'vercel.app',
  'web.app',
  'workers.dev',
]);

/** Those that were joined are gone from `wanted`; the first of them stands for all. `isFree`: whether the wildcard may be. */
export function joinDomains(
  wanted: readonly Wanted[],
  isFree: (namespace: string, wildcard: string) => boolean,
): readonly Wanted[] {
  const groups = new Map<string, Wanted[]>();
  for (const one of wanted) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const joined = new Map<Wanted, Wanted | undefined>();
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || group.length < fewest) continue;
    const host = `*.${domainOf(first.host)}`;
    if (!isFree(first.namespace, host)) continue;
    for (const one of group) joined.set(one, undefined);
    joined.set(first, { ...first, host, callers: callersOf(group) });
  }
  return wanted.flatMap((one) => (joined.has(one) ? (joined.get(one) ?? []) : one));
}

function keyOf({ namespace, host, isAddress, port, protocol }: Wanted): string | undefined {
  const domain = domainOf(host);
  // Nothing in TCP names the host.
  if (isAddress || protocol === 'TCP' || !domain.includes('.') || isShared(domain)) return undefined;
  return `${namespace} ${domain} ${port} ${protocol}`;
}

function domainOf(host: string): string {
  return host.slice(host.indexOf('.') + 1);
}

/** What validation warns of counts too: `*.com`, `*.co.uk`. */
function isShared(domain: string): boolean {
  if (sharedDomains.has(domain) || /(^|\.)s3[.-][a-z0-9-]+\.amazonaws\.com$/.test(domain)) return true;
  return [...checkHosts([`*.${domain}`], [])].length > 0;
}

function callersOf(group: readonly Wanted[]): Wanted['callers'] {
  const all = new Map<string, Calls>();
  for (const { callers } of group)
    for (const [workload, calls] of callers) all.set(workload, sumOfCalls(calls, all.get(workload)));
  return all;
}
