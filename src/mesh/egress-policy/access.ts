// What the EgressPolicies of a host leave to a workload: everything, some requests, or nothing. A host is governed as soon as
// one of its policies reports or enforces; it is then open to those alone whom any of its policies allows it.
// Invariant: a policy that chooses nobody, has expired or cannot be understood allows nobody anything; it only ever takes away.
import { isUnder, wildcardsAbove } from '../../api/host-name.ts';
import type { HostIndex } from '../host-index.ts';
import { compareOrigin } from '../origin.ts';
import type { LabelSelector } from '../selector.ts';
import type { EgressPolicy, PolicyMode, PolicyRequests, PolicySource } from './egress-policy.ts';

/** The workload that asks. */
export interface PolicyClient {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Whether its labels match. */
  matches(selector: LabelSelector): boolean;
}

export interface Access {
  /** Of the strictest policy: what becomes of a request that is not allowed. */
  readonly mode: Exclude<PolicyMode, 'open'>;
  /** `everything`, or the requests that are allowed; none of them: nothing is. */
  readonly allowed: 'everything' | readonly AllowedRequests[];
  /** The policies that govern the host, oldest first. */
  readonly governing: readonly EgressPolicy[];
}

export interface AllowedRequests {
  readonly policy: EgressPolicy;
  readonly requests: PolicyRequests;
}

/** Those that may speak of the host: they name it, or a wildcard above it. */
export function policiesOf(policies: HostIndex<EgressPolicy>, host: string): readonly EgressPolicy[] {
  return [...new Set([host, ...wildcardsAbove(host)].flatMap((name) => policies.get(name)))];
}

/** Undefined: nothing governs the host there. `policies`: of the whole mesh, or those that may speak of the host. */
export function accessOf(
  policies: readonly EgressPolicy[],
  client: PolicyClient,
  host: string,
  port: number,
): Access | undefined {
  const speaking = policies
    .filter((policy) => isFor(policy, client.namespace) && policy.hosts.some((one) => isUnder(host, one)))
    .sort(compareOrigin);
  const governing = speaking.filter(({ mode }) => mode !== 'open');
  if (governing.length === 0) return undefined;
  const mode = governing.some((policy) => policy.mode === 'enforce') ? 'enforce' : 'report';
  const allowing = speaking.filter((policy) => !policy.expired && policy.ports.has(port) && chooses(policy, client));
  const everything = allowing.some(({ requests }) => requests === undefined);
  const limited = allowing.flatMap((policy) =>
    policy.requests === undefined ? [] : [{ policy, requests: policy.requests }],
  );
  return { mode, allowed: everything ? 'everything' : limited, governing };
}

/** Whether workloads of the namespace are any business of the policy. */
export function isFor({ meshWide, namespace }: EgressPolicy, client: string): boolean {
  return meshWide || namespace === client;
}

export function chooses(policy: EgressPolicy, client: PolicyClient): boolean {
  const { sources } = policy;
  return isFor(policy, client.namespace) && (sources === undefined || sources.some((one) => isSource(one, client)));
}

function isSource({ selector, serviceAccounts, namespaces }: PolicySource, client: PolicyClient): boolean {
  if (selector === undefined && serviceAccounts === undefined && namespaces === undefined) return false;
  if (selector !== undefined && (selector.size === 0 || !client.matches(selector))) return false;
  if (serviceAccounts !== undefined && !serviceAccounts.includes(client.serviceAccount)) return false;
  return namespaces === undefined || namespaces.includes(client.namespace);
}
