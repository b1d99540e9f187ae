// `istio outbound-traffic-policy`: whether workloads may reach hosts that nobody registered. The setting is a field
// of the object Istio istio-system/mesh; this reads what is stored there, not the default that `get` shows.
import type { Command } from 'commander';
import { allowBypassAnnotation } from '../../api/annotations.ts';
import type { RangeFields } from '../../api/kinds/istio-ranges.ts';
import { ApiError } from '../api-client.ts';
import { bypassNote, captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { text } from '../output/json-value.ts';
import { addExamples } from '../usage.ts';

const kind = 'istios.istio.banzaicloud.io';
const namespace = 'istio-system';
const name = 'mesh';
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
  if (word === undefined) {
    const { mode } = await current(cli);
    cli.print(mode === undefined ? `${subject} not found` : `${subject} currently set to '${mode}'`);
  } else {
    const mode = more.length === 0 ? modes.get(word) : undefined;
    if (mode === undefined) {
      cli.warn(`invalid outbound mesh policy: ${words.join(' ')}`);
      process.exitCode = 2;
      return;
    }
    await set(cli, mode);
  }
  await captureNote(cli);
  await bypassNote(cli, await current(cli));
}

async function set(cli: Cli, mode: string): Promise<void> {
  const { exists, mode: before } = await current(cli);
  if (before === mode) return cli.print(`${subject} already set to '${mode}'`);
  if (exists) await cli.api().patch(kind, namespace, name, { spec: { outboundTrafficPolicy: { mode } } });
  else await create(cli, mode);
  cli.print(`${subject} set to '${mode}'`);
}

interface Setting {
  readonly exists: boolean;
  readonly mode?: string;
  readonly ranges: RangeFields;
  readonly podsMayBypass: boolean;
}

async function current(cli: Cli): Promise<Setting> {
  try {
    const { items } = await cli.api().objects(kind, { namespace, name });
    const spec = items[0]?.spec;
    const mode = text(spec, 'outboundTrafficPolicy', 'mode');
    const podsMayBypass = text(items[0]?.metadata, 'annotations', allowBypassAnnotation) === 'true';
    const [includeIPRanges = '*', excludeIPRanges = ''] = [
      text(spec, 'includeIPRanges'),
      text(spec, 'excludeIPRanges'),
    ];
    return {
      exists: true,
      ...(mode === undefined ? {} : { mode }),
      ranges: { includeIPRanges, excludeIPRanges },
      podsMayBypass,
    };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'SP_NOT_FOUND')
      return { exists: false, ranges: {}, podsMayBypass: false };
    throw error;
  }
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
