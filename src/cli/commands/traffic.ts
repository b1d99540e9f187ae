// `traffic`: who talks to what, through which gateways, how often and how it ended. On a terminal a live view, elsewhere
// and with --once a table, for programs the contract's document.
import type { Command } from 'commander';
import { parseDuration } from '../../server/duration.ts';
import type { FlowsBody } from '../../server/wire.ts';
import type { FlowsQuery } from '../api-client.ts';
import { proxyCaptureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { paintTraffic } from '../output/colours.ts';
import { isTerminal } from '../output/screen.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTraffic, type TrafficView } from '../output/traffic-table.ts';
import { meanRate } from '../traffic-rates.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';
import { workloadNamed } from '../workload-name.ts';

interface TrafficOptions {
  readonly since: string;
  readonly allNamespaces?: boolean;
  readonly open?: boolean;
  readonly external?: boolean;
  readonly once?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('[workload]', 'only what this one calls: NAME or deploy/NAME')
    .option('--since <duration>', 'how far back: 30s, 5m, 2h, 7d', '5m')
    .option('-A, --all-namespaces', 'of all namespaces, as without -n')
    .option('--external', 'only what leaves the mesh, or was to')
    .option('--open', 'only flows with connections that are open, and whether they would still be let out')
    .option('--once', 'on a terminal too: print a table and end')
    .action((workload: string | undefined, options: TrafficOptions) => traffic(cli, workload, options));
  command.addHelpText(
    'after',
    '\nOf all namespaces, unless -n names one. On a terminal the table is live: q or Ctrl-C ends it.',
  );
  addExamples(command, cli, [
    'traffic',
    'traffic --since 1h -n shop --once',
    'traffic deploy/notifications-v1',
    'traffic --external',
    'traffic deploy/orders --external -o wide',
    'traffic --open',
    'traffic -o json --since 24h',
  ]);
}

async function traffic(cli: Cli, workload: string | undefined, options: TrafficOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'wide', 'json', 'yaml']);
  const { since, open = false, external = false, once = false } = options;
  const query = flowsQuery(cli, workload, options);
  const [body, { capture }] = await Promise.all([cli.api().flows(query), cli.api().info()]);
  const notes = capture === 'proxy' ? [proxyCaptureNote] : [];
  const view = output === 'wide' ? 'wide' : open ? 'open' : 'table';
  const empty = emptyLine(cli, workload, options);
  if (output === 'table' && !once && isTerminal()) {
    const { showLiveTraffic } = await import('../live-traffic.ts');
    const where = query.namespace === undefined ? 'all namespaces' : `namespace ${query.namespace}`;
    const whose = workload === undefined ? '' : `${workload}, `;
    const what = `${external ? ', leaving the mesh' : ''}${open ? ', open connections' : ''}`;
    const title = `last ${since}, ${whose}${where}${what}`;
    // What was seen last stays on the terminal.
    return print(cli, await showLiveTraffic(cli, { query, view, title, empty, notes }, body), view, empty);
  }
  if (output === 'json' || output === 'yaml') cli.write(await formatStructured(output, { flows: body.flows }));
  else print(cli, body, view, empty);
  for (const note of notes) cli.warn(note);
  await tellOpenAlerts(cli, query.namespace);
}

async function tellOpenAlerts(cli: Cli, namespace: string | undefined): Promise<void> {
  const { alerts } = await cli.api().alerts({ state: 'open', ...(namespace === undefined ? {} : { namespace }) });
  const grave = alerts.filter(({ severity }) => severity !== 'info').length;
  if (grave > 0) cli.warn(`${grave} ${grave === 1 ? 'alert is' : 'alerts are'} open; see ${cli.name} alerts`);
}

function flowsQuery(
  cli: Cli,
  workload: string | undefined,
  { since, allNamespaces = false, open = false, external = false }: TrafficOptions,
): FlowsQuery {
  const { namespace, namespaceGiven } = cli.options();
  if (parseDuration(since) === undefined) {
    throw usageError(`'${since}' is no duration`, 'write for example --since 30s, 5m, 2h or 7d');
  }
  if (allNamespaces && namespaceGiven) throw usageError('-n and --all-namespaces exclude each other');
  return {
    since,
    ...(namespaceGiven ? { namespace } : {}),
    ...(workload === undefined ? {} : { workload: workloadNamed(workload) }),
    ...(open ? { open } : {}),
    ...(external ? { external } : {}),
  };
}

function print(cli: Cli, body: FlowsBody, view: TrafficView, empty: string): void {
  const { flows } = body;
  if (flows.length === 0) {
    cli.warn(empty);
    return;
  }
  const lines = formatTraffic({ flows, view, rate: meanRate(body), now: Date.now(), paint: paintTraffic });
  for (const line of lines) cli.print(line);
}

function emptyLine(cli: Cli, workload: string | undefined, { since, open = false }: TrafficOptions): string {
  const { namespace, namespaceGiven } = cli.options();
  const who = workload === undefined ? '' : ` of ${workload}`;
  const where = `${who}${namespaceGiven ? ` from namespace ${namespace}` : ''}`;
  if (open) return `No connection${where} is open.`;
  const example = `${cli.name} exec NAME -- curl -i http://httpbin.org/`;
  return `No traffic${where} in the last ${since}. Try a longer --since, or make some: ${example}`;
}
