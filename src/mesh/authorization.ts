// The AuthorizationPolicies that are for the proxies of a scope, by the side that they are bound to.
import type { AuthorizationPolicy } from './authorization-policy.ts';
import type { HostIndex } from './host-index.ts';
import { selectAuthorizationPolicies } from './select-authorization-policies.ts';
import type { RuleClient } from './select-destination-rule.ts';

export interface Authorization {
  readonly inbound: readonly AuthorizationPolicy[];
  readonly outbound: readonly AuthorizationPolicy[];
  /** Who the workload is; the account is empty where no policy asks for it. */
  readonly self: { readonly namespace: string; readonly serviceAccount: string };
}

/** Undefined: none are for them. Gateways have no outbound side of their own. */
export function authorizationOf(
  policies: HostIndex<AuthorizationPolicy>,
  client: RuleClient & { readonly serviceAccount: string },
  proxy: 'sidecar' | 'router',
): Authorization | undefined {
  const chosen = selectAuthorizationPolicies(policies, client);
  const inbound = chosen.filter(({ boundTo }) => boundTo === 'inbound');
  const outbound = chosen.filter(({ boundTo }) => boundTo === 'outbound' && proxy === 'sidecar');
  if (inbound.length + outbound.length === 0) return undefined;
  const { namespace, serviceAccount } = client;
  return { inbound, outbound, self: { namespace, serviceAccount } };
}
