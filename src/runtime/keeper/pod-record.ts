// What the keeper must know after its own death, one file for each pod: `<keeper>/pods/<namespace>/<name>.json`.
// Invariant: a process is recorded before its pod's status says that it runs, and a sandbox before it is made, so
// that a new keeper finds all there is. Written whole or not at all.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import { messageOf, SallyportError, systemCode } from '../../platform/errors.ts';
import { processIdSchema } from './process-id.ts';
import { podSpecSchema, sandboxRequestSchema } from './requests.ts';

export const processRecordSchema = z.object({
  phase: z.enum(['Pending', 'Running', 'Exited', 'CrashLoopBackOff']),
  /** Present while it runs, as far as the keeper knows. */
  process: processIdSchema.optional(),
  startedAt: z.string().optional(),
  restarts: z.int().nonnegative(),
  /** Ends in a row without a long run between them. */
  failures: z.int().nonnegative(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  reason: z.string().optional(),
});

/** One supervised process. */
export type ProcessRecord = Readonly<z.infer<typeof processRecordSchema>>;

const podRecordSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  /** The boot in which the processes were started. */
  boot: z.string(),
  /** Place of the pod's addresses in the mesh's range; unique in the mesh. */
  index: z.int().nonnegative(),
  /** Ports of the pod's DNS, for its Envoy and for its program; 0: none yet, or the one is the other. */
  dnsPort: z.int().nonnegative(),
  programDnsPort: z.int().nonnegative().default(0),
  request: sandboxRequestSchema,
  /** Absent until the pod is to run. */
  spec: podSpecSchema.optional(),
  app: processRecordSchema,
  proxy: processRecordSchema,
});

export type PodRecord = Readonly<z.infer<typeof podRecordSchema>>;

export const pending: ProcessRecord = { phase: 'Pending', restarts: 0, failures: 0 };

export function savePodRecord(keeperPath: string, record: PodRecord): void {
  writeFileAtomically(recordFile(keeperPath, record), JSON.stringify(record));
}

export function removePodRecord(keeperPath: string, pod: Pick<PodRecord, 'namespace' | 'name'>): void {
  rmSync(recordFile(keeperPath, pod), { force: true });
}

/** All pods recorded. Throws SallyportError for a file that is not as this version writes it. */
export function readPodRecords(keeperPath: string): readonly PodRecord[] {
  const root = join(keeperPath, 'pods');
  return entries(root).flatMap((namespace) =>
    entries(join(root, namespace))
      .filter((file) => file.endsWith('.json'))
      .map((file) => readPodRecord(join(root, namespace, file))),
  );
}

function readPodRecord(file: string): PodRecord {
  try {
    return podRecordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const hint = 'end the mesh with the version that started it, or remove the file';
    throw new SallyportError('SP_BAD_STATE', `${file} cannot be read: ${messageOf(cause).slice(0, 200)}`, {
      hint,
      cause,
    });
  }
}

function recordFile(keeperPath: string, { namespace, name }: Pick<PodRecord, 'namespace' | 'name'>): string {
  return join(keeperPath, 'pods', namespace, `${name}.json`);
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
