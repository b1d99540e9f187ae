// `alerts`: what in the traffic a person should look at, told by the mesh itself. `-f` goes on as they come; `alerts ack ID`
// says that somebody knows of one.
import type { Command } from 'commander';
import { parseDuration } from '../../server/duration.ts';
import type { AlertBody } from '../../server/wire.ts';
import type { AlertsQuery } from '../api-client.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { alertLine, formatAlerts } from '../output/alert-table.ts';
import { paintTraffic } from '../output/colours.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';
import { workloadNamed } from '../workload-name.ts';

interface AlertsOptions {
  readonly since: string;
  readonly kind?: string;
  readonly state?: string;
  readonly watch?: boolean;
}

const severities: readonly AlertBody['severity'][] = ['info', 'warning', 'critical'];

export function register(command: Command, cli: Cli): void {
  command
    .argument('[workload]', 'only about this one: NAME or deploy/NAME')
    .option('--since <duration>', 'of which something was seen since: 30s, 5m, 2h, 7d', '24h')
    .option('--kind <kind>', 'first-seen, blocked-burst, ip-literal, name-mismatch or bytes-out')
    .option('--state <state>', 'open, acknowledged or resolved')
    .option('-f, --watch', 'go on as they come or change their state, until Ctrl-C')
    .action((workload: string | undefined, options: AlertsOptions) => alerts(cli, workload, options));
  const ack = command
    .command('ack')
    .argument('<id...>', 'numbers of alerts')
    .description('somebody knows of it: it is counted on and raises nothing more')
    .action((ids: readonly string[]) => acknowledge(cli, ids));
  command.addHelpText('after', '\nOf all namespaces, unless -n names one. What to do about each: -o wide.');
  addExamples(command, cli, [
    'alerts',
    'alerts -n shop --since 7d --state open',
    'alerts --kind blocked-burst -o wide',
    'alerts -f -o json',
    'alerts ack 12',
  ]);
  addExamples(ack, cli, ['alerts ack 12 13']);
}

async function alerts(cli: Cli, workload: string | undefined, options: AlertsOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'wide', 'json', 'yaml']);
  const { since, kind, state, watch = false } = options;
  const { namespace, namespaceGiven } = cli.options();
  if (parseDuration(since) === undefined) {
    throw usageError(`'${since}' is no duration`, 'write for example --since 30s, 5m, 2h or 7d');
  }
  if (watch && output === 'yaml') throw usageError('-f prints lines or, with -o json, an object a line');
  const query: AlertsQuery = {
    since,
    ...(namespaceGiven ? { namespace } : {}),
    ...(workload === undefined ? {} : { workload: workloadNamed(workload) }),
    ...(kind === undefined ? {} : { kind }),
    ...(state === undefined ? {} : { state }),
  };
  const body = await cli.api().alerts(query);
  await captureNote(cli);
  if (watch) {
    const { watchAlerts } = await import('../watch-alerts.ts');
    const line = (alert: AlertBody) => (output === 'json' ? JSON.stringify(alert) : alertLine(alert, paintTraffic));
    return watchAlerts(cli, query, body.alerts, (alert) => cli.print(line(alert)));
  }
  if (output === 'json' || output === 'yaml') return cli.write(await formatStructured(output, body));
  if (body.alerts.length === 0) {
    return cli.warn(`No alert${namespaceGiven ? ` from namespace ${namespace}` : ''} in the last ${since}.`);
  }
  // The gravest last, where a person looks first.
  const sorted = body.alerts.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const table = { alerts: sorted, wide: output === 'wide', now: Date.now(), paint: paintTraffic };
  for (const line of formatAlerts(table)) cli.print(line);
}

async function acknowledge(cli: Cli, ids: readonly string[]): Promise<void> {
  const wrong = ids.find((id) => !/^\d{1,15}$/.test(id));
  if (wrong !== undefined) throw usageError(`'${wrong}' is no number of an alert`, `${cli.name} alerts lists them`);
  for (const id of ids) {
    const { kind, source, destination } = await cli.api().acknowledge(Number(id));
    cli.print(`alert ${id} acknowledged: ${kind} of ${source.namespace}/${source.workload}, ${destination.host}`);
  }
}
