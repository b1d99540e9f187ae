// Sandboxes found again by the prefix of their names, and removed. Needs no memory of what was made: it works
// after a crash in the middle of making or removing one.
import { readdirSync } from 'node:fs';
import { z } from 'zod';
import { systemCode } from '../../platform/errors.ts';
import { linkPrefix, namespacePrefix, type Sandbox } from './addresses.ts';
import { runTool } from './command.ts';

const linkList = z.array(z.object({ ifname: z.string() }));

/** Indices of the sandboxes of which anything is left, ascending. */
export async function listSandboxes(meshId: string, signal?: AbortSignal): Promise<readonly number[]> {
  const names = [...namespaceNames(meshId), ...(await linkNames(meshId, signal))];
  return [...new Set(names.map((name) => indexOf(name)))].sort((a, b) => a - b);
}

/** Removes namespaces, link and route. Its processes must have ended. Right too if nothing is there. */
export async function removeSandbox(meshId: string, index: number, signal?: AbortSignal): Promise<void> {
  await remove(meshId, (name) => indexOf(name) === index, signal);
}

/** As removeSandbox, for all of a mesh. */
export async function removeAllSandboxes(meshId: string, signal?: AbortSignal): Promise<void> {
  await remove(meshId, () => true, signal);
}

/** The host's pids of all processes inside a sandbox's network namespaces, launchers included. */
export async function sandboxPids(sandbox: Sandbox, signal?: AbortSignal): Promise<readonly number[]> {
  const names = namespaceNames(sandbox.meshId).filter((name) => indexOf(name) === sandbox.index);
  const lists = await Promise.all(
    names.map((name) => runTool('ip', ['netns', 'pids', name], { ...(signal && { signal }) })),
  );
  return lists.flatMap((text) => text.split('\n').filter(Boolean).map(Number));
}

async function remove(meshId: string, chosen: (name: string) => boolean, signal?: AbortSignal): Promise<void> {
  for (const name of (await linkNames(meshId, signal)).filter(chosen))
    await runTool('ip', ['link', 'delete', name], { ...(signal && { signal }) });
  for (const name of namespaceNames(meshId).filter(chosen))
    await runTool('ip', ['netns', 'delete', name], { ...(signal && { signal }) });
}

function namespaceNames(meshId: string): readonly string[] {
  try {
    return readdirSync('/run/netns').filter((name) => name.startsWith(namespacePrefix(meshId)));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function linkNames(meshId: string, signal?: AbortSignal): Promise<readonly string[]> {
  const text = await runTool('ip', ['-json', 'link', 'show'], { ...(signal && { signal }) });
  const links = linkList.parse(JSON.parse(text));
  return links.map(({ ifname }) => ifname).filter((name) => name.startsWith(linkPrefix(meshId)));
}

/** `sp-1a2b3c4d-7-app`, `sp1a2b3c4d-7` -> 7. */
function indexOf(name: string): number {
  return Number(/-(\d+)(?:-\w+)?$/.exec(name)?.[1]);
}
