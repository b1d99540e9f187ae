// resolv.conf, read and written: the host's own, whose nameservers and search domains stay in force, and the one that a
// workload sees, which names its sidecar's relay and the search domains of its namespace.
import { readFileSync } from 'node:fs';

export interface Nameserver {
  readonly address: string;
  readonly port: number;
}

/** What old resolvers take. */
const mostSearchDomains = 6;

/** The resolv.conf that an application sees; the host's search domains come after the mesh's. */
export function renderResolvConf(nameserver: string, namespace: string, hostDomains: readonly string[] = []): string {
  const own = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'];
  const search = [...own, ...hostDomains].slice(0, mostSearchDomains).join(' ');
  return `nameserver ${nameserver}\nsearch ${search}\noptions ndots:5\n`;
}

/** In the file's order. None if there is no such file. */
export function hostNameservers(path = '/etc/resolv.conf'): readonly Nameserver[] {
  return valuesOf('nameserver', readText(path)).map((address) => ({ address, port: 53 }));
}

/** Those of the last line that names any, as resolvers do it. */
export function hostSearchDomains(path = '/etc/resolv.conf'): readonly string[] {
  const last = valuesOf('(?:search|domain)', readText(path)).at(-1) ?? '';
  return last.split(/\s+/).filter((domain) => domain !== '' && domain !== '.');
}

function valuesOf(keyword: string, text: string): readonly string[] {
  const lines = text.matchAll(new RegExp(`^${keyword}[ \\t]+([^\\n#;]+)`, 'gm'));
  return [...lines].map(([, value = '']) => value.trim());
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
