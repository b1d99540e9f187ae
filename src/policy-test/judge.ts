// One call held against what is expected of it. Where it hangs on what the test does not say, all ways must end as expected.
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { Hop, Way as VerdictWay } from '../verdict/verdict.ts';
import type { World } from '../verdict/world.ts';
import type { Way } from './call.ts';
import { gatewaysOf, outcomeOf, reaches } from './outcome.ts';
import type { Failure } from './result.ts';

export interface Judged {
  readonly world: World;
  readonly caller: ProxyIdentity;
  readonly attempt: Attempt;
  /** For people: who calls, and what. */
  readonly who: string;
  readonly call: string;
}

/** Undefined: it reaches whom it is for, by that way. */
export function failsToReach({ world, caller, attempt, who, call }: Judged, way: Way): Failure | undefined {
  for (const found of world.verdictOf(caller, attempt).ways) {
    const told = { caller: who, call, ...outcomeOf(found) };
    if (reaches(found.end) !== true) return told;
    const other = otherWay(found, way, caller.namespace);
    if (other !== undefined) return { ...told, reason: other };
  }
  return undefined;
}

/** Undefined: it is stopped. */
export function getsOut({ world, caller, attempt, who, call }: Judged): Failure | undefined {
  const { ways } = world.verdictOf(caller, attempt);
  const found = ways.find(({ end }) => reaches(end) === true) ?? ways.find(({ end }) => reaches(end) === undefined);
  return found === undefined ? undefined : { caller: who, call, ...outcomeOf(found) };
}

/** Why it is not the way that is asked for. */
function otherWay({ hops, end }: VerdictWay, { through, tls }: Way, namespace: string): string | undefined {
  if (through !== undefined && !hops.some((hop) => isGateway(hop, through, namespace))) {
    return `it is to go through ${through} and goes ${gatewaysOf(hops).trim() || 'from the sidecar'}`;
  }
  if (tls === undefined || (end.kind !== 'external' && end.kind !== 'service')) return undefined;
  if (tls === 'originated' && end.tls !== 'originated')
    return 'TLS is to be originated, and its bytes leave as they were sent';
  if (tls === 'as-sent' && end.tls === 'originated')
    return 'its bytes are to leave as they were sent, and TLS is originated';
  return undefined;
}

function isGateway(hop: Hop, through: string, namespace: string): boolean {
  const [first = '', second] = through.split('/');
  const wanted = second === undefined ? `${namespace}/${first}` : through;
  return hop.kind === 'gateway' && `${hop.namespace}/${hop.workload}` === wanted;
}
