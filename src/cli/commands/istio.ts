// `istio outbound-traffic-policy`: whether workloads may reach hosts that nobody registered. The setting is a field
// of the object Istio istio-system/mesh; this reads what is stored there, not the default that `get` shows.
import type { Command } from 'commander';
import { ApiError } from '../api-client.ts';
import { meshSettingsNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { meshSettings, readMeshSettings } from '../mesh-settings.ts';
import { text } from '../output/json-value.ts';
import { addExamples } from '../usage.ts';

const { kind, namespace, name } = meshSettings;
const subject = 'mesh wide outbound traffic policy is';

const modes = new Map([
  ['allowed', 'ALLOW_ANY'],
  ['restricted', 'REGISTRY_ONLY'],
]);

export function register(command: Command, cli: Cli): void {
  const policy = command
    .command('outbound-traffic-policy')
    .alias('otp')
    .description('show or set whether unregistered hosts may be reached')
    .argument('[policy...]', 'allowed or restricted')
    .action((words: readonly string[]) => outboundTrafficPolicy(cli, words));
  addExamples(policy, cli, ['istio outbound-traffic-policy', 'istio otp restricted', 'istio otp allowed']);
}

async function outboundTrafficPolicy(cli: Cli, words: readonly string[]): Promise<void> {
  const [word, ...more] = words;
  const wanted = word === undefined || more.length > 0 ? undefined : modes.get(word);
  if (word !== undefined && wanted === undefined) {
    cli.warn(`invalid outbound mesh policy: ${words.join(' ')}`);
    process.exitCode = 2;
    return;
  }
  const settings = await readMeshSettings(cli);
  const mode = text(settings?.spec, 'outboundTrafficPolicy', 'mode');
  if (wanted === undefined)
    cli.print(mode === undefined ? `${subject} not found` : `${subject} currently set to '${mode}'`);
  else if (wanted === mode) cli.print(`${subject} already set to '${mode}'`);
  else {
    if (settings === undefined) await create(cli, wanted);
    else await cli.api().patch(kind, namespace, name, { spec: { outboundTrafficPolicy: { mode: wanted } } });
    cli.print(`${subject} set to '${wanted}'`);
  }
  // What it lets go around the proxies is another of its fields.
  await meshSettingsNote(cli, settings);
}

async function create(cli: Cli, mode: string): Promise<void> {
  const { istioVersion } = await import('../../api/kinds/istio.ts');
  const spec = { version: istioVersion, outboundTrafficPolicy: { mode } };
  const object = { apiVersion: 'istio.banzaicloud.io/v1beta1', kind: 'Istio', metadata: { name, namespace }, spec };
  const { results } = await cli.api().apply([object]);
  const refused = results.filter(({ outcome }) => outcome === undefined);
  if (refused.length === 0) return;
  throw new ApiError(422, {
    code: 'SP_INVALID',
    message: 'the setting was refused',
    diagnostics: refused.flatMap(({ diagnostics }) => diagnostics),
  });
}
