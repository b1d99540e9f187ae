// EgressPolicies for one workload: one for each port, since all hosts of a policy have all of its ports. Invariant: a policy that
// is there under its name gets more hosts where it says the same of the same workload, and else is left as it is.
import { isDeepStrictEqual } from 'node:util';
import type { EgressPolicySource } from '../api/kinds/egress-policy.ts';
import type { KubeObject } from '../api/object.ts';
import { timeInName } from './object-names.ts';
import type { SuggestedObject, SuggestedProtocol } from './suggestion.ts';

export interface PolicyRequest {
  readonly namespace: string;
  readonly workload: string;
  readonly source: EgressPolicySource;
  readonly port: number;
  readonly protocol: SuggestedProtocol;
  /** In order. */
  readonly hosts: readonly string[];
  readonly expires: string | undefined;
}

/** The schema takes no more. */
const mostHosts = 256;

export interface SuggestedPolicy {
  readonly suggested: SuggestedObject;
  /** Of the request, those that this one has. */
  readonly added: readonly string[];
}

/** Each host is in one of them. `stored`: the EgressPolicy of this name in the namespace. */
export function* egressPoliciesFor(
  request: PolicyRequest,
  stored: (name: string) => KubeObject | undefined,
): Iterable<SuggestedPolicy> {
  let left = request.hosts;
  for (const name of namesFor(request)) {
    if (left.length === 0) return;
    const existing = stored(name);
    const before = existing === undefined ? [] : hostsOfSame(existing, request);
    if (before === undefined || before.length >= mostHosts) continue;
    const added = left.slice(0, mostHosts - before.length);
    left = left.slice(added.length);
    const object = policy(name, request, [...before, ...added], existing);
    yield { suggested: existing === undefined ? { object } : { object, existing }, added };
  }
}

function* namesFor({ workload, port, protocol, expires }: PolicyRequest): Iterable<string> {
  const base = `${workload}-${protocol.toLowerCase()}-${port}`;
  const name = expires === undefined ? base : `${base}-until-${timeInName(expires)}`;
  yield name;
  for (let number = 2; ; number += 1) yield `${name}-${number}`;
}

/** Undefined: it says something else. */
function hostsOfSame({ spec }: KubeObject, request: PolicyRequest): readonly string[] | undefined {
  if (typeof spec !== 'object' || spec === null || !('hosts' in spec)) return undefined;
  const { hosts, ...rest } = spec;
  if (!isDeepStrictEqual(rest, fixedSpec(request)) || !Array.isArray(hosts)) return undefined;
  return hosts.filter((host) => typeof host === 'string');
}

function fixedSpec({ source, port, protocol, expires }: PolicyRequest) {
  return {
    from: [source],
    ports: [{ number: port, protocol }],
    ...(expires === undefined ? {} : { expires }),
  };
}

function policy(
  name: string,
  request: PolicyRequest,
  hosts: readonly string[],
  existing: KubeObject | undefined,
): KubeObject {
  const { namespace } = request;
  const { labels, annotations } = existing?.metadata ?? {};
  const { from, ...rest } = fixedSpec(request);
  return {
    apiVersion: 'egress.sallyport.dev/v1alpha1',
    kind: 'EgressPolicy',
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: { from, hosts, ...rest },
  };
}
