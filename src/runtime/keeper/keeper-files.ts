// What the keeper keeps beside its pods: who it is (for `down` when it hangs) and the configuration of its DNS, so
// that names are answered after its death before the control plane is there.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import { blockFile } from '../loopback/block-claim.ts';
import type { KeeperConfig } from '../protocol.ts';
import type { Capture } from './capture.ts';
import { loadBalancerFile } from './load-balancer-record.ts';
import { bootId, type ProcessId, processIdSchema } from './process-id.ts';
import { environmentFile } from './program-environment.ts';
import { keeperConfigSchema } from './requests.ts';

const captureSchema = z.object({ capture: z.enum(['redirect', 'proxy']), boot: z.string() });

export function saveKeeperId(keeperPath: string, id: ProcessId): void {
  writeFileAtomically(join(keeperPath, 'keeper.json'), JSON.stringify(id));
}

/** The keeper that last ran here, alive or not. */
export function readKeeperId(keeperPath: string): ProcessId | undefined {
  return read(join(keeperPath, 'keeper.json'), processIdSchema);
}

export function saveConfig(keeperPath: string, config: KeeperConfig): void {
  writeFileAtomically(join(keeperPath, 'config.json'), JSON.stringify(config));
}

export function readConfig(keeperPath: string): KeeperConfig {
  return read(join(keeperPath, 'config.json'), keeperConfigSchema) ?? { records: [], resolve: [] };
}

/** How the mesh's pods are captured: said once there can be any. */
export function saveCapture(keeperPath: string, capture: Capture['kind']): void {
  writeFileAtomically(join(keeperPath, 'capture.json'), JSON.stringify({ capture, boot: bootId() }));
}

/** Also of a keeper that died, as long as the mesh was not taken down. Undefined where nothing runs. */
export function captureInForce(keeperPath: string): Capture['kind'] | undefined {
  const known = read(join(keeperPath, 'capture.json'), captureSchema);
  return known?.boot === bootId() ? known.capture : undefined;
}

/** What a mesh that is down needs no more. */
export function removeKeeperFiles(keeperPath: string): void {
  for (const fileOf of [blockFile, loadBalancerFile, environmentFile]) rmSync(fileOf(keeperPath), { force: true });
  for (const name of ['keeper.json', 'config.json', 'capture.json']) rmSync(join(keeperPath, name), { force: true });
  rmSync(join(keeperPath, 'pods'), { recursive: true, force: true });
}

/** Undefined where it is missing or spoilt: both are told anew. */
function read<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
