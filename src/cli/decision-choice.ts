// Whose decisions `logs --decisions` means. Decisions outlive their workload: a name that nothing runs under any more is
// good as long as there are some of it.
import type { DecisionBody } from '../server/wire.ts';
import type { DecisionsQuery } from './api-client.ts';
import type { Cli } from './cli.ts';
import { usageError } from './usage.ts';
import { matchWorkload, noWorkload, workloadNamed } from './workload-name.ts';

export interface DecisionChoice {
  readonly query: Pick<DecisionsQuery, 'namespace' | 'workload'>;
  /** What of the answer is meant, where the control plane cannot choose it. */
  readonly isMeant?: (decision: DecisionBody) => boolean;
}

/** Of the whole mesh without a name and a selector. Undefined where a selector finds nothing. */
export async function chooseDecisions(
  cli: Cli,
  name: string | undefined,
  selector: string | undefined,
): Promise<DecisionChoice | undefined> {
  if (selector !== undefined) {
    if (name !== undefined) throw usageError('a name and -l exclude each other');
    return ofSelection(cli, selector);
  }
  if (name !== undefined) return ofWorkload(cli, name);
  const { namespace, namespaceGiven } = cli.options();
  return { query: namespaceGiven ? { namespace } : {} };
}

async function ofSelection(cli: Cli, labelSelector: string): Promise<DecisionChoice | undefined> {
  const { namespace } = cli.options();
  const { pods } = await cli.api().pods({ namespace, labelSelector });
  const workloads = new Set(pods.map(({ workload }) => workload));
  return workloads.size === 0
    ? undefined
    : { query: { namespace }, isMeant: ({ source }) => workloads.has(source.workload) };
}

async function ofWorkload(cli: Cli, typed: string): Promise<DecisionChoice> {
  const { namespace: here } = cli.options();
  const { pods } = await cli.api().pods({});
  const [first, ...others] = matchWorkload(pods, here, typed);
  if (first === undefined) return ofGone(cli, typed, () => noWorkload('workload', typed, here, pods));
  const { namespace, workload, name: pod } = first;
  const query = { namespace, workload };
  const isPod = others.length === 0 && pod !== workload && typed.endsWith(pod);
  return isPod ? { query, isMeant: ({ source }) => source.pod === pod } : { query };
}

async function ofGone(cli: Cli, typed: string, unknown: () => Error): Promise<DecisionChoice> {
  const { namespace } = cli.options();
  const query = { namespace, workload: workloadNamed(typed) };
  const { decisions } = await cli.api().decisions({ ...query, limit: 1 });
  if (decisions.length === 0) throw unknown();
  return { query };
}
