// What a mesh may change on its host, as a picture to compare: namespaces, links with their addresses, packet filter,
// mounts.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

export interface HostState {
  readonly namespaces: string;
  readonly links: string;
  readonly addresses: string;
  readonly rules: string;
  readonly mounts: number;
}

/** What cannot be asked on this machine, for want of tools or rights, could not be changed either: it is ''. */
export function hostState(): HostState {
  return {
    namespaces: output('ip', 'netns', 'list'),
    links: [...output('ip', '-o', 'link').matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name).join(' '),
    addresses: Object.values(networkInterfaces())
      .flatMap((all) => all?.map(({ address }) => address) ?? [])
      .sort()
      .join(' '),
    rules: output('nft', 'list', 'ruleset'),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').length,
  };
}

function output(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
