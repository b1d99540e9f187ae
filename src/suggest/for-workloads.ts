// Suggests EgressPolicies: what a workload called, for that workload. As soon as a policy names a host it is closed to all others
// of the namespace, so that a host is suggested for everybody who was seen to call it, or for nobody.
import type { EgressPolicySource } from '../api/kinds/egress-policy.ts';
import { egressPoliciesFor } from './egress-policies.ts';
import type { Findings } from './findings.ts';
import { policySourceOf, type RunningPod } from './policy-sources.ts';
import type { Registered } from './registered.ts';
import type { SuggestOptions } from './suggestion.ts';
import type { Wanted } from './wanted.ts';
import { joinDomains } from './wildcards.ts';

interface Group {
  readonly namespace: string;
  readonly workload: string;
  readonly source: EgressPolicySource;
  readonly wanted: Wanted[];
}

/** Takes names alone. */
export function* suggestPolicies(
  wanted: readonly Wanted[],
  registered: Registered,
  pods: readonly RunningPod[],
  { wildcards, expires }: Pick<SuggestOptions, 'wildcards' | 'expires'>,
  findings: Findings,
): Generator<void> {
  const sourceOf = sourcesOf(pods);
  const obstacles = obstaclesOf(wanted, registered, sourceOf);
  const groups = new Map<string, Group>();
  for (const one of wanted) {
    yield;
    const { namespace, host } = one;
    const obstacle = obstacles(namespace, host);
    if (obstacle !== undefined) {
      findings.leaveOut(one, obstacle);
      continue;
    }
    for (const [workload, calls] of one.callers) {
      const found = sourceOf(namespace, workload);
      if ('reason' in found) continue;
      const key = `${namespace}/${workload}`;
      const group = groups.get(key) ?? { namespace, workload, source: found.source, wanted: [] };
      group.wanted.push({ ...one, callers: new Map([[workload, calls]]) });
      groups.set(key, group);
    }
  }
  for (const { namespace, workload, source, wanted: all } of groups.values()) {
    const isFree = (_: string, wildcard: string) => registered.policyObstacle(namespace, wildcard) === undefined;
    for (const ofPort of byPort(wildcards ? joinDomains(all, isFree) : all)) {
      yield;
      const [first] = ofPort;
      if (first === undefined) continue;
      const { port, protocol } = first;
      const hosts = ofPort.map(({ host }) => host);
      const request = { namespace, workload, source, port, protocol, hosts, expires };
      const stored = (name: string) => findings.stored('EgressPolicy', namespace, name);
      for (const { suggested, added } of egressPoliciesFor(request, stored)) {
        const names = new Set(added);
        findings.suggest(
          suggested,
          ofPort.filter(({ host }) => names.has(host)),
        );
      }
    }
  }
}

type Found = ReturnType<typeof policySourceOf>;

function sourcesOf(pods: readonly RunningPod[]): (namespace: string, workload: string) => Found {
  const byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  const known = new Map<string, Found>();
  return (namespace, workload) => {
    const key = `${namespace}/${workload}`;
    const found = known.get(key) ?? policySourceOf(workload, byNamespace.get(namespace) ?? []);
    known.set(key, found);
    return found;
  };
}

/** Of a host of a namespace, whatever the port. */
function obstaclesOf(
  wanted: readonly Wanted[],
  registered: Registered,
  sourceOf: (namespace: string, workload: string) => Found,
): (namespace: string, host: string) => string | undefined {
  const unknown = new Map<string, string>();
  for (const { namespace, host, callers } of wanted) {
    for (const workload of callers.keys()) {
      const found = sourceOf(namespace, workload);
      if ('reason' in found) unknown.set(`${namespace} ${host}`, found.reason);
    }
  }
  return (namespace, host) => registered.policyObstacle(namespace, host) ?? unknown.get(`${namespace} ${host}`);
}

function byPort(wanted: readonly Wanted[]): Iterable<readonly Wanted[]> {
  return Map.groupBy(wanted, ({ port, protocol }) => `${protocol} ${port}`).values();
}
