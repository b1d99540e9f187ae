// Verdicts that were given once are not found again: proxies with one view and one identity have the same, but for who is told of.
// Of a world that does not change.
import type { ProxyIdentity, View } from '../discovery/view.ts';
import type { Attempt } from './attempt.ts';
import type { Verdict, Way } from './verdict.ts';

export interface VerdictMemo {
  of(caller: ProxyIdentity, attempt: Attempt, find: () => Verdict): Verdict;
}

export interface VerdictMemoOptions {
  readonly viewOf: (identity: ProxyIdentity) => View;
  /** Verdicts may hang on the address of the very pod that calls. */
  readonly byAddress: boolean;
}

/** Of proxies that are alike. */
type Shared = Map<string, Verdict | 'personal'>;

interface Known {
  readonly own: Map<string, Verdict>;
  readonly shared: Shared;
}

export function createVerdictMemo({ viewOf, byAddress }: VerdictMemoOptions): VerdictMemo {
  const callers = new WeakMap<ProxyIdentity, Known>();
  const groups = new Map<string, Shared>();

  function knownOf(caller: ProxyIdentity): Known {
    const known = callers.get(caller);
    if (known !== undefined) return known;
    const { serviceAccount, name } = caller;
    const group = `${viewOf(caller).key}\n${serviceAccount}\n${byAddress ? name : ''}`;
    const shared: Shared = groups.get(group) ?? new Map();
    groups.set(group, shared);
    const fresh = { own: new Map<string, Verdict>(), shared };
    callers.set(caller, fresh);
    return fresh;
  }

  return {
    of(caller, attempt, find) {
      const { own, shared } = knownOf(caller);
      const text = attemptText(attempt);
      const known = own.get(text);
      if (known !== undefined) return known;
      const common = shared.get(text);
      const verdict = common === undefined || common === 'personal' ? find() : asToldOf(common, caller.workload);
      own.set(text, verdict);
      // What tells by name who called is nobody else's.
      if (common === undefined)
        shared.set(text, verdict.ways.some((way) => namesCaller(way, caller)) ? 'personal' : verdict);
      return verdict;
    },
  };
}

function attemptText({ protocol, host, port, address = '', method = '', path = '', headers }: Attempt): string {
  const rest = headers === undefined ? '' : JSON.stringify([...headers]);
  return `${protocol} ${host} ${port} ${address} ${method} ${path} ${rest}`;
}

function namesCaller({ end }: Way, { namespace, workload }: ProxyIdentity): boolean {
  return 'reason' in end && end.reason.includes(`${namespace}/${workload}`);
}

function asToldOf(verdict: Verdict, workload: string): Verdict {
  if (verdict.ways.every(({ hops: [first] }) => first === undefined || first.workload === workload)) return verdict;
  const ways = verdict.ways.map(({ hops: [first, ...rest], ...way }) => {
    return { ...way, hops: first === undefined ? [] : [{ ...first, workload }, ...rest] };
  });
  return { ...verdict, ways };
}
