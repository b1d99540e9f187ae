// What there is on this machine of a mesh's sandboxes, found by name: nothing has to be remembered for it.
import { readdirSync } from 'node:fs';
import { z } from 'zod';
import { systemCode } from '../../platform/errors.ts';
import { linkPrefix, namespacePrefix } from './addresses.ts';
import { runTool } from './command.ts';

/** A namespace or link, and the index of the sandbox it belongs to. */
export interface Leftover {
  readonly name: string;
  readonly owner: number;
}

const links = z.array(z.object({ ifname: z.string() }));

export async function leftovers(
  meshId: string,
  signal?: AbortSignal,
): Promise<{ readonly namespaces: readonly Leftover[]; readonly links: readonly Leftover[] }> {
  const text = await runTool('ip', ['-json', 'link', 'show', 'type', 'veth'], { ...(signal && { signal }) });
  const names = links.parse(JSON.parse(text === '' ? '[]' : text)).map(({ ifname }) => ifname);
  return { namespaces: owned(namespaceNames(), namespacePrefix(meshId)), links: owned(names, linkPrefix(meshId)) };
}

/** Of all named network namespaces of the machine. */
export function namespaceNames(): readonly string[] {
  try {
    return readdirSync('/run/netns');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function owned(names: readonly string[], prefix: string): readonly Leftover[] {
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, owner: Number.parseInt(name.slice(prefix.length), 10) }))
    .filter(({ owner }) => Number.isInteger(owner));
}
