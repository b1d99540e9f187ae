// Who there is: service accounts by namespace, those that workloads prove to be and those that are objects. A pod more of an
// account that is known already changes nothing here.
import { serviceAccountKind } from '../api/kinds/service-account.ts';
import type { KubeObject } from '../api/object.ts';
import { topics } from './topics.ts';
import type { Workload } from './workload-index.ts';

export interface AccountIndex {
  /** Undefined: it is gone. Answers the topics under which something differs now. */
  set(key: string, namespace: string, account: string | undefined): Iterable<string>;
  has(namespace: string, account: string): boolean;
  all(): Iterable<Account>;
}

export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The account that an object tells of; `workload`: what it is as one. */
export function accountOf(object: KubeObject, workload: Workload | undefined): string | undefined {
  return object.kind === serviceAccountKind.kind ? object.metadata.name : workload?.serviceAccount;
}

export function createAccountIndex(): AccountIndex {
  const known = new Map<string, Account>();
  /** By namespace and account, how many tell of it. */
  const counts = new Map<string, Map<string, number>>();

  /** Whether it came or went. */
  function count({ namespace, serviceAccount }: Account, step: 1 | -1): boolean {
    const own = counts.get(namespace) ?? new Map<string, number>();
    const before = own.get(serviceAccount) ?? 0;
    if (before + step === 0) own.delete(serviceAccount);
    else own.set(serviceAccount, before + step);
    if (own.size === 0) counts.delete(namespace);
    else counts.set(namespace, own);
    return before === 0 || before + step === 0;
  }

  return {
    *set(key, namespace, serviceAccount) {
      const before = known.get(key);
      if (before?.serviceAccount === serviceAccount) return;
      const after = serviceAccount === undefined ? undefined : { namespace, serviceAccount };
      if (after === undefined) known.delete(key);
      else known.set(key, after);
      const went = before !== undefined && count(before, -1);
      const came = after !== undefined && count(after, 1);
      if (!went && !came) return;
      yield topics.accounts(namespace);
      yield topics.allAccounts;
    },
    has: (namespace, account) => counts.get(namespace)?.has(account) === true,
    *all() {
      for (const [namespace, own] of counts)
        for (const serviceAccount of own.keys()) yield { namespace, serviceAccount };
    },
  };
}
