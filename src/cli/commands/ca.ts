// `ca`: the mesh's certificate authority, what is trusted, and how far a change of the root is. `ca rotate` begins one.
import type { Command } from 'commander';
import type { AuthorityBody } from '../../server/wire.ts';
import type { Cli } from '../cli.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { addExamples, chosenOutput } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  command.action(() => show(cli, () => cli.api().authority()));
  const rotate = command
    .command('rotate')
    .description('replace the root of our own by a new one: trusted by every proxy before anything is signed under it')
    .action(() => show(cli, () => cli.api().rotateAuthority()));
  addExamples(command, cli, ['ca', 'ca -o json', 'ca rotate']);
  addExamples(rotate, cli, ['ca rotate']);
}

async function show(cli: Cli, ask: () => Promise<AuthorityBody>): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const authority = await ask();
  if (output !== 'table') return cli.write(await formatStructured(output, authority));
  const { source, trustDomain, issuer, certificateLifeSeconds, certificates, rotation, problem } = authority;
  cli.print(`authority: ${source}`);
  cli.print(`trust domain: ${trustDomain}`);
  cli.print(`certificates: ${certificates}, each good for ${lifeText(certificateLifeSeconds)}`);
  cli.print(`rotation: ${rotation === undefined ? 'none under way' : rotationText(rotation)}`);
  if (problem !== undefined) cli.print(`problem: ${problem.source}: ${problem.message}; ${problem.hint}`);
  cli.print('');
  const rows = authority.roots.map((root) => [`root, ${root.role}`, ...cells(root)]);
  // A root that signs by itself stands there already.
  const isRoot = authority.roots.some(({ fingerprint }) => fingerprint === issuer.fingerprint);
  if (!isRoot) rows.unshift(['issuer', ...cells(issuer)]);
  for (const line of formatTable(['CERTIFICATE', 'SUBJECT', 'VALID UNTIL', 'SHA-256'], rows)) cli.print(line);
}

function cells({ subject, notAfter, fingerprint }: AuthorityBody['issuer']): readonly string[] {
  return [subject, notAfter, fingerprint.replaceAll(':', '').slice(0, 16).toLowerCase()];
}

function rotationText({ phase, waitingFor, until }: NonNullable<AuthorityBody['rotation']>): string {
  const names = waitingFor.length === 0 ? 'no proxy' : waitingFor.join(', ');
  if (phase === 'trusting') return `proxies are given the new root; waiting for ${names}`;
  return `proxies are given new certificates; waiting for ${names}, until ${until ?? '-'} at the latest`;
}

function lifeText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
