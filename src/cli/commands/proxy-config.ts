// `proxy-config`: what a proxy was given and what it took of it, as tables in the manner of istioctl or as whole resources.
import type { Command } from 'commander';
import type { ConfigType, ProxyResource } from '../../server/wire.ts';
import { captureKeysNote, captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { proxyTables } from '../output/proxy-tables.ts';
import { shortReason } from '../output/refusal-table.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';
import { findProxies } from '../workload-name.ts';

/** Of a view, the resource types it shows. */
const views = new Map<string, readonly ConfigType[]>([
  ['clusters', ['clusters']],
  ['listeners', ['listeners']],
  ['routes', ['routes', 'virtualhosts']],
  ['endpoints', ['endpoints']],
  ['secrets', ['secrets']],
]);

/** What its table reads beside those. */
const readBeside = new Map<string, readonly ConfigType[]>([['endpoints', ['clusters']]]);

export function register(command: Command, cli: Cli): void {
  command
    .argument('<type>', 'clusters, listeners, routes, endpoints, secrets or all')
    .argument('<workload>', 'NAME, deploy/NAME, pod/NAME or NAME.NAMESPACE')
    .action((type: string, workload: string) => proxyConfig(cli, type, workload));
  addExamples(command, cli, ['proxy-config clusters echo', 'proxy-config routes echo -n shop -o yaml', 'pc all echo']);
}

async function proxyConfig(cli: Cli, type: string, workload: string): Promise<void> {
  const shown = viewsOf(type);
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const [proxy] = findProxies(cli, (await cli.api().proxies()).proxies, workload);
  if (proxy === undefined) return;
  const config = new Map<ConfigType, readonly ProxyResource[]>();
  const beside = output === 'table' ? shown.flatMap((view) => readBeside.get(view) ?? []) : [];
  for (const one of new Set([...shown.flatMap((view) => views.get(view) ?? []), ...beside])) {
    config.set(one, (await cli.api().proxyConfig(proxy.namespace, proxy.name, one)).resources);
  }
  if (output === 'table') {
    printTables(cli, shown, config);
    for (const resource of [...config.values()].flat()) {
      if (resource.error !== undefined) cli.print(`refused: ${resource.name}: ${shortReason(resource.error)}`);
    }
  } else cli.write(await formatStructured(output, [...config.values()].flat()));
  await captureNote(cli);
  if (shown.includes('secrets')) await captureKeysNote(cli);
}

function viewsOf(type: string): readonly string[] {
  const names = [...views.keys()];
  if (type === 'all') return names;
  const found = names.find((name) => name === type || name === `${type}s`);
  if (found === undefined) throw usageError(`no type '${type}' of configuration`, `one of ${names.join(', ')}, all`);
  return [found];
}

function printTables(
  cli: Cli,
  shown: readonly string[],
  config: ReadonlyMap<ConfigType, readonly ProxyResource[]>,
): void {
  const tables = proxyTables((type) => config.get(type) ?? []);
  shown.forEach((view, index) => {
    const table = tables.get(view);
    if (table === undefined) return;
    if (index > 0) cli.print('');
    for (const line of formatTable(table.header, table.rows())) cli.print(line);
  });
}
