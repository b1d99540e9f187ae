// What a mesh is started with. Kept in the data folder, so that a later `up` takes over what it is not told anew and can
// name what differs.
import { readFileSync, rmSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import { demoSettingsSchema } from '../demo/demo-settings.ts';

/** Istio: a day too. */
const defaultWorkloadCertificateMs = 86_400_000;

const schema = z.strictObject({
  files: z.array(z.string()),
  listen: z.string(),
  xdsAddress: z.string().nullable(),
  resolve: z.array(z.string()),
  drainSeconds: z.number(),
  envoy: z.string().nullable(),
  capture: z.enum(['auto', 'redirect', 'proxy']),
  /** Milliseconds. */
  workloadCertificateMs: z.number().default(defaultWorkloadCertificateMs),
  caFolder: z.string().nullable().default(null),
  /** Not null: this mesh is a demo. */
  demo: demoSettingsSchema.nullable().default(null),
});

export type UpSettings = Readonly<z.infer<typeof schema>>;

export const defaultUpSettings: UpSettings = {
  files: [],
  listen: '127.0.0.1:50500',
  xdsAddress: null,
  resolve: [],
  drainSeconds: 10,
  envoy: null,
  capture: 'auto',
  workloadCertificateMs: defaultWorkloadCertificateMs,
  caFolder: null,
  demo: null,
};

/** The flag that sets each, for naming what differs. */
const flags: Readonly<Record<Exclude<keyof UpSettings, 'demo'>, string>> = {
  workloadCertificateMs: '--workload-cert-ttl',
  caFolder: '--ca-dir',
  files: '-f',
  listen: '--listen',
  xdsAddress: '--xds-address',
  resolve: '--resolve',
  drainSeconds: '--drain-time-s',
  envoy: '--envoy',
  capture: '--capture',
};

/** Undefined when this mesh was never started, or was taken down. */
export function readUpSettings(folder: DataFolder): UpSettings | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(folder.upFile, 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new SallyportError('SP_UP_FILE', `${folder.upFile} cannot be read`, {
      hint: 'remove it to start with defaults',
      cause: error,
    });
  }
}

export function writeUpSettings(folder: DataFolder, settings: UpSettings): void {
  writeFileAtomically(folder.upFile, `${JSON.stringify(settings, undefined, 2)}\n`);
}

export function removeUpSettings(folder: DataFolder): void {
  rmSync(folder.upFile, { force: true });
}

/** `--resolve a=10.0.0.1 -> a=10.0.0.2`, one for each that differs. */
export function describeDifferences(before: UpSettings, after: UpSettings): readonly string[] {
  return Object.entries(flags).flatMap(([key, flag]) => {
    const [old, next] = [before, after].map((settings) => text(settings, key));
    return old === next ? [] : [`${flag} ${old} -> ${next}`];
  });
}

function text(settings: UpSettings, key: string): string {
  const value = new Map<string, unknown>(Object.entries(settings)).get(key);
  if (key === 'workloadCertificateMs') return `${Number(value) / 1000}s`;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(' ');
  return value === null ? 'none' : String(value);
}

/** `127.0.0.1:50500`, `[::1]:50500`, `:50500`. Only addresses of this machine itself: the API has no users yet. */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen);
  const host = match?.[1] ?? (match?.[2] === '' ? '127.0.0.1' : match?.[2]);
  const port = Number(match?.[3]);
  const loopback = host === 'localhost' || host === '::1' || host?.startsWith('127.') === true;
  if (match === null || host === undefined || port > 65_535 || !loopback) {
    throw new SallyportError('SP_USAGE', `invalid address to listen on: ${listen}`, {
      hint: 'give a loopback address and a port, for instance 127.0.0.1:50500',
      exitCode: 2,
    });
  }
  return { host, port };
}

/** Paths in settings are absolute: the control plane may run with another working folder. */
export function absolutePaths(paths: readonly string[]): string[] {
  return paths.map((path) => resolvePath(path));
}
