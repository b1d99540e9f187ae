// Would this leave? For a workload that runs, in the mesh as it is; for one that does not, as if it ran. Where the answer is not
// yes, the smallest change that would make it so is looked for in another thread.
import type { ProxyIdentity } from '../discovery/view.ts';
import { SallyportError } from '../platform/errors.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { World } from '../verdict/world.ts';
import type { MendAnswer } from './mend.ts';

/** A workload that runs, or what one would be. */
export type Who =
  | { readonly namespace: string; readonly workload: string }
  | {
      readonly namespace: string;
      readonly serviceAccount: string;
      readonly labels: Readonly<Record<string, string>>;
    };

export interface CheckAnswer extends MendAnswer {
  readonly caller: ProxyIdentity;
}

export interface Check {
  /** Rejects with SallyportError `SP_NOT_FOUND` where there is no such workload. */
  check(who: Who, attempt: Attempt, signal: AbortSignal): Promise<CheckAnswer>;
}

export interface CheckOptions {
  /** As the mesh is. */
  readonly world: () => World;
  readonly mend: (caller: ProxyIdentity, attempt: Attempt, signal: AbortSignal) => Promise<MendAnswer>;
}

export function createCheck({ world, mend }: CheckOptions): Check {
  return {
    async check(who, attempt, signal) {
      if (!('workload' in who)) {
        const caller = supposed(who);
        return { caller, ...(await mend(caller, attempt, signal)) };
      }
      const now = world();
      const caller = findCaller(now.proxies, who);
      const verdict = now.verdictOf(caller, attempt);
      if (verdict.answer === 'allowed') return { caller, verdict };
      const { change } = await mend(caller, attempt, signal);
      return { caller, verdict, ...(change === undefined ? {} : { change }) };
    },
  };
}

function findCaller(
  proxies: readonly ProxyIdentity[],
  { namespace, workload }: { readonly namespace: string; readonly workload: string },
): ProxyIdentity {
  const here = proxies.filter((proxy) => proxy.namespace === namespace);
  const found = here.find(({ name }) => name === workload) ?? here.find((proxy) => proxy.workload === workload);
  if (found !== undefined) return found;
  const names = [...new Set(here.map((proxy) => proxy.workload))].sort().slice(0, 8).join(', ');
  const hint = names === '' ? 'none runs there; --service-account and -l say what one would be' : `there are ${names}`;
  throw new SallyportError('SP_NOT_FOUND', `no workload '${workload}' in namespace '${namespace}'`, { hint });
}

function supposed({ namespace, serviceAccount, labels }: Exclude<Who, { readonly workload: string }>): ProxyIdentity {
  const name = 'supposed';
  const nodeId = `sidecar~0.0.0.0~${name}.${namespace}~${namespace}.svc.cluster.local`;
  return { namespace, name, workload: name, serviceAccount, labels, type: 'sidecar', nodeId };
}
