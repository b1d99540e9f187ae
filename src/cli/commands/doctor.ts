// `doctor`: what this machine has and lacks for a local mesh, and what a mesh that is up lets go around its proxies. It
// changes nothing. Exit code 1 where something that every mesh needs is not to be had; a lack that only takes a choice away
// is no failure.
import type { Command } from 'commander';
import type { Check } from '../../runtime/doctor/check.ts';
import { runDoctor } from '../../runtime/doctor/run-doctor.ts';
import { checkBypass } from '../bypass-check.ts';
import type { Cli } from '../cli.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { addExamples, chosenOutput } from '../usage.ts';

/** Names of checks. */
const indispensable: ReadonlySet<string> = new Set(['Node', 'Envoy', 'data folder', 'capture']);

interface DoctorOptions {
  readonly envoy?: string;
}

export function register(command: Command, cli: Cli): void {
  command.option('--envoy <file>', 'the Envoy to look at').action((options: DoctorOptions) => doctor(cli, options));
  addExamples(command, cli, ['doctor', 'doctor -o json']);
}

async function doctor(cli: Cli, { envoy }: DoctorOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const request = { dataFolder: cli.dataFolder(), signal: cli.signal };
  const machine = await runDoctor(envoy === undefined ? request : { ...request, envoy });
  const checks = [...machine, ...(await checkBypass(cli))];
  if (output === 'table') printText(cli, checks);
  else cli.write(await formatStructured(output, { checks }));
  if (checks.some(({ name, ok }) => !ok && indispensable.has(name))) process.exitCode = 1;
}

function printText(cli: Cli, checks: readonly Check[]): void {
  const rows = checks.map(({ name, ok, found, meaning }) => [name, ok ? 'ok' : 'lacking', found, meaning]);
  for (const line of formatTable(['CHECK', 'STATE', 'FOUND', 'NEEDED FOR'], rows)) cli.print(line);
  for (const { name, mend } of checks) if (mend !== undefined) cli.print(`${name}: ${mend}`);
}
