// Where a demo's simulated internet stands, and what of a demo lies outside the objects of its mesh. Kept with the settings
// of `up`, so that `down` finds it after a kill -9 as well.
import { rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { DataFolder } from '../../platform/data-folder.ts';

export const demoSettingsSchema = z.strictObject({
  namespace: z.string(),
  /** Address of the simulated internet. */
  address: z.string(),
  /** Folder with the certificates of the simulated internet: programs must be able to read it. */
  pki: z.string(),
});

export type DemoSettings = Readonly<z.infer<typeof demoSettingsSchema>>;

/** A demo has objects and traffic of its own; those of the user's mesh in the same folder stay untouched. */
export function demoStoreFile(folder: DataFolder): string {
  return join(folder.path, 'demo.sqlite');
}

export function demoTrafficFile(folder: DataFolder): string {
  return join(folder.path, 'demo-traffic.sqlite');
}

export function removeDemoFiles(folder: DataFolder, { pki }: DemoSettings): void {
  for (const file of [demoStoreFile(folder), demoTrafficFile(folder)]) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  }
  rmSync(pki, { recursive: true, force: true });
}

/**
 * An address that this mesh alone has: from the loopback range, which every user may use, or from the range that is set
 * aside for documentation (TEST-NET-2), which no real host has.
 */
export function internetAddress({ id }: DataFolder, capture: 'redirect' | 'proxy'): string {
  const number = Number.parseInt(id, 16);
  if (capture === 'proxy') return `127.254.${(number >> 8) & 0xff}.${number & 0xff || 1}`;
  const taken = new Set(Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []));
  const last = Array.from({ length: 254 }, (_, step) => ((number + step) % 254) + 1);
  const free = last.find((one) => !taken.has(`198.51.100.${one}`)) ?? 1;
  return `198.51.100.${free}`;
}
