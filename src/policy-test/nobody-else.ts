// Who else might call what a test lets one workload: the other workloads, and two that are not there yet, one in the same namespace
// and one in a namespace of its own, with what a pod has where nobody says more. Whom another test lets the same is not asked.
import type { EgressTest } from '../api/kinds/egress-test.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { World } from '../verdict/world.ts';
import { callOf, covers, nobodys } from './call.ts';
import { isMeant, nameOf, supposed } from './caller.ts';

export interface Other {
  readonly caller: ProxyIdentity;
  /** For people. */
  readonly who: string;
  /** Some other test says that it may. */
  isLet(attempt: Attempt): boolean;
}

export function othersThan(test: EgressTest, tests: readonly EgressTest[], { proxies }: World): readonly Other[] {
  const { namespace = 'default' } = test.metadata;
  const there = new Map(
    proxies
      .filter((proxy) => proxy.type === 'sidecar' && !isMeant(test, proxy))
      .map((proxy) => [nameOf(proxy), proxy] as const),
  );
  const strangers = [
    { who: `a stranger in ${namespace}`, namespace },
    { who: 'a stranger in another namespace', namespace: nobodys },
  ].map((one) => ({ who: one.who, caller: supposed({ namespace: one.namespace, workload: nobodys, labels: {} }) }));
  return [...[...there].map(([who, caller]) => ({ who, caller })), ...strangers]
    .filter(({ caller }) => !isMeant(test, caller))
    .map(({ who, caller }) => {
      const calls = tests
        .filter((one) => isMeant(one, caller))
        .flatMap(({ spec }) => (spec.mayReach ?? []).flatMap((call) => callOf(call) ?? []));
      return { caller, who, isLet: (attempt) => calls.some((call) => covers(call, attempt)) };
    });
}
