// `proxy-status`: whether each connected proxy has accepted what it was sent, by type of resource; and of what was refused
// which object it came from.
import type { Command } from 'commander';
import { type ProxyBody, xdsNames as types } from '../../server/wire.ts';
import type { Cli } from '../cli.ts';
import { formatAge } from '../output/age.ts';
import { refusalHeader, refusalRows } from '../output/refusal-table.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { addExamples, chosenOutput } from '../usage.ts';
import { findProxies } from '../workload-name.ts';

export function register(command: Command, cli: Cli): void {
  command
    .argument('[workload]', 'only the proxies of this one')
    .action((workload: string | undefined) => proxyStatus(cli, workload));
  addExamples(command, cli, ['proxy-status', 'proxy-status echo -o json']);
}

async function proxyStatus(cli: Cli, workload: string | undefined): Promise<void> {
  const output = chosenOutput(cli, ['table', 'wide', 'json', 'yaml']);
  const { proxies: all } = await cli.api().proxies();
  const proxies = workload === undefined ? inNamespace(cli, all) : findProxies(cli, all, workload);
  if (output === 'json' || output === 'yaml') return cli.write(await formatStructured(output, { proxies }));
  if (proxies.length === 0) return cli.warn('no proxies are connected');
  const wide = output === 'wide';
  const header = ['NAME', ...types, ...(wide ? ['TYPE', 'WORKLOAD', 'VERSION', 'CONNECTED'] : [])];
  const now = Date.now();
  const rows = proxies.map((proxy) => {
    const more = [proxy.type, proxy.workload, proxy.version, formatAge(proxy.connectedAt, now)];
    return [fullName(proxy), ...types.map((type) => proxy.types[type].state.replace('_', ' ')), ...(wide ? more : [])];
  });
  for (const line of formatTable(header, rows)) cli.print(line);
  const refused = refusalRows(proxies, now, { whole: wide });
  if (refused.length === 0) return;
  cli.print('');
  for (const line of formatTable(refusalHeader, refused)) cli.print(line);
}

/** Without `-n` the proxies of all namespaces, as istioctl shows them. */
function inNamespace(cli: Cli, proxies: readonly ProxyBody[]): readonly ProxyBody[] {
  const { namespace, namespaceGiven } = cli.options();
  return namespaceGiven ? proxies.filter((proxy) => proxy.namespace === namespace) : proxies;
}

function fullName({ name, namespace }: ProxyBody): string {
  return `${name}.${namespace}`;
}
