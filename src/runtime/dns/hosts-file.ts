// The host's /etc/hosts, read again whenever it changed. Names resolve in workloads as on the host, so it counts too.
import { readFileSync, statSync } from 'node:fs';

export interface HostsFile {
  /** Addresses of both families; undefined if the file does not have the name. */
  lookup(name: string): readonly string[] | undefined;
}

export function createHostsFile(path = '/etc/hosts'): HostsFile {
  let stamp = '';
  let names: ReadonlyMap<string, readonly string[]> = new Map();
  return {
    lookup(name) {
      const next = stampOf(path);
      if (next !== stamp) {
        stamp = next;
        names = next === '' ? new Map() : parseHosts(readFileSync(path, 'utf8'));
      }
      return names.get(name);
    },
  };
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`;
}

function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined || address === '') continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}
