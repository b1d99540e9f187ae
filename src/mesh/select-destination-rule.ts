// Which DestinationRule holds for a host at the proxies of a namespace (istio-semantics 4.1): looked for in the client's
// namespace, then the service's, then the root's; the first of them with any match decides, by its most specific host.

import { wildcardsAbove } from '../api/host-name.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import type { DestinationRule } from './destination-rule.ts';
import type { HostIndex } from './host-index.ts';
import { compareOrigin } from './origin.ts';
import type { LabelSelector } from './selector.ts';
import { emptyTrafficPolicy } from './traffic-policy.ts';
import { isVisible, sameVisibility } from './visibility.ts';

export interface RuleClient {
  readonly namespace: string;
  /** Whether the client's labels match. */
  matches(selector: LabelSelector): boolean;
}

export function selectDestinationRule(
  rules: HostIndex<DestinationRule>,
  host: string,
  serviceNamespace: string | undefined,
  client: RuleClient,
): DestinationRule | undefined {
  const candidates = [host, ...wildcardsAbove(host), '*']
    .map((name) => rules.get(name))
    .filter(({ length }) => length > 0);
  if (candidates.length === 0) return undefined;
  const own = client.namespace === rootNamespace ? isPrivate : () => true;
  return (
    mostSpecific(candidates, client, (rule) => rule.namespace === client.namespace && own(rule)) ??
    mostSpecific(candidates, client, (rule) => rule.namespace === serviceNamespace) ??
    mostSpecific(candidates, client, (rule) => rule.namespace === rootNamespace)
  );
}

function isPrivate({ visibility }: DestinationRule): boolean {
  return !visibility.public;
}

function mostSpecific(
  candidates: readonly (readonly DestinationRule[])[],
  client: RuleClient,
  inNamespace: (rule: DestinationRule) => boolean,
): DestinationRule | undefined {
  for (const sameHost of candidates) {
    const fitting = sameHost.filter((rule) => inNamespace(rule) && holdsFor(rule, client));
    if (fitting.length > 0) return merged(sameHost, fitting);
  }
  return undefined;
}

function holdsFor({ namespace, visibility, workloadSelector }: DestinationRule, client: RuleClient): boolean {
  if (workloadSelector !== undefined) return namespace === client.namespace && client.matches(workloadSelector);
  return namespace === client.namespace || isVisible(visibility, client.namespace);
}

/** What was merged before is the same object again, by the claims it came from. */
const known = new WeakMap<readonly DestinationRule[], Map<string, DestinationRule>>();

/**
 * A rule for selected workloads stands alone; of others the oldest, with the subsets of those exported alike, and with the
 * policy of the first that has one.
 */
function merged(claims: readonly DestinationRule[], fitting: readonly DestinationRule[]): DestinationRule | undefined {
  const sorted = fitting.toSorted(compareOrigin);
  const [first, ...others] = sorted;
  const selected = sorted.find(({ workloadSelector }) => workloadSelector !== undefined);
  if (selected !== undefined || first === undefined || others.length === 0) return selected ?? first;
  const key = sorted.map(({ name }) => name).join('\n');
  const cache = known.get(claims) ?? new Map<string, DestinationRule>();
  const found = cache.get(key) ?? others.reduce(withSubsets, first);
  known.set(claims, cache.set(key, found));
  return found;
}

function withSubsets(rule: DestinationRule, other: DestinationRule): DestinationRule {
  if (!sameVisibility(rule.visibility, other.visibility)) return rule;
  const names = new Set(rule.subsets.map(({ name }) => name));
  const added = other.subsets.filter(({ name }) => !names.has(name));
  const policed = rule.policy === emptyTrafficPolicy && other.policy !== emptyTrafficPolicy;
  if (added.length === 0 && !policed) return rule;
  const { policy, ports, trustOriginalDestination } = policed ? other : rule;
  return { ...rule, policy, ports, trustOriginalDestination, subsets: [...rule.subsets, ...added] };
}
