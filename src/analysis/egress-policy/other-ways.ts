// One host and port in several policies that send it different ways: who is let out adds up, the way out is that of one of them.
// Told of the others.
import { isDeepStrictEqual } from 'node:util';
import { warning } from '../../api/finding.ts';
import type { EgressPolicy as ApiPolicy } from '../../api/kinds/egress-policy.ts';
import { type EgressPolicy, egressPolicyOrigin } from '../../mesh/egress-policy/egress-policy.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hostsOf, portAt } from './policy-hosts.ts';

export function* findOtherWays(object: ApiPolicy, around: Surroundings): Iterable<CrossFinding> {
  for (const { host, index, policy } of hostsOf(object, around)) {
    if (policy === undefined) continue;
    for (const other of around.egressPolicies(host)) {
      const name = egressPolicyOrigin(other);
      for (const number of policy.ports.keys()) {
        if (other === policy || portAt(around, policy.namespace, host, number)?.holder.madeBy !== name) continue;
        const difference = differenceOf(wayOf(policy, host, number, around), wayOf(other, host, number, around));
        if (difference === undefined) continue;
        const message = `port ${number} of ${host} leaves as ${name} says, which comes first and has another ${difference}`;
        const hint = 'say the same in both, or who in one of them and nothing else in the other';
        yield about(warning('SP1575', ['spec', 'hosts', index], message, hint), name);
        break;
      }
    }
  }
}

function wayOf(policy: EgressPolicy, host: string, number: number, around: Surroundings) {
  const name = egressPolicyOrigin(policy);
  const rule = around.destinationRules(host).find((one) => one.host === host && one.madeBy === name);
  return { gateway: policy.gateway, TLS: rule?.ports.get(number)?.tls, protocol: policy.ports.get(number) };
}

type Way = ReturnType<typeof wayOf>;

function differenceOf(a: Way, b: Way): keyof Way | undefined {
  return (['gateway', 'TLS', 'protocol'] as const).find((field) => !isDeepStrictEqual(a[field], b[field]));
}
