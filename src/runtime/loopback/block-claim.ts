// Which block of loopback addresses a mesh has. It is held by an abstract Unix socket, which spans all users of the
// machine and goes with its process. Pods outlive the keeper that held it: so a block that anybody listens in is not taken
// anew, and the mesh remembers its own until it is taken down.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import { localSockets } from '../network/socket-table.ts';
import { loopbackBlocks } from './addresses.ts';

export interface BlockClaim {
  /** `127.64`. */
  readonly block: string;
  release(): Promise<void>;
}

export interface BlockClaimOptions {
  readonly meshId: string;
  /** Where the choice is remembered. */
  readonly keeperPath: string;
  /** Pids and listeners of another boot mean nothing. */
  readonly bootId: string;
  readonly signal?: AbortSignal;
}

const choiceSchema = z.object({ block: z.string(), boot: z.string() });
/** A keeper that was killed may still be ending. */
const patienceMs = 2_000;

/** Removed when the mesh is taken down. */
export function blockFile(keeperPath: string): string {
  return join(keeperPath, 'loopback.json');
}

/** Throws SallyportError if every block is taken. */
export async function claimBlock(options: BlockClaimOptions): Promise<BlockClaim> {
  const { meshId, keeperPath, bootId } = options;
  const again = await reclaim(options);
  if (again !== undefined) return again;
  const start = Number.parseInt(meshId, 16) % loopbackBlocks.length;
  for (const block of [...loopbackBlocks.slice(start), ...loopbackBlocks.slice(0, start)]) {
    const claim = await hold(block);
    if (claim === undefined) continue;
    if (!hasListeners(block)) {
      writeFileAtomically(blockFile(keeperPath), JSON.stringify({ block, boot: bootId }));
      return claim;
    }
    await claim.release();
  }
  const hint = 'take down meshes that are not needed';
  throw new SallyportError('SP_NO_ADDRESSES', 'no block of loopback addresses is free on this machine', { hint });
}

/** The block of before, in which this mesh's own pods may still listen. */
async function reclaim({ keeperPath, bootId, signal }: BlockClaimOptions): Promise<BlockClaim | undefined> {
  const before = readChoice(keeperPath);
  if (before?.boot !== bootId) return undefined;
  const deadline = Date.now() + patienceMs;
  let claim = await hold(before.block);
  while (claim === undefined && Date.now() < deadline) {
    await delay(20, undefined, { ...(signal && { signal }) });
    claim = await hold(before.block);
  }
  return claim;
}

/** Whether anybody's socket listens on an address of the block. */
export function hasListeners(block: string): boolean {
  const sockets = [...localSockets('tcp', 'self'), ...localSockets('udp', 'self')];
  return sockets.some(({ address, listens }) => listens && address.startsWith(`${block}.`));
}

function hold(block: string): Promise<BlockClaim | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (systemCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(`\0sallyport-${block}`, () => resolve({ block, release: () => close(server) }));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Undefined where there is none, or none that can be read: then one is chosen. */
function readChoice(keeperPath: string): z.infer<typeof choiceSchema> | undefined {
  try {
    return choiceSchema.safeParse(JSON.parse(readFileSync(blockFile(keeperPath), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
