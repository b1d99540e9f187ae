// The choice of a mesh's /16: one that nothing on the host routes to. It starts at a place given by the mesh's id,
// so that the same mesh mostly gets the same addresses, and two meshes different ones.

import { z } from 'zod';
import { SallyportError } from '../../platform/errors.ts';
import { runTool } from './command.ts';

const pools = [
  { first: 10, from: 128, to: 250 },
  { first: 172, from: 18, to: 31 },
] as const;

const routes = z.array(z.object({ dst: z.string() }));

/** The ranges that the host routes to now, as CIDRs; default routes left out. */
export async function routedRanges(signal?: AbortSignal): Promise<readonly string[]> {
  const text = await runTool('ip', ['-4', '-json', 'route', 'show', 'table', 'all'], { ...(signal && { signal }) });
  return routes
    .parse(JSON.parse(text))
    .map(({ dst }) => dst)
    .filter((dst) => dst !== 'default' && dst !== '0.0.0.0/0');
}

/** `taken` are CIDRs or addresses. Throws if every candidate overlaps one of them. */
export function chooseMeshCidr(meshId: string, taken: readonly string[]): string {
  for (const { first, from, to } of pools) {
    const size = to - from + 1;
    const start = Number.parseInt(meshId, 16) % size || 0;
    for (let step = 0; step < size; step++) {
      const cidr = `${first}.${from + ((start + step) % size)}.0.0/16`;
      if (!taken.some((range) => overlaps(range, cidr))) return cidr;
    }
  }
  const hint = 'remove a route to 10.0.0.0/8 or 172.16.0.0/12, or use `--capture proxy`';
  throw new SallyportError('SP_NO_ADDRESSES', 'no private address range is free on this machine', { hint });
}

function overlaps(left: string, right: string): boolean {
  const [a, b] = [parse(left), parse(right)];
  const shift = 32 - Math.min(a.length, b.length);
  return shift === 32 || a.address >>> shift === b.address >>> shift;
}

function parse(range: string): { readonly address: number; readonly length: number } {
  const [text = '', length = '32'] = range.split('/');
  const address = text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
  return { address, length: Number(length) };
}
