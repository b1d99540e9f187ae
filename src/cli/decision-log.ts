// `logs --decisions`: what was stopped or left unregistered, of a workload, of a selection or of the whole mesh. Followed
// over restarts of the control plane: it reads on behind the last decision it has, so none is lost and none comes twice.
import { SallyportError } from '../platform/errors.ts';
import { parseDuration } from '../server/duration.ts';
import type { DecisionBody, DecisionsBody } from '../server/wire.ts';
import { bodyChecks } from './body-checks.ts';
import { captureNote } from './capture-note.ts';
import type { Cli } from './cli.ts';
import { chooseDecisions, type DecisionChoice } from './decision-choice.ts';
import { lastingEvents } from './lasting-events.ts';
import { paintTraffic } from './output/colours.ts';
import { createDecisionLines } from './output/decision-lines.ts';
import { chosenOutput, usageError } from './usage.ts';

export interface DecisionLogOptions {
  /** NAME, deploy/NAME or pod/NAME. */
  readonly workload?: string;
  readonly selector?: string;
  /** A duration. */
  readonly since?: string;
  /** The newest so many; all if absent. */
  readonly tail?: number;
  readonly follow: boolean;
}

/** As many as the control plane tells at once. */
const pageSize = 10_000;

export async function printDecisions(cli: Cli, options: DecisionLogOptions): Promise<void> {
  const { workload, selector, since, follow } = options;
  const output = chosenOutput(cli, ['table', 'wide', 'json']);
  if (since !== undefined && parseDuration(since) === undefined) {
    throw usageError(`'${since}' is no duration`, 'write for example --since 30s, 5m, 2h or 7d');
  }
  const choice = await chooseDecisions(cli, workload, selector);
  if (choice === undefined) return cli.warn(`No resources found in ${cli.options().namespace} namespace.`);
  await captureNote(cli);
  const lines = createDecisionLines(output === 'wide', paintTraffic);
  const linesOf = (decisions: readonly DecisionBody[]) =>
    output === 'json' ? decisions.map((one) => JSON.stringify(one)) : lines.format(decisions);
  let at = 0;
  for await (const { decisions, lastId } of keptDecisions(cli, choice, options)) {
    await print(cli, linesOf(decisions));
    at = lastId;
  }
  if (!follow) return;
  for await (const { decisions } of comingDecisions(cli, choice, at)) await print(cli, linesOf(decisions));
}

async function print(cli: Cli, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await cli.writeBytes(Buffer.from(`${lines.join('\n')}\n`));
}

/** What there is, oldest first; the last part says where to go on. */
async function* keptDecisions(
  cli: Cli,
  { query, isMeant }: DecisionChoice,
  { since, tail }: Pick<DecisionLogOptions, 'since' | 'tail'>,
): AsyncGenerator<DecisionsBody, void, undefined> {
  const all = { ...query, ...(since === undefined ? {} : { since }) };
  const chosen = (decisions: readonly DecisionBody[]) =>
    isMeant === undefined ? decisions : decisions.filter(isMeant);
  if (tail !== undefined) {
    const limit = isMeant === undefined ? Math.min(pageSize, Math.max(1, tail)) : pageSize;
    const { decisions, lastId } = await cli.api().decisions({ ...all, limit });
    const meant = chosen(decisions);
    yield { decisions: meant.slice(Math.max(0, meant.length - tail)), lastId };
    return;
  }
  let at = 0;
  for (let more = true; more; ) {
    const { decisions, lastId } = await cli.api().decisions({ ...all, afterId: at, limit: pageSize });
    more = decisions.length === pageSize;
    at = more ? (decisions.at(-1)?.id ?? lastId) : lastId;
    yield { decisions: chosen(decisions), lastId: at };
  }
}

/** What comes behind an id, until Ctrl-C. */
async function* comingDecisions(
  cli: Cli,
  { query, isMeant = () => true }: DecisionChoice,
  behind: number,
): AsyncGenerator<DecisionsBody, void, undefined> {
  let at = behind;
  const open = () => cli.api().events('decisions', { ...query, afterId: at });
  const onAway = () => cli.warn('the control plane does not answer; waiting for it');
  for await (const { event, data } of lastingEvents(open, onAway, cli.signal)) {
    if (event === 'dropped' && bodyChecks.dropped(data)) {
      cli.warn(`warning: ${data.messages} decisions are no longer kept and are missing here`);
    } else if (event === 'decisions') {
      if (!bodyChecks.decisions(data)) throw otherVersion();
      at = data.lastId;
      yield { decisions: data.decisions.filter(isMeant), lastId: at };
    }
  }
}

function otherVersion(): SallyportError {
  return new SallyportError('SP_OTHER_VERSION', 'the mesh sends events of a form this version does not know');
}
