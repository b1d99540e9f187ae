// What this machine has and lacks for a local mesh: every check, in the order in which a person would mend them.
import type { DataFolder } from '../../platform/data-folder.ts';
import { checkCapture, checkTools } from './capture-checks.ts';
import type { Check } from './check.ts';
import { checkEnvoy, checkPython } from './envoy-checks.ts';
import { checkFileSystem, checkWritable } from './folder-checks.ts';
import { checkForwarding, checkNode, checkPort, checkRoot } from './host-checks.ts';

export interface DoctorOptions {
  readonly dataFolder: DataFolder;
  /** The value of `--envoy`. */
  readonly envoy?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Of the dashboard and API; 50500 if absent. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/** Changes nothing and fetches nothing. The last check, `capture`, says which capture a mesh would have. */
export async function runDoctor(options: DoctorOptions): Promise<readonly Check[]> {
  const { dataFolder, port = 50_500, signal } = options;
  const [python, listening, capture] = await Promise.all([checkPython(signal), checkPort(port), checkCapture(signal)]);
  return [
    checkNode(),
    await checkEnvoy(options, python.ok),
    python,
    checkRoot(),
    ...checkTools(),
    checkForwarding(),
    listening,
    checkWritable(dataFolder),
    checkFileSystem(dataFolder),
    ...capture,
  ];
}
