// `check`: whether what a workload would call leaves, by which way, which object decides, and what would let it out. Nothing is
// sent. Exit code 1 where it is refused; where it depends, what it depends on is said, and the code is 0.
import type { Command } from 'commander';
import type { CheckQuery } from '../api-client.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { formatCheck } from '../output/check-lines.ts';
import { paintSeverity } from '../output/colours.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';
import { workloadNamed } from '../workload-name.ts';

interface CheckOptions {
  readonly request?: string;
  readonly header: readonly string[];
  readonly serviceAccount?: string;
  readonly labels?: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('<what...>', 'WORKLOAD URL, or URL alone with --service-account or -l')
    .usage('WORKLOAD URL [options]')
    .option('-X, --request <method>', 'of the request (default GET)')
    .option(
      '-H, --header <line>',
      'a header of the request, `name: value`',
      (line, all: string[]) => [...all, line],
      [],
    )
    .option('--service-account <name>', 'of a workload that does not run yet')
    .option('-l, --labels <labels>', 'and its labels: app=web,version=v1')
    .action((what: readonly string[], options: CheckOptions) => check(cli, what, options));
  command.addHelpText(
    'after',
    '\nURL: http://host/path, https://host, grpc://host, tls://host, tcp://host:port or host:port.',
  );
  addExamples(command, cli, [
    'check echo http://httpbin.org/get',
    'check deploy/payments -n shop https://api.stripe.com -X POST',
    'check echo tcp://db.example.com:5432 -o json',
    'check -n shop --service-account payments -l app=payments https://api.stripe.com',
  ]);
}

async function check(cli: Cli, what: readonly string[], options: CheckOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const body = await cli.api().check(queryOf(cli, what, options));
  if (output === 'table') {
    for (const line of await formatCheck(body)) cli.print(paintSeverity(line));
  } else cli.write(await formatStructured(output, body));
  await captureNote(cli);
  if (body.answer === 'refused') process.exitCode = 1;
}

function queryOf(cli: Cli, what: readonly string[], options: CheckOptions): CheckQuery {
  const { request, header, serviceAccount, labels } = options;
  const { namespace } = cli.options();
  const supposed = serviceAccount !== undefined || labels !== undefined;
  const [first = '', second, ...more] = what;
  if (more.length > 0 || (second === undefined) !== supposed) {
    throw usageError(
      supposed ? 'a workload that runs has its own service account and labels' : 'a workload and a URL are needed',
      `write ${cli.name} check WORKLOAD URL, or URL alone with --service-account or -l`,
    );
  }
  return {
    url: second ?? first,
    namespace,
    ...(second === undefined ? {} : { workload: nameIn(first) }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(labels === undefined ? {} : { labels }),
    ...(request === undefined ? {} : { method: request }),
    ...(header.length === 0 ? {} : { headers: header.join('\n') }),
  };
}

/** A pod may be named too; the mesh knows which of both it is. */
function nameIn(typed: string): string {
  return typed.startsWith('pod/') ? typed.slice('pod/'.length) : workloadNamed(typed);
}
